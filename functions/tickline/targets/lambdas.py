"""What the real Lambda target and its local stand-in must agree on: the run's context."""

from tickline.model import RunContext, slot_of


def custom_context(context: RunContext) -> dict[str, str]:
    """Return what the function finds in `context.client_context.custom`.

    All values are text: runtimes other than Python's read the field as a map of strings.
    """
    return {
        "run_id": context.run_id,
        "job_id": context.job_id,
        "scheduled_time": slot_of(context.scheduled_time),
        "attempt": str(context.attempt),
        "attempt_id": context.attempt_id,
        "missed_count": str(context.missed_count),
    }
