"""The values of the domain: jobs, runs, timeline entries, doorbells.

Instants are aware and in UTC. Enum values are the stored and printed words.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

Json = Any
"""What `json.loads` returns: None, bool, int, float, str, list or dict."""

MAX_TIMEOUT = timedelta(seconds=840)
"""The longest call to a target: Lambda's 15 minutes, less one for start, record and clean-up."""


class CatchUp(StrEnum):
    """What becomes of slots that nobody started in time."""

    SKIP = "skip"
    LATEST = "latest"
    ALL = "all"


class Overlap(StrEnum):
    """What becomes of a slot while an earlier run of the same job is open."""

    ALLOW = "allow"
    SKIP = "skip"
    QUEUE = "queue"


class Delivery(StrEnum):
    """Which promise a run is given when its worker dies: start again, or never start twice."""

    AT_LEAST_ONCE = "at_least_once"
    AT_MOST_ONCE = "at_most_once"


class OnComplete(StrEnum):
    """What becomes of a job's definition after its last run."""

    KEEP = "keep"
    DELETE = "delete"


class RetryOn(StrEnum):
    """Failures that are worth another attempt."""

    TRANSPORT = "transport"
    FUNCTION = "function"


class Failure(StrEnum):
    """Why a call did not succeed, as far as it decides what happens next."""

    NOT_STARTED = "not_started"  # the target certainly did not run; another try may work
    PERMANENT = "permanent"  # the target did not run, and another try cannot work
    FUNCTION = "function"  # the target ran and failed, or ran out of time
    UNKNOWN = "unknown"  # the target may or may not have run


class RunState(StrEnum):
    """Where a run stands. The last three are final."""

    READY = "ready"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    DEAD = "dead"
    SKIPPED = "skipped"

    @property
    def final(self) -> bool:
        """True when nothing will happen to the run any more."""
        return self in (RunState.SUCCEEDED, RunState.DEAD, RunState.SKIPPED)


