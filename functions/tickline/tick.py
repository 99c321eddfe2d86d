"""Tick: one pass over what is due. Any number may run at once, and any may stop anywhere.

The phases of a pass keep the protocol's order (docs/decisions/0001-protocol.md): first the conditional
writes of run records, then the entries that carry the timeline on, then the doorbells, and only then are
entries let go.
"""

import heapq
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tickline.document import read_job
from tickline.errors import InvalidJob, Problem
from tickline.model import (
    Definition,
    Doorbell,
    Entry,
    JobState,
    OnComplete,
    Run,
    RunState,
    instant_text,
    slot_time,
    stable_hash,
)
from tickline.policy import (
    GRACE,
    Decision,
    Known,
    decide,
    first_entries,
    is_over,
    last_entry,
    on_time,
    spent,
)
from tickline.ports import Clock, Dispatcher, Store
from tickline.slots import Slots

log = logging.getLogger(__name__)

LOST_AT_MOST = 3
"""How often one entry is decided again because its record changed meanwhile; then it waits for a tick."""

SOON = timedelta(seconds=75)
"""What is put for within this time may be due before a timer of a minute has called its next tick."""

OPEN = frozenset({RunState.READY, RunState.RUNNING})


@dataclass(kw_only=True)
class Report:
    """What a tick did. `records`: the runs it decided itself (skipped, given up, given back).

    `backlog`: how many entries were due when it began. `oldest`: by how much the latest first attempt was
    late when it was rung. `wake_at`: nothing more is to do before this instant, as far as is known.
    `unfinished`: time ran out with entries left; they stay due.
    """

    entries: int = 0
    rung: int = 0
    failed: int = 0
    backlog: int = 0
    oldest: timedelta = timedelta(0)
    records: list[Run] = field(default_factory=list)
    wake_at: datetime | None = None
    unfinished: bool = False

    def wake(self, instant: datetime | None) -> None:
        """Bring `wake_at` forward to `instant`, if that is earlier."""
        if instant is not None and (self.wake_at is None or instant < self.wake_at):
            self.wake_at = instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Everything a tick needs.

    `grace`: how long a slot counts as on time, so that its run's record need not be read; a retry cannot
    ring earlier than that, so where reading is cheap it is zero. `lead`: how long before its instant a
    doorbell may be published. `page`: how many entries are read at once.
    """

    store: Store
    dispatcher: Dispatcher
    grace: timedelta = GRACE
    lead: timedelta = timedelta(0)
    page: int = 500

    def __call__(self, now: datetime, *, out_of_time: Callable[[], bool] = lambda: False) -> Report:
        """Ring for everything that is due at `now`, the earliest first, and look for what is due next."""
        report = self.through(now, clock=_Still(now), out_of_time=out_of_time)
        report.wake(now if report.unfinished else self.store.next_due(now + self.lead))
        return report

    def through(
        self,
        horizon: datetime,
        *,
        clock: Clock,
        out_of_time: Callable[[], bool] = lambda: False,
        job_id: str | None = None,
    ) -> Report:
        """Ring for everything that is due now, then wait and ring for what falls due up to `horizon`.

        1. Read a page of entries that are due by the horizon.
        2. When the next of them is due, read definitions and, where needed, the runs' records.
        3. Decide each on its own; one that cannot be decided is logged and stays due.
        4. Write decisions, put the entries that follow, ring, remove; each phase for all of one instant.
        5. Go on with the entries that were put and are due as well, then with the next page.

        What others put meanwhile within the horizon is left to the next tick. `job_id`: only for this job.
        """
        report, began = Report(), clock.now()
        place: Entry | None = None
        while page := self.store.due(horizon + self.lead, limit=self.page, after=place):
            place, last = page[-1], len(page) < self.page
            mine = [entry for entry in page if job_id in (None, entry.job_id)]
            report.backlog += sum(entry.due <= began for entry in mine)
            ahead = [(entry.due - self.lead, entry) for entry in mine]
            while ahead and not report.unfinished:
                clock.wait_until(ahead[0][0])
                now = clock.now()
                for at, entry in self._pass(_until(now, ahead), now, report):
                    # What was put behind this page comes with the next one, if there is one.
                    if at <= horizon and (last or entry <= place):
                        heapq.heappush(ahead, (at, entry))
                report.unfinished = out_of_time()
            if last or report.unfinished:
                break
        return report

    def _pass(self, entries: Sequence[Entry], now: datetime, report: Report) -> list[tuple[datetime, Entry]]:
        """Decide and act on entries; return those to look at later, with when."""
        report.entries += len(entries)
        known = self._know({entry.job_id for entry in entries})
        decisions = self._decide(entries, known, now, report)
        decisions = self._write(decisions, known, now, report)
        put = [d.put for d in decisions.values() if d.put is not None]
        self.store.put_entries(put)
        self._ring([d.ring for d in decisions.values() if d.ring is not None], now, report)
        later = [(entry.due - self.lead, entry) for entry in put]
        for entry, decision in decisions.items():
            if decision.wake_at is not None:
                report.wake(decision.wake_at)
                later.append((decision.wake_at, entry))
            if decision.remove:
                self._complete(entry, known[entry.job_id], now)
        self.store.remove_entries([entry for entry, d in decisions.items() if d.remove])
        return later

    def _ring(self, doorbells: Sequence[Doorbell], now: datetime, report: Report) -> None:
        self.dispatcher.ring(doorbells)
        report.rung += len(doorbells)
        late = (now - doorbell.due for doorbell in doorbells if doorbell.attempt == 1)
        report.oldest = max(report.oldest, *late, timedelta(0))

    def _know(self, job_ids: Iterable[str]) -> dict[str, Known]:
        """Read and check the definitions, and the state of those jobs whose starts go through it."""
        definitions = self.store.jobs(job_ids)
        known = {job_id: understand(definitions.get(job_id)) for job_id in job_ids}
        tracked = [job_id for job_id, k in known.items() if k.job is not None and k.job.tracked]
        for job_id, state in self.store.states(tracked).items() if tracked else ():
            known[job_id] = replace(known[job_id], state=state)
        return known

    def _decide(
        self, entries: Sequence[Entry], known: dict[str, Known], now: datetime, report: Report
    ) -> dict[Entry, Decision]:
        decisions: dict[Entry, Decision] = {}
        unread: list[Entry] = []
        for entry in entries:
            with self._isolated(entry, report):
                decision = on_time(entry, known[entry.job_id], now=now, grace=self.grace)
                if decision is None:
                    unread.append(entry)
                else:
                    decisions[entry] = decision
        runs = self.store.runs([(entry.job_id, entry.slot) for entry in unread]) if unread else {}
        following = _following(entries)
        for entry in unread:
            with self._isolated(entry, report):
                run = runs.get((entry.job_id, entry.slot))
                after = following.get(entry)
                decisions[entry] = decide(entry, known[entry.job_id], run, now=now, following=after)
        return decisions

    @contextmanager
    def _isolated(self, entry: Entry, report: Report) -> Iterator[None]:
        """Keep a job that cannot be decided from stopping the others. Its entry stays due."""
        try:
            yield
        except Exception:
            report.failed += 1
            log.exception("entry not decided", extra={"job_id": entry.job_id, "slot": entry.slot})

    def _write(
        self,
        decisions: dict[Entry, Decision],
        known: dict[str, Known],
        now: datetime,
        report: Report,
    ) -> dict[Entry, Decision]:
        """Make the conditional writes. Where one is lost, decide again by what stands there now."""
        written: dict[Entry, Decision] = {}
        for entry, first in decisions.items():
            decision = first
            for _ in range(LOST_AT_MOST):
                if decision.write is None:
                    written[entry] = decision
                    break
                release = decision.write.tracked and decision.write.state.final
                write = self.store.write_run(decision.write, replaces=decision.replaces, release=release)
                if write.won:
                    report.records.append(decision.write)
                    written[entry] = decision
                    break
                decision = decide(entry, known[entry.job_id], write.current, now=now)
        return written

    def _complete(self, entry: Entry, known: Known, now: datetime) -> None:
        """Delete the definition of a job that has no more runs, if it asks for that."""
        if known.job is None or known.job.on_complete is not OnComplete.DELETE:
            return
        if not is_over(entry, known, now=now) or self._has_more(entry, known, now):
            return
        self.store.delete_job(entry.job_id, revision=known.revision)
        log.info("job completed", extra={"job_id": entry.job_id})

    def _has_more(self, entry: Entry, known: Known, now: datetime) -> bool:
        """Tell whether a run is open, or the last slot, unless it is this one, is still to be decided."""
        if self.store.list_runs(entry.job_id, states=OPEN, limit=1):
            return True
        last = None if known.slots is None else last_entry(known.slots, now)
        if last is None or last.slot == entry.slot or (known.job and spent(known.job, known.state)):
            return False
        return not self.store.absent_entries([last])


class _Still(Clock):
    """A clock that stands."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant

    def now(self) -> datetime:
        return self._instant

    def wait_until(self, instant: datetime) -> None:
        """Return at once: within one instant there is nothing to wait for."""


