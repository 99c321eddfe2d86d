"""Doctor: look over a live store for what should not be, and say what to do about it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tickline.allowed import Allowed
from tickline.model import Definition, Entry, Run, RunState, instant_text
from tickline.ports import Store
from tickline.tick import missing_entries, understand
from tickline.views import View

SLACK = timedelta(minutes=2)
"""A tick comes every minute; what it should have done for longer than this, it does not do."""

RECENT = timedelta(days=1)
MOST_WAITING = 10_000
LISTED = 100
"""Findings of one kind; a store with more of them has one trouble, not many."""


def examine(store: Store, now: datetime, *, allowed: Allowed | None = None) -> list[View]:
    """Return findings: `code`, `job_id` where it is about one job, `message`, and `advice`.

    `allowed`: which targets may be called; None: all.
    """
    return [*_jobs(store, now, allowed), *_late(store, now), *_dead(store, now)]


def _finding(code: str, message: str, advice: str, *, job_id: str = "") -> View:
    return {"code": code, "job_id": job_id, "message": message, "advice": advice}


def _jobs(store: Store, now: datetime, allowed: Allowed | None) -> Iterator[View]:
    """Find definitions that cannot be read, whose runs must fail, or that the timeline does not know."""
    # A job that waits for a tick gets its next entry from that tick: that is one finding, overdue.
    waiting = {entry.job_id for entry in store.due(now, limit=MOST_WAITING)}
    after = ""
    while definitions := store.some_jobs(after=after, limit=LISTED):
        after = definitions[-1].job_id
        for definition in definitions:
            yield from _definition(definition, allowed)
        for entry in missing_entries(store, definitions, now):
            if entry.job_id not in waiting:
                message = f"its entry of {entry.slot} is not in the timeline"
                advice = "a running tick adds it within a sweep; is one running?"
                yield _finding("not_admitted", message, advice, job_id=entry.job_id)


def _definition(definition: Definition, allowed: Allowed | None) -> Iterator[View]:
    """Find what is wrong with one definition."""
    correct = f"tickline job put FILE, after tickline job show {definition.job_id}"
    if (invalid := understand(definition).invalid) is not None:
        message = "; ".join(str(problem) for problem in invalid.problems)
        yield _finding("invalid_job", message, f"correct it: {correct}", job_id=definition.job_id)
        return
    if allowed is not None and (refused := allowed.problems(definition.document)):
        message = "; ".join(str(problem) for problem in refused)
        advice = f"every such run will be given up; deploy as it says, or choose another target: {correct}"
        yield _finding("not_allowed", message, advice, job_id=definition.job_id)


def _late(store: Store, now: datetime) -> Iterator[View]:
    """Find entries that no tick has looked at, and runs whose worker is gone and that no tick has given back.

    A run that is open has its entry in the timeline, so no other place need be searched.
    """
    unseen: list[Entry] = []
    lost: list[Run] = []
    for entry, run in _due_with_runs(store, now - SLACK):
        if run is None:
            unseen.append(entry)
        elif run.state is RunState.RUNNING and (run.lease is None or run.lease < now - SLACK):
            lost.append(run)
    if unseen:
        first = unseen[0]
        since = instant_text(first.due)
        message = f"{len(unseen)} entries are overdue, the first ({first.job_id}) since {since}"
        advice = "no tick is running: start tickline dev, or look at the log of the tick"
        yield _finding("overdue", message, advice)
    for run in lost[:LISTED]:
        message = f"run {run.run_id} has been running past its lease"
        advice = "a running tick gives it back; is one running?"
        yield _finding("lost_run", message, advice, job_id=run.job_id)


def _due_with_runs(store: Store, until: datetime) -> Iterator[tuple[Entry, Run | None]]:
    """Yield the earliest entries that are due, MOST_WAITING at most, with their runs' records if any."""
    entries = store.due(until, limit=MOST_WAITING)
    for start in range(0, len(entries), LISTED):
        page = entries[start : start + LISTED]
        runs = store.runs([(entry.job_id, entry.slot) for entry in page])
        yield from ((entry, runs.get((entry.job_id, entry.slot))) for entry in page)


def _dead(store: Store, now: datetime) -> Iterator[View]:
    """Find runs that were given up lately."""
    for run in store.list_runs(states=frozenset({RunState.DEAD}), limit=LISTED):
        if run.ended_at is not None and run.ended_at > now - RECENT:
            message = f"run {run.run_id} was given up: {run.reason}; {run.error}".rstrip("; ")
            advice = f"mend the target, then tickline redrive {run.job_id} --at {run.slot}"
            yield _finding("dead_run", message, advice, job_id=run.job_id)
