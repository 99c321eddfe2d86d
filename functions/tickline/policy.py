"""What is to be done about a timeline entry or after a call: pure decisions from values and `now`.

Line numbers are those of the protocol in docs/decisions/0001-protocol.md.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tickline.errors import InvalidJob
from tickline.model import (
    CatchUp,
    Cause,
    Delivery,
    Doorbell,
    Entry,
    Failure,
    Job,
    JobState,
    Overlap,
    Run,
    RunState,
    SlotKind,
    notice_slot,
    slot_kind,
    slot_of,
    slot_time,
)
from tickline.records import CREATED_BY_HAND, ended, log_attempt, skipped
from tickline.slots import INSTANT, LATEST, SECOND, Slots

GRACE = timedelta(seconds=90)
"""Within this time a slot is on time: the tick rings without reading the run's record."""

CAP = 100
"""The most late slots that one catch-up runs; the newest are kept, the rest recorded as skipped."""

MISSES = frozenset({Cause.MISSED, Cause.WINDOW, Cause.CAP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a tick knows of a job: its checked definition and slots, or why there are none."""

    job: Job | None = None
    slots: Slots | None = None
    invalid: InvalidJob | None = None
    revision: int = 0
    state: JobState = field(default_factory=JobState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a tick does about one entry, in this order: write, put, ring, remove.

    `write` is conditional: it replaces exactly the record `replaces` (None: no record).
    `wake_at`: nothing will change for this entry before that instant.
    """

    reason: str
    write: Run | None = None
    replaces: Run | None = None
    put: Entry | None = None
    ring: Doorbell | None = None
    remove: bool = False
    wake_at: datetime | None = None


def on_time(entry: Entry, known: Known, *, now: datetime, grace: timedelta = GRACE) -> Decision | None:
    """Decide without the run's record where that is safe (lines 2-3); None: read it, then `decide`.

    Ringing a run that has started already does no harm: its start is refused.
    """
    instant = slot_time(entry.slot)
    if known.job is None or known.slots is None or instant is None:
        return None
    if known.job.tracked or not known.job.enabled or now - entry.due > grace:
        return None
    if entry.due - known.slots.offset != instant or not known.slots.contains(instant):
        return None
    return _ring_and_carry_on(entry, known.slots, instant, now=now, reason="on time")


def decide(
    entry: Entry, known: Known, run: Run | None, *, now: datetime, following: Entry | None = None
) -> Decision:
    """Decide what becomes of an entry, given its run's record as it is stored (lines 4-12).

    `following` is the job's next entry that is due as well, if it has one: a range of skipped slots that
    begins with this entry ends there at the latest, so that no slot is counted twice.
    """
    if run is None or (run.state is RunState.READY and run.attempt == 1):
        return _never_started(entry, known, run, now=now, following=following)
    if run.state is RunState.READY:
        return _waiting_for_retry(entry, known, run, now=now)
    if run.state is RunState.RUNNING:
        return _running(entry, known, run, now=now)
    return _settled(known, run)


def _never_started(
    entry: Entry, known: Known, run: Run | None, *, now: datetime, following: Entry | None
) -> Decision:
    kind = slot_kind(entry.slot)
    if refusal := _refusal(known, kind):
        cause, reason = refusal
        count = 0 if kind is SlotKind.SCHEDULED and run is None else 1
        return _skip(entry, known.job, cause, reason, replaces=run, count=count, now=now)
    job, slots = known.job, known.slots
    assert job is not None, "no refusal, so there is a job"
    assert slots is not None, "a checked job has slots"
    if run is not None or kind is not SlotKind.SCHEDULED:
        return _asked_for_once(entry, known, job, run, now=now)
    instant = datetime.fromisoformat(entry.slot)
    if not slots.contains(instant):
        until = slots.next_after(max(now - slots.offset, instant))
        return _skip_until(entry, known, until, cause=Cause.EDITED, now=now)
    owed = owed_from(slots, instant, now)
    if owed is not None and owed <= instant:
        reason = "late, but still to be run" if now - entry.due > GRACE else "on time"
        return _ring_and_carry_on(entry, slots, instant, now=now, reason=reason)
    until = owed or slots.next_after(now - slots.offset)
    if following is not None and slot_of(instant) < following.slot < slot_of(until or LATEST):
        until = datetime.fromisoformat(following.slot)
    return _skip_until(entry, known, until, cause=_miss(job, owed, now - entry.due), now=now)


def _refusal(known: Known, kind: SlotKind) -> tuple[Cause, str] | None:
    """Tell why no run of this kind may start at all, whatever the time."""
    if known.invalid is not None:
        return Cause.INVALID, f"the definition is not valid: {known.invalid.problems[0]}"
    if known.job is None:
        return Cause.DELETED, "the job was deleted"
    if kind.of_schedule and not known.job.enabled:
        return Cause.PAUSED, "the job is paused"
    if kind.of_schedule and spent(known.job, known.state):
        return Cause.MAX_RUNS, f"max_runs={known.job.max_runs} is reached"
    return None


def spent(job: Job, state: JobState) -> bool:
    """Tell whether the job has started all the runs it may."""
    return job.max_runs is not None and state.started >= job.max_runs


def _asked_for_once(entry: Entry, known: Known, job: Job, run: Run | None, *, now: datetime) -> Decision:
    """Decide about a run that carries no schedule on: queued, run now, run on create, failure notice."""
    if now - entry.due > job.catch_up_window:
        reason = f"not started within catch_up_window ({job.catch_up_window})"
        return _skip(entry, job, Cause.WINDOW, reason, replaces=run, count=1, now=now)
    if run is not None and known.state.active:
        return Decision(reason=f"queued behind {known.state.active}")
    return Decision(reason="asked for", ring=_doorbell(entry, 1, now))


def _waiting_for_retry(entry: Entry, known: Known, run: Run, *, now: datetime) -> Decision:
    if known.job is None:
        return _give_up(known, run, reason=_gone(known), now=now)
    if run.not_before is not None and run.not_before > now:
        return Decision(reason="waiting for its next attempt", wake_at=run.not_before)
    if run.just_redriven and known.job.overlap is not Overlap.ALLOW and known.state.active:
        return Decision(reason=f"redriven, and waits for the end of {known.state.active}")
    return Decision(reason=f"attempt {run.attempt}", ring=_doorbell(entry, run.attempt, now))


def _running(entry: Entry, known: Known, run: Run, *, now: datetime) -> Decision:
    """Lines 10-11: leave a live lease alone; after it, the worker is taken for dead."""
    if run.lease is not None and run.lease > now:
        return Decision(reason="running", wake_at=run.lease)
    lost = replace(run, attempts=log_attempt(run, now, Failure.UNKNOWN, "no result before its lease ended"))
    if known.job is None:
        return _give_up(known, lost, reason=_gone(known), now=now)
    if known.job.delivery is Delivery.AT_MOST_ONCE:
        reason = "no result before its lease ended; delivery=at_most_once, so it is not tried again"
        return _give_up(known, lost, reason=reason, now=now)
    if run.tries >= known.job.retry.max_attempts:
        reason = f"no result before its lease ended, at attempt {run.attempt}, the last one"
        return _give_up(known, lost, reason=reason, now=now)
    again = replace(
        lost,
        state=RunState.READY,
        attempt=run.attempt + 1,
        owner="",
        lease=None,
        not_before=now,
        error="no result before its lease ended",
    )
    return Decision(
        reason="its worker is lost",
        write=again,
        replaces=run,
        ring=_doorbell(entry, again.attempt, now),
    )


def _settled(known: Known, run: Run) -> Decision:
    """Lines 8 and 12: the run has ended; redo what the end asks for, then let the entry go."""
    put = after_end(known.job, run)
    if known.slots is not None and run.until is not None:
        missed = run.count + run.missed if run.cause in MISSES else 0
        put = known.slots.entry(datetime.fromisoformat(run.until), missed=missed)
    return Decision(reason=f"ended as {run.state}", put=put, remove=True)


def is_over(entry: Entry, known: Known, *, now: datetime) -> bool:
    """Tell whether the job has no slot left that is not decided, but for those whose runs are still open.

    `entry` is one that is about to be let go. Runs that were asked for by hand do not count.
    """
    if known.job is None or known.slots is None or slot_time(entry.slot) is None:
        return False
    nominal = now - known.slots.offset
    return spent(known.job, known.state) or known.slots.next_after(nominal) is None


def last_entry(slots: Slots, now: datetime) -> Entry | None:
    """Return the entry of the newest slot that is due."""
    slot = slots.latest_until(now - slots.offset)
    return None if slot is None else slots.entry(slot)


def after_end(job: Job | None, run: Run) -> Entry | None:
    """Return the entry of the failure notice that a dead run asks for, if it asks for one."""
    if job is None or not job.on_failure or run.state is not RunState.DEAD:
        return None
    if slot_kind(run.slot) is SlotKind.FAILURE:
        return None
    # Due at the recorded end, so that a redo writes the same entry.
    return Entry(due=run.ended_at or run.due, job_id=run.job_id, slot=notice_slot(run))


def _give_up(known: Known, run: Run, *, reason: str, now: datetime) -> Decision:
    dead = ended(known.job, run, RunState.DEAD, now=now, reason=reason)
    return Decision(reason=reason, write=dead, replaces=run, put=after_end(known.job, dead), remove=True)


def _gone(known: Known) -> str:
    why = "is not valid any more" if known.invalid else "was deleted"
    return f"given up while open: the job {why}"


def _ring_and_carry_on(
    entry: Entry, slots: Slots, instant: datetime, *, now: datetime, reason: str
) -> Decision:
    """Line 3: the timeline goes on with the next slot before anybody hears of this one."""
    following = slots.next_after(instant)
    return Decision(
        reason=reason,
        put=None if following is None else slots.entry(following),
        ring=_doorbell(entry, 1, now),
    )


def _doorbell(entry: Entry, attempt: int, now: datetime) -> Doorbell:
    return Doorbell(
        job_id=entry.job_id,
        slot=entry.slot,
        attempt=attempt,
        due=entry.due,
        published_at=now,
        missed=entry.missed,
    )


def first_entries(slots: Slots, now: datetime) -> list[Entry]:
    """Return the entries with which a new, edited or resumed job begins (line 19).

    That is its first slot later than `now`; for a one-time job whose instant has just passed that slot,
    late as it is; and with run_on_create a run at once.
    """
    job = slots.job
    if not job.enabled:
        return []
    first = slots.frontier(now)
    if first is None and slots.schedule.one_time:
        slot = slots.latest_until(now)
        late = slot is not None and now - slots.offset - slot <= job.catch_up_window
        first = slots.entry(slot) if slot is not None and late else None
    entries = [] if first is None else [first]
    if job.run_on_create:
        entries += _on_create(job, now)
    return entries


def _on_create(job: Job, now: datetime) -> list[Entry]:
    if job.created_at is None:  # made by hand
        return [Entry(due=now, job_id=job.job_id, slot=CREATED_BY_HAND)]
    if now - job.created_at > job.catch_up_window:
        return []
    slot = SlotKind.CREATED + slot_of(job.created_at)
    return [Entry(due=job.created_at, job_id=job.job_id, slot=slot)]


# Missed slots


def owed_from(slots: Slots, slot: datetime, now: datetime) -> datetime | None:
    """Return the oldest slot, from the unstarted `slot` on, that still runs; None if none that is due does.

    What lies before it is skipped, as one range. While `slot` is late by no more than misfire_after, all
    run: nothing was missed, they are merely late. After that catch_up decides about all that is due: `skip`
    runs none, `latest` the newest, `all` each, the latter two within catch_up_window. In no case do more than
    the newest CAP run.
    """
    job, nominal = slots.job, now - slots.offset
    newest = slots.latest_until(nominal)
    if newest is None or newest < slot or nominal - slot <= GRACE:
        return slot  # on time, or due by the window that the job had when the entry was put
    if nominal - slot <= job.misfire_after:
        return _newest_of(slots, slot, newest)
    if job.catch_up is CatchUp.SKIP or nominal - newest > job.catch_up_window:
        return None
    if job.catch_up is CatchUp.LATEST:
        return newest
    in_window = slots.next_after(nominal - job.catch_up_window - INSTANT)
    return _newest_of(slots, max(slot, in_window or newest), newest)


def _newest_of(slots: Slots, first: datetime, newest: datetime) -> datetime:
    """Return the first of the newest CAP slots in [first, newest]."""
    if slots.count(first, newest + SECOND) <= CAP:
        return first
    oldest = newest
    for _ in range(CAP - 1):
        oldest = slots.latest_until(oldest - INSTANT) or first
    return oldest


def _miss(job: Job, owed: datetime | None, age: timedelta) -> Cause:
    if age > job.catch_up_window:
        return Cause.WINDOW
    capped = owed is not None and job.catch_up is not CatchUp.LATEST
    return Cause.CAP if capped else Cause.MISSED


def _skip_until(
    entry: Entry, known: Known, until: datetime | None, *, cause: Cause, now: datetime
) -> Decision:
    """Skip from the entry's slot up to `until`, where the timeline goes on (lines 6-7)."""
    slots = known.slots
    assert slots is not None, "only a checked job has a next slot"
    first = datetime.fromisoformat(entry.slot)
    count = slots.count(first, max(until or now, first)) if cause in MISSES else 1
    missed = count + entry.missed if cause in MISSES else 0
    return _skip(
        entry,
        slots.job,
        cause,
        _skip_reason(slots.job, cause, count),
        replaces=None,
        count=count,
        until=until,
        put=None if until is None else slots.entry(until, missed=missed),
        now=now,
    )


def _skip_reason(job: Job, cause: Cause, count: int) -> str:
    missed = "1 slot was" if count == 1 else f"{count} slots were"
    return {
        Cause.MISSED: f"{missed} not started in time; catch_up={job.catch_up}",
        Cause.WINDOW: f"{missed} not started in time; the first is older than "
        f"catch_up_window ({job.catch_up_window})",
        Cause.CAP: f"{missed} not started in time; one catch-up runs the newest {CAP} only",
        Cause.EDITED: "not a slot of the job any more: its schedule was edited",
    }[cause]


def _skip(
    entry: Entry,
    job: Job | None,
    cause: Cause,
    reason: str,
    *,
    replaces: Run | None,
    count: int,
    now: datetime,
    until: datetime | None = None,
    put: Entry | None = None,
) -> Decision:
    record = skipped(entry, job, cause, reason, count=count, until=until, now=now)
    return Decision(reason=reason, write=record, replaces=replaces, put=put, remove=True)
