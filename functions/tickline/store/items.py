"""Runs and entries as plain items, the same for every store: text, whole numbers, lists and maps.

Only what differs from the default is written. Reading ignores names it does not know, so that a store
which a newer version has written can still be read.
"""

from datetime import datetime
from typing import Any

from tickline.model import (
    Attempt,
    Cause,
    Entry,
    Json,
    Run,
    RunState,
    instant_of,
    instant_text,
    slot_of,
    slot_time,
)

Item = dict[str, Json]

INSTANTS = ("due", "lease", "not_before", "started_at", "ended_at", "expires_at", "redriven_at")
TEXTS = ("owner", "result", "error", "reason")
NUMBERS = ("attempt", "count", "missed", "attempts_before")


def run_to_item(run: Run) -> Item:
    """Write a run as an item."""
    item: Item = {"job_id": run.job_id, "slot": run.slot, "state": run.state.value}
    for name in INSTANTS:
        instant: datetime | None = getattr(run, name)
        if instant is not None:
            item[name] = instant_text(instant)
    for name in (*TEXTS, *NUMBERS, "until"):
        if value := getattr(run, name):
            item[name] = value
    if run.cause is not None:
        item["cause"] = run.cause.value
    if run.tracked:
        item["tracked"] = 1
    if run.attempts:
        item["attempts"] = [_attempt_to_item(attempt) for attempt in run.attempts]
    return item


def run_of_item(item: Item) -> Run:
    """Read a run from an item. Raises KeyError or ValueError for what `run_to_item` did not write."""
    known: dict[str, Any] = {name: instant_of(item[name]) for name in INSTANTS if item.get(name) is not None}
    known |= {name: str(item[name]) for name in (*TEXTS, "until") if name in item}
    known |= {name: int(item[name]) for name in NUMBERS if name in item}
    return Run(
        job_id=item["job_id"],
        slot=item["slot"],
        state=RunState(item["state"]),
        cause=Cause(item["cause"]) if "cause" in item else None,
        tracked=bool(item.get("tracked")),
        attempts=tuple(_attempt_of_item(attempt) for attempt in item.get("attempts", ())),
        **known,
    )


def entry_of(due: str, job_id: str, slot: str, missed: int) -> Entry:
    """Read an entry. Raises ValueError for a slot or an instant that no tick has written."""
    instant = slot_time(slot)
    if instant is not None and (instant.tzinfo is None or slot_of(instant) != slot):
        raise ValueError("not a slot")
    entry = Entry(due=instant_of(due), job_id=job_id, slot=slot, missed=missed)
    if entry.due.tzinfo is None or instant_text(entry.due) != due:
        raise ValueError("not an instant")
    return entry


def _attempt_to_item(attempt: Attempt) -> Item:
    item: Item = {
        "attempt": attempt.attempt,
        "started_at": instant_text(attempt.started_at),
        "ended_at": instant_text(attempt.ended_at),
        "outcome": attempt.outcome,
    }
    return item | {"error": attempt.error} if attempt.error else item


def _attempt_of_item(item: Item) -> Attempt:
    return Attempt(
        attempt=int(item["attempt"]),
        started_at=instant_of(item["started_at"]),
        ended_at=instant_of(item["ended_at"]),
        outcome=item["outcome"],
        error=item.get("error", ""),
    )