def _until(now: datetime, ahead: list[tuple[datetime, Entry]]) -> list[Entry]:
    """Take from the heap what is to be looked at by `now`, the earliest due first."""
    found = []
    while ahead and ahead[0][0] <= now:
        found.append(heapq.heappop(ahead)[1])
    return sorted(found)


def _following(entries: Sequence[Entry]) -> dict[Entry, Entry]:
    """Return for each scheduled entry the same job's next one, where there is one; entries are in order."""
    following: dict[Entry, Entry] = {}
    latest: dict[str, Entry] = {}
    for entry in entries:
        if slot_time(entry.slot) is not None:
            if before := latest.get(entry.job_id):
                following[before] = entry
            latest[entry.job_id] = entry
    return following


def understand(definition: Definition | None) -> Known:
    """Check a stored definition; a bad one is set aside with its reason."""
    if definition is None:
        return Known()
    try:
        job = read_job(definition.document)
        return Known(job=job, slots=Slots.of(job), revision=definition.revision)
    except InvalidJob as invalid:
        return Known(invalid=invalid)
    except Exception as error:
        # A definition that no check foresaw is one bad definition, not the end of the tick.
        log.exception("definition not understood", extra={"job_id": definition.job_id})
        problem = Problem(field="job", message=f"cannot be understood ({type(error).__name__})")
        return Known(invalid=InvalidJob(definition.job_id, (problem,)))


