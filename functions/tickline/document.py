"""The job document: what people write, read strictly. Every problem is reported, not only the first.

The same names in JSON, YAML, a DynamoDB item, the admin face and the CLI; docs/jobs.md explains them.
"""

import difflib
import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from tickline.addresses import EXAMPLES as ADDRESSES
from tickline.addresses import Address, kind_of
from tickline.errors import InvalidJob, InvalidSchedule, Problem
from tickline.model import (
    MAX_TIMEOUT,
    CatchUp,
    Delivery,
    Job,
    Json,
    OnComplete,
    Overlap,
    Retry,
    RetryOn,
    Unreadable,
)
from tickline.placeholders import unknown_placeholders
from tickline.readers import (
    Reader,
    Refused,
    boolean,
    choice,
    choices,
    duration,
    duration_text,
    instant,
    json_value,
    pattern,
    shown,
    tags,
    text,
    whole_number,
    word,
)
from tickline.schedules import Fold, Gap, check_zone, parse

MAX_PAYLOAD_BYTES = 200 * 1024
"""Leaves room for the rest of the item within DynamoDB's 400 KB."""

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
EXAMPLES = {
    "job_id": "nightly-report",
    "schedule": "cron(30 2 * * ? *)",
    "target": "lambda:nightly-report",
}
JOB_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")


def target(value: Json) -> str:
    """Read the address of a target."""
    if isinstance(value, str) and Address.parse(value) is not None:
        return value
    rule = "a target: lambda:NAME, python:NAME, https://..., sqs:, sns:, events: or states: and a name"
    kind = kind_of(value) if isinstance(value, str) else ""
    raise Refused(f"{shown(value)} is not {rule}", example=ADDRESSES.get(kind, EXAMPLES["target"]))


RETRY_READERS: dict[str, Reader] = {
    "max_attempts": whole_number(least=1, most=186),
    "backoff": duration(most=DAY),
    "max_backoff": duration(least=SECOND, most=DAY),
    "max_age": duration(least=60 * SECOND, most=7 * DAY),
    "retry_on": choices(RetryOn),
}


def retry(value: Json) -> Retry:
    """Read the `retry` object."""
    if not isinstance(value, Mapping):
        raise Refused(f"{shown(value)} is not an object", example='{"max_attempts": 5, "backoff": "30s"}')
    values, problems = _read_fields(value, RETRY_READERS, within="retry.")
    if problems:
        raise _Several(problems)
    return Retry(**values)


READERS: dict[str, Reader] = {
    "job_id": pattern(
        JOB_ID,
        rule="1 to 128 letters, digits, dots, dashes and underscores, a letter or digit at both ends",
        example=EXAMPLES["job_id"],
    ),
    "schedule": text(longest=256, example=EXAMPLES["schedule"]),
    "target": target,
    "payload": json_value(most_bytes=MAX_PAYLOAD_BYTES),
    "description": text(longest=1024, example="Builds the report of the day"),
    "group": text(longest=128, example="finance"),
    "tags": tags,
    "enabled": boolean,
    "max_runs": whole_number(least=1, most=1_000_000_000),
    "run_on_create": boolean,
    "catch_up": choice(CatchUp),
    "catch_up_window": duration(least=60 * SECOND, most=365 * DAY),
    "misfire_after": duration(least=90 * SECOND, most=365 * DAY),
    "overlap": choice(Overlap),
    "retry": retry,
    "delivery": choice(Delivery),
    "timeout": duration(least=SECOND, most=MAX_TIMEOUT),
    "wait": boolean,
    "window": duration(most=DAY),
    "dst_gap": word(*get_args(Gap)),
    "dst_fold": word(*get_args(Fold)),
    "on_complete": choice(OnComplete),
    "on_failure": target,
    "history": duration(least=DAY),
}
INSTANTS = ("start", "end", "created_at")
"""Read after the zone is known, since a local time needs one."""

FIELDS = (*READERS, "zone", *INSTANTS)


