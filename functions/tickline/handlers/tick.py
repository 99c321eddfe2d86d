"""The tick function. The timer calls it with the shards that are its share.

    {"shards": [0, 4]}       shards 0, 1, 2 and 3
    {}                       all of them
    {"job_id": "report"}     one job, of which somebody expects something soon: see tickline.wiring.aws.hurry

It rings for what is due until a little after the next tick begins, if there is something to wait for. The
tick of shard 0 looks first at a slice of all jobs, for those that were written by hand.
"""

import logging
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from tickline import metrics
from tickline.clocks import SystemClock
from tickline.handlers.process import Context, milliseconds, remaining, settings
from tickline.model import RunState
from tickline.ports import Store
from tickline.settings import Precision
from tickline.tick import Report, Tick, sweep_anywhere
from tickline.wiring import aws

log = logging.getLogger(__name__)

PERIOD = timedelta(minutes=1)
"""How often the timer calls."""

OVERLAP = timedelta(seconds=10)
"""By how much the timer may be late and no run is late. What falls due meanwhile is rung for by two ticks."""

SPARE = timedelta(seconds=15)
"""What is left of the function's time when a tick stops: enough for the slowest pass to end."""

SWEEP_JOBS = 100


def handler(event: dict[str, Any], context: Context) -> None:
    """Answer the timer."""
    job_id = event.get("job_id")
    share = event.get("shards", (0, settings().shards))
    shards = aws.shards_of(settings(), job_id) if job_id else range(*share)
    tick, clock = _tick(shards), SystemClock()
    began = clock.now()
    if shards.start == 0 and job_id is None:
        _sweep(tick.store, began)
    horizon = began
    if settings().precision is Precision.SECOND:
        horizon += min(PERIOD + OVERLAP, remaining(context) - SPARE)
    report = tick.through(horizon, clock=clock, out_of_time=lambda: remaining(context) < SPARE, job_id=job_id)
    ended = clock.now()
    counts = {"tick_duration": milliseconds(ended - began), **_counts(report)}
    metrics.emit(counts, stack=settings().stack, now=ended)
    if report.entries:
        fields = {"entries": report.entries, "rung": report.rung, "undecided": report.failed}
        log.info("tick ended", extra={**fields, "unfinished": report.unfinished})


@cache
def _tick(shards: range) -> Tick:
    return aws.tick(settings(), aws.store(settings(), reads=shards))


def _sweep(store: Store, now: datetime) -> None:
    try:
        sweep_anywhere(store, now, limit=SWEEP_JOBS)
    except Exception:
        # The ticks to come sweep as well; this one has done its work.
        log.exception("sweep failed")


def _counts(report: Report) -> dict[str, float]:
    states = [record.state for record in report.records]
    return {
        "due_backlog": report.backlog,
        "oldest_due_age": report.oldest.total_seconds(),
        "skipped": states.count(RunState.SKIPPED),
        "dead": states.count(RunState.DEAD),
    }
