"""Delivers the changes of a table to functions, by their event source mappings.

One thread for each mapping, in order: a batch that fails is tried again, halved if the mapping says so, and
in the end described to the mapping's queue. Nothing that is written later goes before it.
"""

import json
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from moto.awslambda.models import EventSourceMapping, LambdaFunction

from box.filters import matches
from box.functions import Functions
from box.policies import Call
from box.roles import Roles

GATHER = 0.05
"""Seconds that a batch is gathered for, at least."""

AGAIN_AFTER = 0.5

READS = ("DescribeStream", "GetRecords", "GetShardIterator")
LISTS = "ListStreams"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A mapping, and what reached it."""

    mapping: EventSourceMapping
    function: LambdaFunction
    records: "queue.Queue[Record]"


class Streams:
    """Takes every change that moto makes known and brings it to the functions that listen."""

    def __init__(self, functions: Functions, roles: Roles, give_up: Callable[[str, bytes], None]) -> None:
        self._functions = functions
        self._roles = roles
        self._give_up = give_up
        self._listeners: dict[str, Listener] = {}
        self._waiting = 0
        self._lock = threading.Lock()

    def take(self, mapping: EventSourceMapping, function: LambdaFunction, record: Record) -> None:
        """Take in a change. Returns at once: DynamoDB answers nobody meanwhile."""
        if not mapping.enabled or not self._wanted(mapping, record):
            return
        with self._lock:
            listener = self._listeners.get(mapping.uuid)
            if listener is None:
                listener = Listener(mapping=mapping, function=function, records=queue.Queue())
                self._listeners[mapping.uuid] = listener
                threading.Thread(target=self._deliver, args=(listener,), daemon=True).start()
            self._waiting += 1
        listener.records.put(json.loads(json.dumps(record)))

    @property
    def waiting(self) -> int:
        """How many changes are not yet handled."""
        return self._waiting

    def _wanted(self, mapping: EventSourceMapping, record: Record) -> bool:
        filters = (mapping.filter_criteria or {}).get("Filters", [])
        patterns = [json.loads(each["Pattern"]) for each in filters]
        return not patterns or any(matches(pattern, record) for pattern in patterns)

    def _deliver(self, listener: Listener) -> None:
        while True:
            batch = [listener.records.get()]
            time.sleep(max(GATHER, float(listener.mapping.max_batch_window or 0)))
            while len(batch) < listener.mapping.batch_size and not listener.records.empty():
                batch.append(listener.records.get())
            try:
                self._batch(listener, batch)
            finally:
                with self._lock:
                    self._waiting -= len(batch)

    def _batch(self, listener: Listener, batch: Sequence[Record]) -> None:
        """Bring one batch to the function, with the tries that the mapping allows."""
        mapping = listener.mapping
        if not self._may_read(listener):
            return
        retries = mapping.max_retry_attempts
        for attempt in range(1, 1_000_000):
            outcome = self._functions.invoke(listener.function, json.dumps({"Records": batch}).encode())
            if not outcome.failed:
                return
            if retries is not None and 0 <= int(retries) < attempt:
                self._abandon(mapping, batch)
                return
            if mapping.bisect_on_error and len(batch) > 1:
                middle = len(batch) // 2
                self._batch(listener, batch[:middle])
                self._batch(listener, batch[middle:])
                return
            time.sleep(AGAIN_AFTER)

    def _may_read(self, listener: Listener) -> bool:
        """Tell whether the function's role may read the stream; Lambda reads it with that role."""
        role = str(listener.function.role).rsplit("/", 1)[-1]
        stream = listener.mapping.event_source_arn
        of_all_streams = stream.rsplit("/", 1)[0] + "/*"
        asked = [Call(action=f"dynamodb:{action}", resource=stream) for action in READS]
        asked.append(Call(action=f"dynamodb:{LISTS}", resource=of_all_streams))
        return self._roles.allows(role, asked) is None

    def _abandon(self, mapping: EventSourceMapping, batch: Sequence[Record]) -> None:
        destination = (mapping.destination_config or {}).get("OnFailure", {}).get("Destination")
        if not destination:
            return
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        told = {
            "requestContext": {"functionArn": mapping.function_arn, "condition": "RetryAttemptsExhausted"},
            "DDBStreamBatchInfo": {
                "streamArn": mapping.event_source_arn,
                "batchSize": len(batch),
                "startSequenceNumber": numbers[0],
                "endSequenceNumber": numbers[-1],
            },
        }
        self._give_up(destination, json.dumps(told).encode())
