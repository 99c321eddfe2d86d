"""Entries, runs, definitions and job states as items, and the conditions under which runs are written."""

import logging
import math
from collections.abc import Callable
from typing import Any, TypeVar

from tickline.errors import StoreError
from tickline.model import Definition, Entry, JobState, Json, Run, RunState, instant_text
from tickline.ports import Claim
from tickline.store.dynamodb_items import Attribute, NotJson, Wire, document_of, of_item, to_item
from tickline.store.dynamodb_requests import Key, expressed
from tickline.store.dynamodb_tables import (
    ACTIVE,
    ALL_DEAD,
    DEAD,
    DUE_KEY,
    JOB_ID,
    REVISION,
    SHARD,
    SLOT,
    STARTED,
    STATE_SLOT,
    TTL,
    due_key,
    shard_of,
)
from tickline.store.items import entry_of, run_of_item, run_to_item

log = logging.getLogger(__name__)

T = TypeVar("T")

NEW = expressed(ConditionExpression="attribute_not_exists(#job_id)")
PRESENT = "attribute_exists(#job_id)"
MADE_BY_HAND = "NOT attribute_type(#revision, :number)"
AT_REVISION = "#revision = :revision"

LOCK: tuple[str, ...] = ("state", "attempt", "owner")
"""What a run's record must still have for whoever read it to replace it."""


# jobs


def definition_to_wire(definition: Definition) -> Wire:
    """Write a definition: its fields, and its revision beside them."""
    document: dict[str, Json] = {**definition.document, REVISION: definition.revision}
    return stored(f"job {definition.job_id}", document)


def definition_of_wire(wire: Wire) -> Definition:
    """Read a definition, whoever wrote it. A revision that is none stays in the document, to be refused."""
    document = document_of(wire)
    revision = 0
    if isinstance(document.get(REVISION), int) and not isinstance(document[REVISION], bool):
        revision = document.pop(REVISION)
    return Definition(job_id=wire[JOB_ID]["S"], document=document, revision=revision)


def at_revision(revision: int | None) -> dict[str, Any]:
    """Return the condition that the stored job has this revision; None: that it is there."""
    if revision is None:
        return expressed(ConditionExpression=PRESENT)
    if revision:
        return expressed({"revision": revision}, ConditionExpression=AT_REVISION)
    by_hand = f"{PRESENT} AND ({MADE_BY_HAND} OR {AT_REVISION})"
    return expressed({"revision": revision, "number": "N"}, ConditionExpression=by_hand)


# timeline


def entry_key(entry: Entry, shards: int) -> Key:
    """Return where an entry is written."""
    return {SHARD: shard_of(entry.job_id, shards), DUE_KEY: due_key(entry)}


def entry_to_wire(entry: Entry, shards: int) -> Wire:
    """Write an entry."""
    item: dict[str, Json] = {
        **entry_key(entry, shards),
        JOB_ID: entry.job_id,
        SLOT: entry.slot,
        "due": instant_text(entry.due),
    }
    return to_item(item | ({"missed": entry.missed} if entry.missed else {}))


def entry_of_wire(wire: Wire) -> Entry | None:
    """Read an entry; None for what is not one: it is logged and left alone."""
    return _read(wire, _entry)


def _entry(item: dict[str, Json]) -> Entry:
    missed = int(item.get("missed", 0))
    entry = entry_of(item["due"], item[JOB_ID], item[SLOT], missed)
    if item[DUE_KEY] != due_key(entry):
        raise ValueError("an entry that nobody could remove")
    return entry


# runs


def run_to_wire(run: Run) -> Wire:
    """Write a run: its record, when it may be forgotten, and its place in the index if it is dead."""
    item = run_to_item(run)
    if run.expires_at is not None:
        item[TTL] = math.ceil(run.expires_at.timestamp())
    if run.state is RunState.DEAD:
        item |= {DEAD: ALL_DEAD, DUE_KEY: due_key(run)}
    return stored(f"run {run.run_id}", item)


def run_of_wire(wire: Wire | None) -> Run | None:
    """Read a run; None for what is not one: it is logged, and its job's other runs go on."""
    if wire is None or wire.get(SLOT) == {"S": STATE_SLOT}:
        return None
    return _read(wire, run_of_item)


def standing(replaces: Run | None) -> dict[str, Any]:
    """Return the condition that the stored record has state, attempt and owner of `replaces`, or is none."""
    if replaces is None:
        return NEW
    item = run_to_item(replaces)
    values = {name: item[name] for name in LOCK if name in item}
    conditions = [
        f"#{name} = :{name}" if name in values else f"attribute_not_exists(#{name})" for name in LOCK
    ]
    return expressed(values, ConditionExpression=" AND ".join(conditions))


# the state of tracked jobs


def state_key(job_id: str) -> Key:
    """Return where a job's state is."""
    return {JOB_ID: job_id, SLOT: STATE_SLOT}


def state_of_wire(wire: Wire | None) -> JobState:
    """Read a job's state; one that is not there is that of a job that never ran."""
    item = wire or {}
    started = int(item.get(STARTED, {}).get("N", 0))
    return JobState(started=started, active="".join(item.get(ACTIVE, {}).get("SS", ())))


def state_change(slot: str, claim: Claim | None, *, release: bool) -> dict[str, Any] | None:
    """Return the update of the job's state that goes with a run's record, with its condition.

    None if nothing is claimed or released. The active run is a set of one: a slot that is not in it can be
    taken out of it, so that a release needs no condition, and never stands in the way of its record.
    """
    updates: list[str] = []
    conditions: list[str] = []
    values: dict[str, Attribute] = {}
    if claim is not None and claim.max_runs is not None:
        updates.append("SET #started = if_not_exists(#started, :none) + :one")
        conditions.append("(attribute_not_exists(#started) OR #started < :most)")
        values |= {":none": {"N": "0"}, ":one": {"N": "1"}, ":most": {"N": str(claim.max_runs)}}
    if claim is not None and claim.exclusive:
        updates.append("ADD #active :slots")
        conditions.append("(attribute_not_exists(#active) OR contains(#active, :slot))")
        values |= {":slots": {"SS": [slot]}, ":slot": {"S": slot}}
    elif release:
        updates.append("DELETE #active :slots")
        values |= {":slots": {"SS": [slot]}}
    if not updates:
        return None
    condition = {"ConditionExpression": " AND ".join(conditions)} if conditions else {}
    change = expressed(UpdateExpression=" ".join(updates), **condition)
    return change | {"ExpressionAttributeValues": values}


# both ways


def stored(what: str, item: dict[str, Json]) -> Wire:
    """Write an item, or say whose it is and why it cannot be."""
    try:
        return to_item(item)
    except NotJson as refused:
        raise StoreError(f"{what} cannot be stored: {refused}") from None


def _read(wire: Wire, reader: Callable[[dict[str, Json]], T]) -> T | None:
    try:
        return reader(of_item(wire))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        key = {name: wire[name].get("S") for name in (JOB_ID, SLOT, DUE_KEY) if name in wire}
        log.error("item not readable", extra={"key": key, "error": type(error).__name__})  # noqa: TRY400
        return None
