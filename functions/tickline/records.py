"""Records of runs: what is written when a slot is skipped, an attempt ends, a run is over. Pure values."""

from dataclasses import replace
from datetime import datetime, timedelta

from tickline.model import (
    Attempt,
    Cause,
    Delivery,
    Doorbell,
    Entry,
    Failure,
    Job,
    Result,
    RetryOn,
    Run,
    RunState,
    SlotKind,
    slot_of,
    stable_hash,
)

DEFAULT_HISTORY = timedelta(days=90)

HISTORY_MARGIN = timedelta(days=1)
"""A record outlives catch_up_window by this much, since a slot without a record may be started."""

LOGGED = 200
"""Attempts that a record keeps: more than one set has, and few enough to be stored."""

CREATED_BY_HAND = SlotKind.CREATED + "by-hand"
"""Run on create of a job that does not know its creation. Its record is kept: it is the only memory of it."""


def skipped(
    entry: Entry | Doorbell,
    job: Job | None,
    cause: Cause,
    reason: str,
    *,
    now: datetime,
    count: int = 1,
    until: datetime | None = None,
) -> Run:
    """Return the record that says why a slot, or a range of them, had no run."""
    blank = Run(job_id=entry.job_id, slot=entry.slot, state=RunState.SKIPPED, due=entry.due)
    return replace(
        ended(job, blank, RunState.SKIPPED, now=now, reason=reason),
        cause=cause,
        count=count,
        until=None if until is None else slot_of(until),
        missed=entry.missed,
    )


def ended(job: Job | None, run: Run, state: RunState, *, now: datetime, reason: str = "") -> Run:
    """Return the final record of a run. It is kept for the job's history, and never too short a time."""
    keep = DEFAULT_HISTORY
    if job is not None:
        keep = max(job.history, job.catch_up_window + HISTORY_MARGIN)
    return replace(
        run,
        state=state,
        lease=None,
        not_before=None,
        ended_at=now,
        reason=reason,
        expires_at=None if run.slot == CREATED_BY_HAND else now + keep,
    )


def after_call(job: Job, run: Run, result: Result, *, now: datetime) -> Run:
    """Return what a running run becomes when its call has ended: succeeded, ready again, or dead."""
    attempts = log_attempt(run, now, result.failure, result.error)
    tried = replace(run, attempts=attempts, result=result.summary, error=result.error, ended_at=now)
    if result.failure is None:
        return ended(job, tried, RunState.SUCCEEDED, now=now)
    if refusal := _no_retry(job, run, result.failure):
        return ended(job, tried, RunState.DEAD, now=now, reason=refusal)
    not_before = now + retry_delay(job, run)
    if result.failure is Failure.UNKNOWN and run.lease is not None:
        # The call may still be going on: the next attempt must not run beside it.
        not_before = max(not_before, run.lease)
    if not_before - (run.redriven_at or run.due) > job.retry.max_age:
        reason = f"the next attempt would be later than retry.max_age ({job.retry.max_age})"
        return ended(job, tried, RunState.DEAD, now=now, reason=reason)
    return replace(
        tried,
        state=RunState.READY,
        attempt=run.attempt + 1,
        owner="",
        lease=None,
        not_before=not_before,
    )


def redriven(run: Run, *, now: datetime) -> Run:
    """Return what a dead run becomes when a person asks for another set of attempts.

    It is the same run, with its history; its attempts go on being numbered, so that no number comes twice.
    """
    return replace(
        run,
        state=RunState.READY,
        attempt=run.attempt + 1,
        attempts_before=run.attempt,
        redriven_at=now,
        not_before=now,
        owner="",
        reason="",
        ended_at=None,
        expires_at=None,
    )


def _no_retry(job: Job, run: Run, failure: Failure) -> str:
    """Tell why a failed attempt is the last one; empty if it is not."""
    if failure is Failure.PERMANENT:
        return "another attempt cannot succeed"
    if run.tries >= job.retry.max_attempts:
        return f"attempt {run.attempt} was the last one"
    if job.delivery is Delivery.AT_MOST_ONCE and failure is not Failure.NOT_STARTED:
        return "delivery=at_most_once, and the target may have run"
    kind = RetryOn.FUNCTION if failure is Failure.FUNCTION else RetryOn.TRANSPORT
    return "" if kind in job.retry.retry_on else f"retry_on does not list {kind}"


def retry_delay(job: Job, run: Run) -> timedelta:
    """Return how long to wait after a failed attempt: exponential backoff with full jitter.

    The jitter is a hash of run and attempt: spread over runs like chance, yet the same for whoever asks.
    """
    doublings = min(run.tries - 1, 20)  # a second doubled 20 times exceeds every max_backoff
    ceiling = min(job.retry.max_backoff, job.retry.backoff * (1 << doublings))
    return ceiling * (stable_hash(f"{run.run_id}#{run.attempt}") / 2**64)


def log_attempt(run: Run, now: datetime, failure: Failure | None, error: str) -> tuple[Attempt, ...]:
    """Return the run's attempts with the one that ends now. Of very many the first and the newest stay."""
    before = run.attempts if len(run.attempts) < LOGGED else (run.attempts[0], *run.attempts[2:])
    outcome = "succeeded" if failure is None else failure.value
    tried = Attempt(
        attempt=run.attempt,
        started_at=run.started_at or run.due,
        ended_at=now,
        outcome=outcome,
        error=error,
    )
    return (*before, tried)
