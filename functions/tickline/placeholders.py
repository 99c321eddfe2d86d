"""Placeholders in payloads, replaced in every text of the payload at each call.

EventBridge Scheduler's four keep their spelling and meaning (its user guide, "Adding context attributes"), so
that payloads move over unchanged. Tickline's own begin with `<tickline.`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from tickline.model import Job, Json, RunContext, slot_of
from tickline.slots import INSTANT, Slots

PLACEHOLDER = re.compile(r"<((?:aws\.scheduler|tickline)\.[a-z-]+)>")

Value = Callable[[Job, RunContext], str]


def _previous(job: Job, context: RunContext) -> str:
    return _instant(Slots.of(job).latest_until(context.scheduled_time - INSTANT))


def _next(job: Job, context: RunContext) -> str:
    return _instant(Slots.of(job).next_after(context.scheduled_time))


def _instant(instant: datetime | None) -> str:
    return "" if instant is None else slot_of(instant)


VALUES: Mapping[str, Value] = {
    "aws.scheduler.schedule-arn": lambda job, _: f"tickline:job/{job.job_id}",
    "aws.scheduler.scheduled-time": lambda _, context: slot_of(context.scheduled_time),
    "aws.scheduler.execution-id": lambda _, context: context.attempt_id,
    "aws.scheduler.attempt-number": lambda _, context: str(context.attempt),
    "tickline.job-id": lambda job, _: job.job_id,
    "tickline.run-id": lambda _, context: context.run_id,
    "tickline.zone": lambda job, _: job.zone,
    "tickline.local-time": lambda job, context: context.scheduled_time.astimezone(
        ZoneInfo(job.zone)
    ).isoformat(timespec="seconds"),
    "tickline.previous-scheduled-time": _previous,
    "tickline.next-scheduled-time": _next,
    "tickline.missed-count": lambda _, context: str(context.missed_count),
}
"""What each placeholder stands for. Times are UTC, `local-time` excepted; empty where there is none."""


def unknown_placeholders(payload: Json) -> list[str]:
    """Return the placeholders in the payload that have no meaning here, sorted."""
    used = {name for text in _texts(payload) for name in PLACEHOLDER.findall(text)}
    return sorted(used - set(VALUES))


def fill(payload: Json, job: Job, context: RunContext) -> Json:
    """Return the payload with every placeholder replaced."""
    if isinstance(payload, str):
        return PLACEHOLDER.sub(lambda match: VALUES[match[1]](job, context), payload)
    if isinstance(payload, list):
        return [fill(item, job, context) for item in payload]
    if isinstance(payload, dict):
        return {name: fill(item, job, context) for name, item in payload.items()}
    return payload


def _texts(payload: Json) -> Iterator[str]:
    if isinstance(payload, str):
        yield payload
    elif isinstance(payload, list):
        for item in payload:
            yield from _texts(item)
    elif isinstance(payload, dict):
        for item in payload.values():
            yield from _texts(item)
