"""The admin function: {"action": ..., ...} in, {"ok": ...} out. Whoever may invoke it may do all of it."""

import logging
from functools import cache
from typing import Any

from tickline.admin import Admin, handle
from tickline.handlers.process import Context, settings
from tickline.model import Json
from tickline.wiring import aws

log = logging.getLogger(__name__)


def handler(event: Json, context: Context) -> dict[str, Any]:  # noqa: ARG001 - Lambda gives both
    """Answer a person or a program."""
    answer = handle(_admin(), event)
    log.info("request answered", extra=_summary(event, answer))
    return answer


@cache
def _admin() -> Admin:
    return aws.admin(settings())


def _summary(request: Json, answer: dict[str, Any]) -> dict[str, Json]:
    """Return what is logged of a request. Never the job: its payload may hold secrets."""
    given = request if isinstance(request, dict) else {}
    return {
        "action": str(given.get("action", ""))[:64],
        "job_id": str(given.get("job_id") or answer.get("job_id", ""))[:256],
        "function": str(given.get("name", ""))[:64],
        "ok": answer["ok"],
        "code": "" if answer["ok"] else answer["error"]["code"],  # a run that is shown has an error, too
    }
