"""The three tables as DynamoDB has them: names of attributes and of the index, and the shapes of keys.

jobs      job_id                     the document's fields; revision
timeline  shard, due_key             job_id, slot, due; missed
runs      job_id, slot               the run's record; ttl; dead and due_key on dead runs only
          job_id, "@state"           what max_runs and overlap must know: started, active
dead      dead, due_key              index on runs, keys only: the dead runs of all jobs
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tickline.model import Entry, Run, instant_text, stable_hash

JOB_ID = "job_id"
SHARD = "shard"
DUE_KEY = "due_key"
SLOT = "slot"
REVISION = "revision"
TTL = "ttl"
DEAD = "dead"
STARTED = "started"
ACTIVE = "active"

DEAD_INDEX = "dead"
ALL_DEAD = "all"
"""The one partition of the index of dead runs: there are few of them, or there is worse trouble."""

STATE_SLOT = "@state"
"""Where a job's state is kept among its runs. Slots begin with a digit or a small letter, never with this."""

KEY_TYPES = {SHARD: "N"}
"""Keys are text, but for these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The names of the three tables."""

    jobs: str
    timeline: str
    runs: str


def shard_of(job_id: str, shards: int) -> int:
    """Return the shard in which a job's entries are written."""
    return stable_hash(job_id) % shards


def due_key(place: Entry | Run) -> str:
    """Return the sort key of an entry or a dead run: sorts by due instant, then job_id, then slot."""
    return f"{instant_text(place.due)}#{place.job_id}#{place.slot}"


def behind(due: datetime) -> str:
    """Return a text that sorts behind every due_key of this instant and before those of any later one."""
    return instant_text(due) + "$"  # "$" is the character that follows "#"


def create_tables(client: Any, tables: Tables) -> None:
    """Make the tables as tests and the local box need them; a deployment's come from its stack."""
    _create(client, tables.jobs, JOB_ID)
    _create(client, tables.timeline, SHARD, DUE_KEY)
    index = {
        "IndexName": DEAD_INDEX,
        "KeySchema": _key(DEAD, DUE_KEY),
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    _create(client, tables.runs, JOB_ID, SLOT, indexes=[index])
    client.update_time_to_live(
        TableName=tables.runs, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL}
    )


def _create(client: Any, table: str, *key: str, indexes: list[dict[str, Any]] | None = None) -> None:
    schemas = [_key(*key), *(index["KeySchema"] for index in indexes or [])]
    names = {part["AttributeName"] for schema in schemas for part in schema}
    client.create_table(
        TableName=table,
        KeySchema=schemas[0],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": KEY_TYPES.get(name, "S")} for name in sorted(names)
        ],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    )


def _key(*names: str) -> list[dict[str, str]]:
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds, strict=False)]
