"""Jobs and runs as the faces show them: JSON, with the derived facts a reader wants and no payload."""

from datetime import datetime, timedelta

from tickline.allowed import Allowed
from tickline.errors import Problem
from tickline.model import Definition, Json, Run, instant_text, slot_kind, slot_of, slot_time
from tickline.slots import Slots
from tickline.tick import understand

View = dict[str, Json]


def job_view(
    definition: Definition, now: datetime, *, upcoming: int = 1, allowed: Allowed | None = None
) -> View:
    """Show a definition: the document, whether it is valid, what its schedule means, when it is next due.

    `not_allowed` holds what of a valid one may not be called.
    """
    known = understand(definition)
    view: View = {
        "job_id": definition.job_id,
        "revision": definition.revision,
        "document": definition.document,
        "valid": known.job is not None,
    }
    if known.invalid is not None:
        return view | {"problems": [problem_view(problem) for problem in known.invalid.problems]}
    if known.job is not None and known.slots is not None:
        view |= {
            "enabled": known.job.enabled,
            "describe": known.slots.schedule.describe(),
            "next": upcoming_slots(known.slots, now, upcoming) if known.job.enabled else [],
        }
    if allowed is not None and (refused := allowed.problems(definition.document)):
        view["not_allowed"] = [problem_view(problem) for problem in refused]
    return view


def upcoming_slots(slots: Slots, now: datetime, count: int) -> list[str]:
    """Return the next `count` slots due later than `now`."""
    found: list[str] = []
    slot = slots.next_after(now - slots.offset)
    while slot is not None and len(found) < count:
        found.append(slot_of(slot))
        slot = slots.next_after(slot)
    return found


def problem_view(problem: Problem) -> View:
    """Show one thing that is wrong with a document."""
    return {"field": problem.field, "message": problem.message, "example": problem.example}


def run_view(run: Run) -> View:
    """Show a run. Times are UTC, lateness in whole milliseconds; what is not known is left out."""
    view: View = {
        "run_id": run.run_id,
        "job_id": run.job_id,
        "slot": run.slot,
        "kind": slot_kind(run.slot).name.lower(),
        "scheduled_time": run.slot if slot_time(run.slot) else instant_text(run.due),
        "state": run.state.value,
        "attempt": run.attempt,
    }
    instants = {
        "due": run.due,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "not_before": run.not_before,
        "lease": run.lease,
        "expires_at": run.expires_at,
        "redriven_at": run.redriven_at,
    }
    view |= {name: instant_text(value) for name, value in instants.items() if value is not None}
    if run.lateness is not None:
        view["lateness_ms"] = run.lateness // timedelta(milliseconds=1)
    texts = {
        "result": run.result,
        "error": run.error,
        "cause": run.cause.value if run.cause else "",
        "reason": run.reason,
        "until": run.until,
    }
    view |= {name: value for name, value in texts.items() if value}
    if run.cause is not None:
        view["count"] = run.count
    if run.missed:
        view["missed_count"] = run.missed
    if run.attempts:
        view["attempts"] = [
            {
                "attempt": tried.attempt,
                "started_at": instant_text(tried.started_at),
                "ended_at": instant_text(tried.ended_at),
                "outcome": tried.outcome,
                "error": tried.error,
            }
            for tried in run.attempts
        ]
    return view
