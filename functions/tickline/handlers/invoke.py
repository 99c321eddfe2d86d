"""The invoke function. The topic calls it with one message, which holds up to a hundred doorbells.

All are answered at the same time. What cannot be answered is left: it stays due, and a tick rings again.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from tickline import metrics
from tickline.dispatch.messages import unpack
from tickline.errors import NotAnswered, UnknownMessage
from tickline.handlers.process import Context, deadline, milliseconds, settings
from tickline.invoke import Invoke
from tickline.model import Doorbell, Run, RunState
from tickline.policy import GRACE
from tickline.wiring import aws

log = logging.getLogger(__name__)

OPEN_OR_DEAD = frozenset({RunState.READY, RunState.DEAD})
"""What a run can be after an attempt that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one doorbell: the records that were written, in order; `failed` if an error ended it."""

    runs: Sequence[Run] = ()
    failed: bool = False


def handler(event: dict[str, Any], context: Context) -> None:
    """Answer the topic. Raises NotAnswered when an error kept a doorbell from its answer."""
    settings()
    until = deadline(context)
    bells = [bell for record in event["Records"] for bell in _bells(record["Sns"]["Message"])]
    if not bells:
        return
    with ThreadPoolExecutor(len(bells), thread_name_prefix="run") as threads:
        answers = list(threads.map(partial(_answer, until=until), bells))
    _report(answers)
    if failed := sum(answer.failed for answer in answers):
        raise NotAnswered(f"{failed} of {len(answers)} doorbells; the lines before this one say why")


@cache
def _invoke() -> Invoke:
    return aws.invoke(settings())


def _bells(message: str) -> list[Doorbell]:
    """Read a message; one that another version wrote is left, so that a tick rings again."""
    try:
        return unpack(message)
    except UnknownMessage as error:
        log.warning("message not read", extra={"reason": str(error)})
        metrics.emit({"unread_messages": 1}, stack=settings().stack, now=datetime.now(UTC))
        return []


def _answer(bell: Doorbell, until: datetime) -> Answer:
    """Answer one doorbell, whatever happens to it, and see its next attempts through if they follow soon."""
    runs = []
    try:
        for run in _invoke().insist(bell, patience=GRACE, deadline=until):
            runs.append(run)
            _tell(run)
    except Exception:
        log.exception("doorbell not answered", extra={"job_id": bell.job_id, "slot": bell.slot})
        return Answer(runs=runs, failed=True)
    return Answer(runs=runs)


def _tell(run: Run) -> None:
    attempt = run.attempts[-1] if run.attempts else None
    fields = {
        "job_id": run.job_id,
        "run_id": run.run_id,
        "attempt": attempt.attempt if attempt else run.attempt,
        "outcome": attempt.outcome if attempt else run.reason,
        "lateness_ms": None if run.lateness is None else milliseconds(run.lateness),
    }
    log.info("run %s", run.state, extra=fields)


def _report(answers: Sequence[Answer]) -> None:
    runs = [run for answer in answers for run in answer.runs]
    states = [run.state for run in runs]
    first = [run.lateness for run in runs if len(run.attempts) == 1]
    counts: dict[str, metrics.Values] = {
        "lateness": [milliseconds(lateness) for lateness in first if lateness is not None],
        "succeeded": states.count(RunState.SUCCEEDED),
        "failed": sum(run.state in OPEN_OR_DEAD and bool(run.attempts) for run in runs),
        "dead": states.count(RunState.DEAD),
        "skipped": states.count(RunState.SKIPPED),
        "refused": sum(not answer.runs and not answer.failed for answer in answers),
    }
    metrics.emit(counts, stack=settings().stack, now=datetime.now(UTC))
