"""Explain: what happened or will happen to a job at an instant, and why."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tickline.errors import InvalidRequest, JobNotFound
from tickline.model import Job, Run, RunState, instant_text, slot_of
from tickline.policy import Known, spent
from tickline.ports import Store
from tickline.readers import Refused, duration_text, instant
from tickline.slots import Slots
from tickline.tick import understand
from tickline.views import View, run_view

LOOK_BACK = 50
"""How many earlier records are searched for one whose range covers the instant."""


def explain(store: Store, job_id: str, at: str, now: datetime) -> View:
    """Answer for one instant: `verdict` is a word, `text` says why, `run` is the record if there is one.

    Raises JobNotFound if neither the job nor any run of it is known, InvalidRequest for a bad `at`.
    """
    definition = store.job(job_id)
    if definition is None and not store.list_runs(job_id, limit=1):
        raise JobNotFound(job_id)
    known = understand(definition)
    zone = ZoneInfo(known.job.zone) if known.job else ZoneInfo("UTC")
    asked = _instant(at, zone)
    view: View = {
        "job_id": job_id,
        "at": slot_of(asked),
        "local": asked.astimezone(zone).isoformat(timespec="seconds"),
    }
    if not _exists(at, asked, zone):
        text = f"{at} does not exist in {zone.key}: the clocks go forward over it"
        return view | {"verdict": "no_such_time", "text": text}
    verdict, text, run = _verdict(store, job_id, known, asked, now)
    return view | {"verdict": verdict, "text": text} | ({"run": run_view(run)} if run else {})


def _instant(at: str, zone: ZoneInfo) -> datetime:
    try:
        parsed: datetime = instant(zone)(at)
    except Refused as refused:
        raise InvalidRequest(f"at: {refused}; for example {refused.example}", field="at") from None
    return parsed


def _exists(at: str, asked: datetime, zone: ZoneInfo) -> bool:
    """Tell whether a local time survives the way to UTC and back; one in a gap does not."""
    given = datetime.fromisoformat(at)
    return given.tzinfo is not None or asked.astimezone(zone).replace(tzinfo=None) == given


def _verdict(
    store: Store, job_id: str, known: Known, asked: datetime, now: datetime
) -> tuple[str, str, Run | None]:
    run = store.run(job_id, slot_of(asked))
    if run is not None:
        return run.state.value, _of_record(run), run
    covering = _covering(store, job_id, asked)
    if known.job is None or known.slots is None:
        return *_no_definition(known), covering
    if not known.slots.contains(asked):
        return "not_a_slot", _not_a_slot(known.slots, asked), None
    if asked + known.slots.offset > now:
        return _coming(store, known.job, known.slots)
    if covering is not None:
        return "skipped", f"skipped together with {covering.slot}: {covering.reason}", covering
    return _no_record(store, known.job, known.slots, asked, now)


def _no_definition(known: Known) -> tuple[str, str]:
    if known.invalid is not None:
        return "invalid", f"the definition is not valid: {known.invalid.problems[0]}"
    return "deleted", "the job was deleted, and this instant has no record of its own"


def _of_record(run: Run) -> str:
    """Say in one sentence what the record says."""
    again = "" if run.redriven_at is None else f"; redriven by hand at {_time(run.redriven_at)}"
    return _of_state(run) + again


def _of_state(run: Run) -> str:
    if run.state is RunState.SKIPPED:
        return f"did not run: {run.reason}"
    if run.state is RunState.RUNNING:
        return f"is running, attempt {run.attempt}, since {_time(run.started_at)}"
    if run.state is RunState.READY:
        return f"waits for attempt {run.attempt}" + (
            f": {run.error or run.reason}" if run.error or run.reason else ""
        )
    late = "" if run.lateness is None else f", {run.lateness.total_seconds():.3f} s after it was due"
    tries = f"attempt {run.attempt}"
    if run.state is RunState.SUCCEEDED:
        return f"ran and succeeded at {tries}{late}"
    return f"was given up at {tries}: {run.error}; {run.reason}"


def _time(instant: datetime | None) -> str:
    return "?" if instant is None else instant_text(instant)


def _covering(store: Store, job_id: str, asked: datetime) -> Run | None:
    """Find the skipped range that holds the instant: the nearest earlier record decides, if it is one."""
    place = (asked, job_id, slot_of(asked))
    for run in store.list_runs(job_id, before=place, limit=LOOK_BACK):
        if run.slot[1:2] == ":":
            continue
        open_range = run.state is RunState.SKIPPED and run.until is None and run.count == 0
        closed_range = run.until is not None and slot_of(asked) < run.until
        return run if open_range or closed_range else None
    return None


def _not_a_slot(slots: Slots, asked: datetime) -> str:
    job = slots.job
    if job.start is not None and asked < job.start:
        return f"is before the job's start, {slot_of(job.start)}"
    if job.end is not None and asked > job.end:
        return f"is after the job's end, {slot_of(job.end)}"
    before, after = slots.latest_until(asked), slots.next_after(asked)
    nearest = " and ".join(
        f"the {word} one is {slot_of(slot)}"
        for word, slot in (("last", before), ("next", after))
        if slot is not None
    )
    return f"is not a slot of {job.schedule}" + (f"; {nearest}" if nearest else "; it has none at all")


def _coming(store: Store, job: Job, slots: Slots) -> tuple[str, str, None]:
    if not job.enabled:
        return "will_be_skipped", "will be skipped if the job is still paused then", None
    state = store.states([job.job_id]).get(job.job_id)
    if state is not None and spent(job, state):
        return "will_be_skipped", f"will not run: max_runs={job.max_runs} is reached", None
    window = f", {duration_text(slots.offset)} later within its window" if slots.offset else ""
    return "will_run", f"will run{window}", None


def _no_record(store: Store, job: Job, slots: Slots, asked: datetime, now: datetime) -> tuple[str, str, None]:
    """Say why a past slot has no record. The first reason that holds is the one."""
    if not store.absent_entries([slots.entry(asked)]):
        return "due", "is due and waits for a tick; if it stays so, run tickline doctor", None
    if job.created_at is not None and asked <= job.created_at:
        return "before_creation", f"the job was made later, at {slot_of(job.created_at)}", None
    if now - asked > job.history:
        return "forgotten", f"the history of this job is kept for {duration_text(job.history)}", None
    return "unknown", "there is no record: the job was not known then, or had another schedule", None