class Cause(StrEnum):
    """Why a slot was skipped. The run's `reason` says the same as a sentence."""

    MISSED = "missed"  # nobody started it in time, and catch_up lets it go
    WINDOW = "window"  # older than catch_up_window
    CAP = "cap"  # more late slots than one catch-up may run
    PAUSED = "paused"
    DELETED = "deleted"
    INVALID = "invalid"  # the definition cannot be read
    EDITED = "edited"  # no longer a slot of the schedule
    OVERLAP = "overlap"
    MAX_RUNS = "max_runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """When a failed attempt is followed by another. Delays grow as backoff * 2^(n-1), full jitter."""

    max_attempts: int = 3
    backoff: timedelta = timedelta(seconds=60)
    max_backoff: timedelta = timedelta(hours=1)
    max_age: timedelta = timedelta(hours=24)
    retry_on: frozenset[RetryOn] = frozenset(RetryOn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One definition, checked. The fields are those of the job document (docs/jobs.md)."""

    job_id: str
    schedule: str
    target: str
    zone: str = "UTC"
    payload: Json = None
    description: str = ""
    group: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = True
    start: datetime | None = None
    end: datetime | None = None
    max_runs: int | None = None
    run_on_create: bool = False
    catch_up: CatchUp = CatchUp.LATEST
    catch_up_window: timedelta = timedelta(hours=24)
    misfire_after: timedelta = timedelta(minutes=5)
    overlap: Overlap = Overlap.ALLOW
    retry: Retry = Retry()
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    timeout: timedelta = timedelta(seconds=60)
    wait: bool = True
    window: timedelta = timedelta(0)
    dst_gap: Literal["skip", "shift"] = "skip"
    dst_fold: Literal["first", "second", "both"] = "first"
    on_complete: OnComplete = OnComplete.KEEP
    on_failure: str = ""
    history: timedelta = timedelta(days=90)
    created_at: datetime | None = None

    @property
    def tracked(self) -> bool:
        """True when starts go through the job's state: only max_runs and overlap need that."""
        return self.max_runs is not None or self.overlap is not Overlap.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A job document as it is stored, not yet checked. `revision` grows with each write."""

    job_id: str
    document: dict[str, Json]
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Entry:
    """A timeline entry: this job needs attention at this instant.

    `missed` is told to the target: how many earlier slots this one stands for.
    """

    due: datetime
    job_id: str
    slot: str
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorbell:
    """The message from tick to invoke: ids only. An obligation lives in the timeline, never here."""

    job_id: str
    slot: str
    attempt: int
    due: datetime
    published_at: datetime
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One finished try of a run, as the history keeps it."""

    attempt: int
    started_at: datetime
    ended_at: datetime
    outcome: str  # "succeeded", or the word of a Failure
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What happened, or is happening, for one slot: the history and the lock in one record.

    `due` is the instant the run was to start: the slot plus the job's window offset.
    A skipped run stands for `count` slots: from its own up to, not including, `until`. Count 0 means
    open: all slots from this one until the job next has a run.
    A run that was redriven has another set of attempts: those after the first `attempts_before`.
    """

    job_id: str
    slot: str
    state: RunState
    due: datetime
    attempt: int = 0
    owner: str = ""
    lease: datetime | None = None
    not_before: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: str = ""
    error: str = ""
    attempts: tuple[Attempt, ...] = ()
    cause: Cause | None = None
    reason: str = ""
    until: str | None = None
    count: int = 0
    missed: int = 0
    tracked: bool = False
    expires_at: datetime | None = None
    redriven_at: datetime | None = None
    attempts_before: int = 0

    @property
    def run_id(self) -> str:
        """`job_id/slot`: the idempotency key, the same for every attempt."""
        return f"{self.job_id}/{self.slot}"

    @property
    def tries(self) -> int:
        """Which attempt of its present set this is; the first set's, unless the run was redriven."""
        return self.attempt - self.attempts_before

    @property
    def just_redriven(self) -> bool:
        """True when a person asked for another set of attempts, and none of them has begun."""
        return self.state is RunState.READY and self.redriven_at is not None and self.tries == 1

    @property
    def lateness(self) -> timedelta | None:
        """How long after it was due the first attempt began; None before any start."""
        first = self.attempts[0].started_at if self.attempts else self.started_at
        return None if first is None else first - self.due


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """What max_runs and overlap must know about a job: runs started so far, and the open run's slot."""

    started: int = 0
    active: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What a target is told about the run it is called for."""

    run_id: str
    job_id: str
    scheduled_time: datetime
    attempt: int
    attempt_id: str
    missed_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to a target: where, with what, for how long at most."""

    target: str
    payload: Json
    timeout: timedelta
    wait: bool
    context: RunContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a call ended. `failure` is None when it succeeded."""

    summary: str = ""
    failure: Failure | None = None
    error: str = ""

    @property
    def ok(self) -> bool:
        """True when the target did its work."""
        return self.failure is None


class Unreadable(dict[str, str]):
    """Stands in a document for a stored value that is not JSON: shown as its reason, read by nobody."""

    def __init__(self, reason: str) -> None:
        super().__init__(unreadable=reason)
        self.reason = reason


class SlotKind(StrEnum):
    """What a slot stands for. All but the first are marked by their first letter and a colon.

    2026-11-23T07:00:00Z    scheduled: an instant of the schedule
    m:9f3c2a                run now, asked for by a person
    c:2026-11-23T07:00:00Z  run on create; the instant is the creation, so that a new job runs anew
    f:2026-11-23T07:00:00Z  the notice to `on_failure` that the run of that slot is dead; with +3 behind it:
                            that it is dead again, after it was redriven behind attempt 3
    """

    SCHEDULED = ""
    MANUAL = "m:"
    CREATED = "c:"
    FAILURE = "f:"

    @property
    def of_schedule(self) -> bool:
        """True for runs that the schedule asked for: pause holds them, max_runs counts them."""
        return self in (SlotKind.SCHEDULED, SlotKind.CREATED)


# Slots and due instants are text in both stores, in messages and for humans: text that sorts as time does.


def slot_of(instant: datetime) -> str:
    """Return the slot of a scheduled instant, a whole second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def slot_kind(slot: str) -> SlotKind:
    """Tell what made the slot."""
    return SlotKind(slot[:2]) if slot[1:2] == ":" else SlotKind.SCHEDULED


def slot_time(slot: str) -> datetime | None:
    """Return the instant of a scheduled slot; None for any other kind."""
    if slot_kind(slot) is not SlotKind.SCHEDULED:
        return None
    return datetime.fromisoformat(slot)


def notice_slot(run: Run) -> str:
    """Return the slot of the notice that a run is dead: one for each set of attempts."""
    return SlotKind.FAILURE + run.slot + (f"+{run.attempts_before}" if run.attempts_before else "")


def noticed_slot(slot: str) -> str:
    """Return the slot of the run that a notice is about."""
    return slot[len(SlotKind.FAILURE) :].partition("+")[0]


def instant_text(instant: datetime) -> str:
    """Write an instant with exactly three digits of fraction, in UTC."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_of(text: str) -> datetime:
    """Read what `instant_text` or `slot_of` wrote."""
    return datetime.fromisoformat(text)


def stable_hash(text: str) -> int:
    """A 64-bit hash that is the same in every process and version: jitter, offsets and shards use it."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
