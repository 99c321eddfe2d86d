"""Redrive: give a run that was given up another set of attempts, because a person asked for it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tickline.document import read_job
from tickline.errors import InvalidRequest, JobNotFound
from tickline.model import Entry, Run, RunState, slot_kind, slot_of
from tickline.ports import Store
from tickline.readers import Refused, instant
from tickline.records import redriven

GUARD = timedelta(minutes=16)
"""Longer than Lambda lets any request last: see `redrive`."""


def redrive(store: Store, job_id: str, slot: str, now: datetime) -> Run:
    """Make a dead run ready for its next attempt, and return its record.

    Line 12 of the protocol lets go of the entry of a dead run, so the entry must follow the record; but who
    dies between the two would leave a run that nobody looks at. So a second entry stands guard, due when this
    request is long over: it outlives the ticks until then, and finds a run that is ready.

    1. Put the guard.
    2. DEAD -> READY(a+1), one conditional write.
    3. Put e(s).
    4. Remove the guard.

    A run that was redriven and has not begun yet gets its entry once more, and is no error.
    Raises JobNotFound or InvalidJob where no attempt could be made, InvalidRequest for a run that is not
    dead.
    """
    definition = store.job(job_id)
    if definition is None:
        raise JobNotFound(job_id)
    slot = _slot(slot, ZoneInfo(read_job(definition.document).zone))
    run = store.run(job_id, slot)
    guard = Entry(due=now + GUARD, job_id=job_id, slot=slot)
    if run is not None and run.state is RunState.DEAD:
        store.put_entries([guard])
        again = redriven(run, now=now)
        write = store.write_run(again, replaces=run)
        run = again if write.won else write.current
    if run is None:
        raise InvalidRequest(f"there is no record of run {job_id}/{slot}", field="slot")
    if not run.just_redriven:
        message = f"run {run.run_id} is {run.state}; only a dead run can be redriven"
        raise InvalidRequest(message, field="slot")
    store.put_entries([Entry(due=run.due, job_id=job_id, slot=slot)])
    store.remove_entries([guard])
    return run


def _slot(text: str, zone: ZoneInfo) -> str:
    """Return the slot that is meant: as the history has it, or any way of writing its instant."""
    try:
        slot_kind(text)
        return text if text[1:2] == ":" else slot_of(instant(zone)(text))
    except Refused as refused:
        raise InvalidRequest(f"slot: {refused}; for example {refused.example}", field="slot") from None
    except ValueError:
        raise InvalidRequest(f"there is no slot {text!r}; tickline runs shows them", field="slot") from None
