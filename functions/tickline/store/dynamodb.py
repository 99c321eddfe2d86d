"""The Store on three DynamoDB tables. Reads are strongly consistent; conditions travel with their write.

A run costs four single-item writes and no transaction; only jobs with max_runs or overlap pay for one at
start and end. What a question costs stands with its method: `tick` and `invoke` ask none that grows with the
number of jobs or runs.
"""

import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from tickline.errors import StoreError
from tickline.model import Definition, Entry, JobState, Run, RunState, slot_of
from tickline.ports import Claim, Place, RunKey, Store, Write
from tickline.store import dynamodb_records as records
from tickline.store.dynamodb_errors import Cancelled, Refused
from tickline.store.dynamodb_items import Wire, to_item
from tickline.store.dynamodb_requests import Key, Requests, TooMuch, expressed, possible
from tickline.store.dynamodb_tables import (
    ALL_DEAD,
    DEAD_INDEX,
    DUE_KEY,
    JOB_ID,
    SHARD,
    SLOT,
    STATE_SLOT,
    Tables,
    behind,
    due_key,
    shard_of,
)

FIRST = "0"
"""Sorts before every due_key."""

SPARE = 10
"""How many more items than needed a page asks for: they fit into the 4 KB that are paid for anyway."""

MOST_SCANNED = 300
"""Pages that one question about the runs of all jobs may read: 300,000 records, or 300 MB for a cent."""


