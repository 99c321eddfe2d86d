"""What the core asks of the world. Adapters keep these promises; tests/contract checks them.

Instants are aware and in UTC. Losing a race is a return value. Every method may raise StoreError
(StoreBusy, StoreFull) where a store is behind it, and then nothing of that call is known to have happened.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tickline.functions.model import Function, FunctionChange
from tickline.model import (
    Call,
    Definition,
    Doorbell,
    Entry,
    JobState,
    Result,
    Run,
    RunState,
)

RunKey = tuple[str, str]
"""(job_id, slot)"""

Place = tuple[datetime, str, str]
"""(due, job_id, slot): where a run stands in a listing."""


class Clock(Protocol):
    """The time, and waiting for it."""

    def now(self) -> datetime:
        """Return the present instant."""

    def wait_until(self, instant: datetime) -> None:
        """Return at `instant`, or at once if it has passed; never earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the start of a tracked run asks of its job's state, all or nothing with the run's own write.

    `max_runs`: add the run to `started`, refused when that has reached this number; None: not counted.
    `exclusive`: become the job's active run, refused while there is another.
    """

    max_runs: int | None = None
    exclusive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """How a conditional write ended. When lost, `current` is the record that stood in the way, if any.

    `blocked` is the job's state when that, not the run's record, refused a start.
    """

    won: bool
    current: Run | None = None
    blocked: JobState | None = None


class Store(Protocol):
    """Jobs, timeline and runs. Reads see every write that returned before them."""

    # jobs: written by people, read by all

    def job(self, job_id: str) -> Definition | None:
        """Return the stored definition."""

    def jobs(self, job_ids: Iterable[str]) -> dict[str, Definition]:
        """Return the definitions that exist, by job_id."""

    def list_jobs(self, *, after: str = "", limit: int = 100) -> list[Definition]:
        """Return definitions in order of job_id, those behind `after`."""

    def some_jobs(self, *, after: str = "", limit: int = 100) -> list[Definition]:
        """Return definitions in the store's own order, those behind `after`: costs what it returns."""

    def put_job(self, definition: Definition, *, revision: int | None) -> bool:
        """Write the definition if the stored one has `revision` (None: if there is none); say whether.

        The stored definition gets the revision of `definition`.
        """

    def delete_job(self, job_id: str, *, revision: int | None = None) -> bool:
        """Remove the definition (when given, only at that revision); say whether. Runs are kept."""

    # timeline

    def due(self, until: datetime, *, limit: int, after: Entry | None = None) -> list[Entry]:
        """Return entries due at or before `until`, earliest first; `after`: those behind that one."""

    def next_due(self, after: datetime) -> datetime | None:
        """Return the earliest instant later than `after` that has an entry."""

    def put_entries(self, entries: Sequence[Entry]) -> None:
        """Write entries, unconditionally; writing one twice is the same as once."""

    def remove_entries(self, entries: Sequence[Entry]) -> None:
        """Remove entries; one that is not there is no error."""

    def absent_entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return those of `entries` that are not in the timeline."""

    # runs

    def run(self, job_id: str, slot: str) -> Run | None:
        """Return the run's record."""

    def runs(self, keys: Iterable[RunKey]) -> dict[RunKey, Run]:
        """Return the records that exist, by (job_id, slot)."""

    def list_runs(
        self,
        job_id: str | None = None,
        *,
        before: Place | None = None,
        states: frozenset[RunState] = frozenset(),
        limit: int = 100,
    ) -> list[Run]:
        """Return runs, the latest due first: of one job or of all, of some states or of any.

        `before`: only those that come behind this place in that order.
        """

    def write_run(
        self,
        run: Run,
        *,
        replaces: Run | None,
        claim: Claim | None = None,
        release: bool = False,
    ) -> Write:
        """Write the record if the stored one has the state, attempt and owner of `replaces`, and say so.

        `replaces=None`: if there is no record. `claim` is decided with the write, both or neither.
        `release` ends the job's active run, if it is this one.
        """

    def states(self, job_ids: Iterable[str]) -> dict[str, JobState]:
        """Return the state of the jobs that have one."""

    def reset_state(self, job_id: str) -> None:
        """Forget the job's state, as for a job that never ran."""


class Dispatcher(Protocol):
    """Carries doorbells to invoke. May lose, double, delay and reorder them."""

    def ring(self, doorbells: Sequence[Doorbell]) -> None:
        """Send doorbells. One that could not be sent is logged, not raised: its entry stays due."""


class Target(Protocol):
    """A kind of thing that can be called."""

    def call(self, call: Call) -> Result:
        """Call once, never twice, and say how it ended. Raises nothing but BaseException."""


class Targets(Protocol):
    """All kinds of targets, by the scheme of their address."""

    def call(self, call: Call) -> Result:
        """Call the target that `call.target` names; what is not enabled or not allowed fails for good."""


class Functions(Protocol):
    """The functions that this deployment made; names are without the prefix. No other is seen or touched.

    Every method may raise FunctionsError. Those that take a name raise FunctionNotFound when there is no such
    function of this deployment, and InvalidRequest for what AWS does not accept.
    """

    def create(self, name: str, change: FunctionChange) -> Function:
        """Make a function of a change that is complete; return it when it can be called.

        Raises FunctionExists if there is one of this name.
        """

    def update(self, name: str, change: FunctionChange) -> Function:
        """Change code, settings or both; return the function when it can be called again."""

    def delete(self, name: str) -> None:
        """Remove the function."""

    def get(self, name: str) -> Function:
        """Return the function as it stands."""

    def list(self) -> list[Function]:
        """Return all functions of this deployment, by name."""