class _Several(Refused):
    """An object inside the document has problems of its own."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("has problems")


def read_job(document: object) -> Job:
    """Check a job document and return the job. Raises InvalidJob with every problem at once."""
    if not isinstance(document, Mapping):
        example = '{"job_id": "report", "schedule": "rate(5 minutes)", "target": "lambda:report"}'
        problem = Problem(field="job", message=f"{shown(document)} is not an object", example=example)
        raise InvalidJob("", (problem,))
    problems = [
        Problem(field=name, message="is missing", example=example)
        for name, example in EXAMPLES.items()
        if document.get(name) is None
    ]
    zone, zone_problems = _read_zone(document)
    readers = READERS | dict.fromkeys(INSTANTS, instant(zone)) | {"zone": lambda _: zone.key}
    values, found = _read_fields(document, readers)
    problems += zone_problems + found
    if "schedule" in values:
        problems += _schedule_problems(values)
    problems += _contradictions(values)
    if problems:
        raise InvalidJob(str(document.get("job_id", "")), tuple(problems))
    return Job(**values)


def _read_zone(document: Mapping[str, Json]) -> tuple[ZoneInfo, list[Problem]]:
    name = document.get("zone")
    try:
        return check_zone("UTC" if name is None else name), []
    except InvalidSchedule as error:
        return ZoneInfo("UTC"), [_problem_of(error)]


def _read_fields(
    document: Mapping[str, Json], readers: Mapping[str, Reader], within: str = ""
) -> tuple[dict[str, Any], list[Problem]]:
    """Read all fields that are given and not null; collect what is wrong with them."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in document.items():
        reader = readers.get(name)
        if reader is None:
            problems.append(_unknown_field(name, readers, within))
            continue
        if value is None:
            continue
        if isinstance(value, Unreadable):
            problems.append(Problem(field=within + name, message=value.reason))
            continue
        try:
            values[name] = reader(value)
        except _Several as refused:
            problems += refused.problems
        except Refused as refused:
            problems.append(Problem(field=within + name, message=str(refused), example=refused.example))
    return values, problems


def _unknown_field(name: object, readers: Mapping[str, Reader], within: str) -> Problem:
    near = difflib.get_close_matches(str(name), list(readers), n=1)
    hint = f"did you mean {near[0]!r}?" if near else "fields are: " + ", ".join(sorted(readers))
    return Problem(field=within + str(name), message=f"is not a field; {hint}")


def _schedule_problems(values: Mapping[str, Any]) -> list[Problem]:
    try:
        parse(
            values["schedule"],
            zone=values.get("zone", "UTC"),  # where the zone is refused, the rest is still told
            job_id=values.get("job_id", ""),
            dst_gap=values.get("dst_gap", "skip"),
            dst_fold=values.get("dst_fold", "first"),
        )
    except InvalidSchedule as error:
        return [_problem_of(error)]
    return []


def _problem_of(error: InvalidSchedule) -> Problem:
    where = f"character {error.position + 1}: " if error.position is not None else ""
    if error.field == "zone":
        return Problem(field="zone", message=error.message, example=error.example)
    return Problem(field="schedule", message=f"{where}{error.field}: {error.message}", example=error.example)


def _contradictions(values: Mapping[str, Any]) -> list[Problem]:
    """Find fields that are right alone and wrong together."""
    problems = []
    default = Job(job_id="", schedule="", target="")
    window = values.get("catch_up_window", default.catch_up_window)
    misfire_after = values.get("misfire_after", default.misfire_after)
    if window < misfire_after:
        message = (
            f"{duration_text(window)} is shorter than misfire_after, {duration_text(misfire_after)};"
            " a job that must never run late has catch_up: skip"
        )
        problems.append(Problem(field="catch_up_window", message=message, example="24h"))
    start, end = values.get("start"), values.get("end")
    if start is not None and end is not None and end < start:
        message = f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} is before start"
        problems.append(Problem(field="end", message=message))
    for name in unknown_placeholders(values.get("payload")):
        example = "<tickline.run-id>"
        message = f"<{name}> is not a placeholder"
        problems.append(Problem(field="payload", message=message, example=example))
    if values.get("wait") is False and values.get("overlap", Overlap.ALLOW) is not Overlap.ALLOW:
        message = f"{values['overlap']} needs to know when a run has ended; it goes with wait: true"
        problems.append(Problem(field="overlap", message=message, example="allow"))
    return problems