class DynamoStore(Store):
    """Jobs, timeline and runs in three tables.

    `shards` is the highest number ever used. `reads`: the shards in which this store looks for what is
    due, by default all; entries are put and removed wherever they belong. `page`: the most items that one
    request asks for. `sleep` waits between repetitions of what DynamoDB left undone. Good for any number of
    threads.
    """

    def __init__(
        self,
        client: Any,
        tables: Tables,
        *,
        shards: int,
        reads: range | None = None,
        page: int = 1000,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._shards = shards
        self._reads = range(shards) if reads is None else reads
        self._jobs = Requests(client, tables.jobs, page=page, sleep=sleep)
        self._timeline = Requests(client, tables.timeline, page=page, sleep=sleep)
        self._runs = Requests(client, tables.runs, page=page, sleep=sleep)

    # jobs

    def job(self, job_id: str) -> Definition | None:
        """See Store.job."""
        wire = self._jobs.get({JOB_ID: job_id})
        return None if wire is None else records.definition_of_wire(wire)

    def jobs(self, job_ids: Iterable[str]) -> dict[str, Definition]:
        """See Store.jobs."""
        found = self._jobs.get_many({JOB_ID: job_id} for job_id in job_ids)
        return {made.job_id: made for made in map(records.definition_of_wire, found)}

    def list_jobs(self, *, after: str = "", limit: int = 100) -> list[Definition]:
        """See Store.list_jobs. Reads the whole table: its keys have no order. For people's questions."""
        found = map(records.definition_of_wire, self._jobs.scan())
        return heapq.nsmallest(limit, (made for made in found if made.job_id > after), key=_job_id)

    def some_jobs(self, *, after: str = "", limit: int = 100) -> list[Definition]:
        """See Store.some_jobs."""
        start = {JOB_ID: after} if after else None
        found = self._jobs.scan(start=start, Limit=limit)
        return [records.definition_of_wire(wire) for wire in islice(found, limit)]

    def put_job(self, definition: Definition, *, revision: int | None) -> bool:
        """See Store.put_job."""
        item = records.definition_to_wire(definition)
        condition = records.NEW if revision is None else records.at_revision(revision)
        return self._change_job("put_item", Item=item, **condition)

    def delete_job(self, job_id: str, *, revision: int | None = None) -> bool:
        """See Store.delete_job."""
        key = {JOB_ID: job_id}
        if not possible(key):
            return False
        return self._change_job("delete_item", Key=to_item(key), **records.at_revision(revision))

    def _change_job(self, operation: str, **request: Any) -> bool:
        """Make a conditional write; say whether its condition was met."""
        try:
            self._jobs.call(operation, TableName=self._jobs.table, **request)
        except Refused:
            return False
        return True

    # timeline

    def due(self, until: datetime, *, limit: int, after: Entry | None = None) -> list[Entry]:
        """See Store.due. One query a shard, and another for each further page."""
        first, last = FIRST if after is None else due_key(after), behind(until)
        if first > last:
            return []
        share = limit // len(self._reads) + SPARE
        shards = [self._due_in(shard, first, last, share) for shard in self._reads]
        found: dict[str, Entry] = {}
        strays: dict[str, tuple[int, Entry]] = {}
        for key, shard, entry in heapq.merge(*shards):
            if key != first:
                found[key] = entry
            if shard != shard_of(entry.job_id, self._shards):
                strays[key] = shard, entry
            if len(found) == limit:
                break
        if strays:
            self._bring_home(strays)
        return list(found.values())

    def _due_in(self, shard: int, first: str, last: str, share: int) -> Iterator[tuple[str, int, Entry]]:
        request = expressed(
            {"shard": shard, "first": first, "last": last},
            KeyConditionExpression="#shard = :shard AND #due_key BETWEEN :first AND :last",
        )
        for wire in self._timeline.query(limit=share, **request):
            entry = records.entry_of_wire(wire)
            if entry is not None:
                yield due_key(entry), shard, entry

    def _bring_home(self, strays: dict[str, tuple[int, Entry]]) -> None:
        """Move entries from the shard that was theirs before the number of shards was raised.

        Where they are now nobody would remove them. First put, then delete: never is there none.
        """
        self.put_entries([entry for _, entry in strays.values()])
        self._timeline.write_many(delete=[{SHARD: shard, DUE_KEY: key} for key, (shard, _) in strays.items()])

    def next_due(self, after: datetime) -> datetime | None:
        """See Store.next_due. One query a shard."""
        nexts = [self._next_in(shard, after) for shard in self._reads]
        return min((found for found in nexts if found is not None), default=None)

    def _next_in(self, shard: int, after: datetime) -> datetime | None:
        request = expressed(
            {"shard": shard, "last": behind(after)},
            KeyConditionExpression="#shard = :shard AND #due_key > :last",
        )
        entries = map(records.entry_of_wire, self._timeline.query(limit=1, **request))
        return next((entry.due for entry in entries if entry is not None), None)

    def put_entries(self, entries: Sequence[Entry]) -> None:
        """See Store.put_entries."""
        items = {due_key(entry): records.entry_to_wire(entry, self._shards) for entry in entries}
        self._timeline.write_many(put=items.values())

    def remove_entries(self, entries: Sequence[Entry]) -> None:
        """See Store.remove_entries."""
        keys = {due_key(entry): records.entry_key(entry, self._shards) for entry in entries}
        self._timeline.write_many(delete=keys.values())

    def absent_entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """See Store.absent_entries."""
        keys = [records.entry_key(entry, self._shards) for entry in entries]
        found = self._timeline.get_many(keys, **expressed(ProjectionExpression="#due_key"))
        there = {wire[DUE_KEY]["S"] for wire in found}
        return [entry for entry in entries if due_key(entry) not in there]

    # runs

    def run(self, job_id: str, slot: str) -> Run | None:
        """See Store.run."""
        return records.run_of_wire(self._runs.get({JOB_ID: job_id, SLOT: slot}))

    def runs(self, keys: Iterable[RunKey]) -> dict[RunKey, Run]:
        """See Store.runs."""
        wanted: list[Key] = [{JOB_ID: job_id, SLOT: slot} for job_id, slot in keys]
        found = map(records.run_of_wire, self._runs.get_many(wanted))
        return {(run.job_id, run.slot): run for run in found if run is not None}

    def list_runs(
        self,
        job_id: str | None = None,
        *,
        before: Place | None = None,
        states: frozenset[RunState] = frozenset(),
        limit: int = 100,
    ) -> list[Run]:
        """See Store.list_runs.

        Of one job: reads little more than it returns, but with `states` back through its history until
        enough is found, and always all its runs that no schedule asked for. Scheduled runs come in the order
        of their slots, which is that of their due instants unless the job's window was changed in between.

        Of all jobs, the dead: by an index, which may lag behind by a moment. Of all jobs otherwise: reads the
        whole table, and raises StoreError when that is too large. For people's questions only.
        """
        if job_id is not None:
            found = self._of_job(job_id, before, states, limit) if possible({JOB_ID: job_id}) else iter(())
        elif states == {RunState.DEAD}:
            return list(islice(self._all_dead(before, limit), limit))
        else:
            found = self._of_all(states)
        return heapq.nlargest(limit, _behind(found, before), key=_place)

    def _of_job(
        self, job_id: str, before: Place | None, states: frozenset[RunState], limit: int
    ) -> Iterator[Run]:
        """Return the newest scheduled runs behind `before`, and all others of the job."""
        # No run is due before its slot: none that comes behind an instant has a later slot.
        at = STATE_SLOT if before is None else slot_of(before[0]) + "~"
        scheduled = self._slots(job_id, "#slot < :at", at, states, limit + SPARE)
        yield from islice(_behind(scheduled, before), limit + SPARE)
        yield from self._slots(job_id, "#slot > :at", STATE_SLOT, states, None)

    def _slots(
        self, job_id: str, where: str, at: str, states: frozenset[RunState], limit: int | None
    ) -> Iterator[Run]:
        """Return a job's runs of a range of slots, the last first; `limit`: no more will be looked at."""
        values, filtered = _states(states)
        request = expressed(
            {"job_id": job_id, "at": at, **values},
            KeyConditionExpression=f"#job_id = :job_id AND {where}",
            **({"FilterExpression": filtered} if filtered else {}),
        )
        found = self._runs.query(limit=None if states else limit, ScanIndexForward=False, **request)
        return _readable(found)

    def _all_dead(self, before: Place | None, limit: int) -> Iterator[Run]:
        last = "~" if before is None else due_key(Entry(due=before[0], job_id=before[1], slot=before[2]))
        request = expressed(
            {"dead": ALL_DEAD, "last": last},
            KeyConditionExpression="#dead = :dead AND #due_key < :last",
        )
        found = self._runs.query(
            limit=limit, IndexName=DEAD_INDEX, ConsistentRead=False, ScanIndexForward=False, **request
        )
        # The index may lag: it says where to look, the records say what is dead.
        while keys := [(wire[JOB_ID]["S"], wire[SLOT]["S"]) for wire in islice(found, limit)]:
            runs = self.runs(keys)
            yield from (runs[key] for key in keys if key in runs and runs[key].state is RunState.DEAD)

    def _of_all(self, states: frozenset[RunState]) -> Iterator[Run]:
        values, filtered = _states(states)
        not_state = "#slot <> :state_slot"
        request = expressed(
            {"state_slot": STATE_SLOT, **values},
            FilterExpression=f"{not_state} AND {filtered}" if filtered else not_state,
        )
        try:
            yield from _readable(self._runs.scan(most_pages=MOST_SCANNED, **request))
        except TooMuch:
            message = (
                f"{self._runs.table} has too many runs to search them all; ask for one job, or for the dead"
            )
            raise StoreError(message) from None

    def write_run(
        self,
        run: Run,
        *,
        replaces: Run | None,
        claim: Claim | None = None,
        release: bool = False,
    ) -> Write:
        """See Store.write_run. One write, or a transaction of two with `claim` or `release`."""
        put = {"Item": records.run_to_wire(run), **records.standing(replaces)}
        change = records.state_change(run.slot, claim, release=release)
        return self._write(put) if change is None else self._write_both(run, put, change)

    def _write(self, put: dict[str, Any]) -> Write:
        try:
            self._runs.call("put_item", TableName=self._runs.table, **put, **SHOW_OLD)
        except Refused as refused:
            return Write(won=False, current=records.run_of_wire(refused.item))
        return Write(won=True)

    def _write_both(self, run: Run, put: dict[str, Any], change: dict[str, Any]) -> Write:
        """Write a run and its job's state, or neither."""
        table = {"TableName": self._runs.table, **SHOW_OLD}
        state = {"Key": to_item(records.state_key(run.job_id)), **change}
        try:
            self._runs.transact([{"Put": put | table}, {"Update": state | table}])
        except Cancelled as cancelled:
            blocked = records.state_of_wire(cancelled.item(1)) if cancelled.refused(1) else None
            return Write(won=False, current=records.run_of_wire(cancelled.item(0)), blocked=blocked)
        return Write(won=True)

    def states(self, job_ids: Iterable[str]) -> dict[str, JobState]:
        """See Store.states."""
        found = self._runs.get_many(map(records.state_key, job_ids))
        return {wire[JOB_ID]["S"]: records.state_of_wire(wire) for wire in found}

    def reset_state(self, job_id: str) -> None:
        """See Store.reset_state."""
        self._runs.write_many(delete=[records.state_key(job_id)])


SHOW_OLD = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
"""Whoever loses is told what stood in the way, with no read of its own."""


def _job_id(definition: Definition) -> str:
    return definition.job_id


def _place(run: Run) -> Place:
    return run.due, run.job_id, run.slot


def _behind(runs: Iterable[Run], before: Place | None) -> Iterator[Run]:
    return (run for run in runs if before is None or _place(run) < before)


def _readable(wires: Iterable[Wire]) -> Iterator[Run]:
    return (run for run in map(records.run_of_wire, wires) if run is not None)


def _states(states: frozenset[RunState]) -> tuple[dict[str, str], str]:
    """Return values and condition that let through runs of these states; none for all."""
    values = {f"state_{state.value}": state.value for state in sorted(states)}
    return values, f"#state IN ({', '.join(f':{name}' for name in values)})" if states else ""
