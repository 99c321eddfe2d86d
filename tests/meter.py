"""Counts what AWS would bill for DynamoDB, by the rules of its manual, since moto answers with constants.

It stands before a client and looks at items before and after each write through that client, uncounted.
What is billed: reads by 4 KB, half where they may be stale; writes by 1 KB of the larger of the item before
and after, double in a transaction, also when refused; index entries that appear, change or go.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

Wire = dict[str, Any]

READ_BYTES, WRITE_BYTES = 4096, 1024


def size_of(item: Wire | None) -> int:
    """Return how many bytes an item takes; 0 if it is not there."""
    return sum(len(name.encode()) + _value_size(value) for name, value in (item or {}).items())


def _value_size(attribute: Wire) -> int:
    [(kind, value)] = attribute.items()
    if kind == "S":
        return len(value.encode())
    if kind == "SS":
        return sum(len(part.encode()) for part in value)
    if kind == "N":
        digits = value.lstrip("-").replace(".", "").strip("0")
        return math.ceil(len(digits) / 2) + 1 + int(value.startswith("-"))
    if kind == "L":
        return 3 + sum(1 + _value_size(part) for part in value)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(part) for name, part in value.items())
    return 1


def _units(size: int, unit: int) -> int:
    return max(1, math.ceil(size / unit))


class Meter:
    """A client that counts: `calls` by operation, `writes` and `reads` in request units, `items` written."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._tables: dict[str, Wire] = {}
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.calls: Counter[str] = Counter()
        self.items = 0
        self.writes = 0.0
        self.reads = 0.0

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.calls[operation] += 1
            factor = 2 if operation.startswith("transact") else 1
            before = [(table, item, self._image(table, item)) for table, item in _writes(operation, request)]
            try:
                answer = getattr(self._client, operation)(**request)
            except ClientError:
                self.writes += factor * sum(_units(size_of(old), WRITE_BYTES) for *_, old in before)
                raise
            for table, item, old in before:
                self.items += 1
                self.writes += factor * self._written(table, old, self._image(table, item))
            self._read(operation, request, answer)
            return answer

        return call

    def _written(self, table: str, old: Wire | None, new: Wire | None) -> int:
        indexes = self._table(table).get("GlobalSecondaryIndexes", [])
        own = _units(max(size_of(old), size_of(new)), WRITE_BYTES)
        return own + sum(_index_writes(_projected(old, i), _projected(new, i), i) for i in indexes)

    def _read(self, operation: str, request: Wire, answer: Wire) -> None:
        share = 1.0 if request.get("ConsistentRead") else 0.5
        if operation == "get_item":
            self.reads += share * _units(size_of(answer.get("Item")), READ_BYTES)
        if operation in ("query", "scan"):
            self.reads += share * _units(sum(map(size_of, answer["Items"])), READ_BYTES)
        if operation == "batch_get_item":
            for table, items in answer["Responses"].items():
                share = 1.0 if request["RequestItems"][table].get("ConsistentRead") else 0.5
                missing = len(request["RequestItems"][table]["Keys"]) - len(items)
                self.reads += share * (missing + sum(_units(size_of(item), READ_BYTES) for item in items))

    def _table(self, name: str) -> Wire:
        if name not in self._tables:
            self._tables[name] = self._client.describe_table(TableName=name)["Table"]
        return self._tables[name]

    def _image(self, table: str, item: Wire) -> Wire | None:
        key = {name: item[name] for name in _names(self._table(table))}
        answer: Wire = self._client.get_item(TableName=table, Key=key, ConsistentRead=True)
        return answer.get("Item")


def _writes(operation: str, request: Wire) -> Iterator[tuple[str, Wire]]:
    """Return table, and item or key, of everything that a request writes."""
    if operation in ("put_item", "delete_item", "update_item"):
        yield request["TableName"], request.get("Item") or request["Key"]
    if operation == "batch_write_item":
        for table, writes in request["RequestItems"].items():
            for write in writes:
                [part] = write.values()
                yield table, part.get("Item") or part["Key"]
    if operation == "transact_write_items":
        for write in request["TransactItems"]:
            [part] = write.values()
            yield part["TableName"], part.get("Item") or part["Key"]


def _names(schema: Wire) -> list[str]:
    return [part["AttributeName"] for part in schema["KeySchema"]]


def _projected(item: Wire | None, index: Wire) -> Wire | None:
    """Return what the index has of an item. Keys only or everything: no index of ours is in between."""
    if item is None or any(name not in item for name in _names(index)):
        return None
    if index["Projection"]["ProjectionType"] == "ALL":
        return item
    return {name: item[name] for name in ("job_id", "slot", *_names(index)) if name in item}


def _index_writes(old: Wire | None, new: Wire | None, index: Wire) -> int:
    """A new key is one write, a key that goes another; other attributes, if projected, one."""
    if old == new:
        return 0
    if old and new and all(old[name] == new[name] for name in _names(index)):
        return _units(max(size_of(old), size_of(new)), WRITE_BYTES)
    return sum(_units(size_of(item), WRITE_BYTES) for item in (old, new) if item)
