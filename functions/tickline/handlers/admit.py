"""The admit function: the stream of the jobs table calls it when a definition was written, by whomever.

It puts the first entries of the jobs that have none. What it cannot do the sweep of a tick does later.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from tickline import metrics
from tickline.handlers.process import Context, settings
from tickline.model import Definition
from tickline.ports import Store
from tickline.tick import SOON, admit, understand
from tickline.wiring import aws

log = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: Context) -> None:  # noqa: ARG001 - Lambda gives both
    """Answer the stream."""
    settings()
    job_ids = {record["dynamodb"]["Keys"]["job_id"]["S"] for record in event["Records"]}
    definitions = list(_store().jobs(job_ids).values())
    now = datetime.now(UTC)
    entries = admit(_store(), definitions, now)
    for entry in entries:
        log.info("job admitted", extra={"job_id": entry.job_id, "slot": entry.slot})
    for job_id in sorted({entry.job_id for entry in entries if entry.due <= now + SOON}):
        aws.hurry(settings(), job_id)
    invalid = _invalid(definitions)
    for job_id, reason in invalid:
        log.warning("job set aside", extra={"job_id": job_id, "reason": reason})
    if invalid:
        metrics.emit({"invalid_jobs": len(invalid)}, stack=settings().stack, now=now)


@cache
def _store() -> Store:
    return aws.store(settings())


def _invalid(definitions: Sequence[Definition]) -> list[tuple[str, str]]:
    """Return the ids of definitions that cannot be understood, and the field that is the first reason."""
    found = ((definition.job_id, understand(definition).invalid) for definition in definitions)
    return [(job_id, invalid.problems[0].field) for job_id, invalid in found if invalid is not None]