def sweep(store: Store, now: datetime, *, after: str = "", limit: int = 100) -> str:
    """Give each of the next `limit` jobs behind `after` the entry it should have; return the last job_id.

    This finds jobs that were written by hand. Empty when the end is reached: the next sweep begins anew.
    """
    definitions = store.some_jobs(after=after, limit=limit)
    admit(store, definitions, now)
    return definitions[-1].job_id if len(definitions) == limit else ""


def sweep_anywhere(store: Store, now: datetime, *, limit: int = 100) -> None:
    """Sweep a slice that begins at a place of chance, for whoever cannot remember where the last one ended.

    Where the slice meets the end it goes on at the beginning. In a store whose order is that of a hash every
    job has the same chance; up to `limit` jobs are all looked at each time.
    """
    if not sweep(store, now, after=f"{stable_hash(instant_text(now)):016x}", limit=limit):
        sweep(store, now, limit=limit)


def admit(store: Store, definitions: Sequence[Definition], now: datetime) -> list[Entry]:
    """Put the first entries of jobs that have none (line 19), and return them."""
    entries = missing_entries(store, definitions, now)
    store.put_entries(entries)
    return entries


def missing_entries(store: Store, definitions: Sequence[Definition], now: datetime) -> list[Entry]:
    """Return the entries that jobs should have and do not. A bad definition should have none.

    Neither should a job that has had its max_runs, nor is a run missing that has a record already.
    """
    known = {definition.job_id: understand(definition) for definition in definitions}
    limited = [job_id for job_id, k in known.items() if k.job is not None and k.job.max_runs is not None]
    states = store.states(limited) if limited else {}
    wanted = [
        entry
        for job_id, k in known.items()
        if k.slots is not None and not spent(k.slots.job, states.get(job_id, JobState()))
        for entry in first_entries(k.slots, now)
    ]
    absent = store.absent_entries(wanted)
    done = store.runs([(entry.job_id, entry.slot) for entry in absent])
    return [entry for entry in absent if (entry.job_id, entry.slot) not in done]
