"""Requests to DynamoDB: each error translated, every page read, what was left undone asked for again."""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tickline.errors import StoreBusy
from tickline.model import Json
from tickline.store.dynamodb_errors import Cancelled, translated
from tickline.store.dynamodb_items import Wire, to_attribute, to_item
from tickline.store.dynamodb_tables import JOB_ID

Key = Mapping[str, str | int]

MOST_READ = 100
"""Items in one BatchGetItem."""

MOST_WRITTEN = 25
"""Items in one BatchWriteItem."""

TRIES = 7
BACKOFF = 0.05
"""Seconds before the first repetition, at most; each later one waits twice as long: 3.15 in all."""

KEY_BYTES = {JOB_ID: 2048}
"""The longest keys that a table may have, if not 1024."""


class Requests:
    """A client with one table, with strong consistency and without surprises."""

    def __init__(self, client: Any, table: str, *, page: int, sleep: Callable[[float], None]) -> None:
        self.table = table
        self._client = client
        self._page = page
        self._sleep = sleep

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Make one request. Raises StoreError, and Refused or Cancelled for conditions not met."""
        with translated(operation, self.table):
            answer: dict[str, Any] = getattr(self._client, operation)(**request)
            return answer

    def get(self, key: Key) -> Wire | None:
        """Return an item, None if it is not there."""
        if not possible(key):
            return None
        answer = self.call("get_item", TableName=self.table, Key=to_item(key), ConsistentRead=True)
        return answer.get("Item")

    def get_many(self, keys: Iterable[Key], **request: Any) -> list[Wire]:
        """Return the items that are there, in no order."""
        wanted = {tuple(key.values()): to_item(key) for key in keys if possible(key)}
        found: list[Wire] = []
        for chunk in _chunks(list(wanted.values()), MOST_READ):
            pending = {self.table: {"Keys": chunk, "ConsistentRead": True, **request}}
            for answer in self._until_done("batch_get_item", pending, "UnprocessedKeys"):
                found += answer["Responses"].get(self.table, [])
        return found

    def write_many(self, *, put: Iterable[Wire] = (), delete: Iterable[Key] = ()) -> None:
        """Write and delete items, unconditionally. No key may come twice."""
        writes: list[Wire] = [{"PutRequest": {"Item": item}} for item in put]
        writes += [{"DeleteRequest": {"Key": to_item(key)}} for key in delete]
        for chunk in _chunks(writes, MOST_WRITTEN):
            for _ in self._until_done("batch_write_item", {self.table: chunk}, "UnprocessedItems"):
                pass

    def transact(self, writes: Sequence[Wire]) -> None:
        """Make all writes or none. What others are just writing is tried again for a while.

        Raises Cancelled when conditions decided, StoreError when they did not.
        """
        for tries in range(TRIES):
            try:
                self.call("transact_write_items", TransactItems=writes)
            except Cancelled as cancelled:
                if cancelled.decided:
                    raise
                error = cancelled.error
                if not isinstance(error, StoreBusy) or tries == TRIES - 1:
                    raise error from None
            else:
                return
            self._wait(tries)

    def query(self, *, limit: int | None = None, **request: Any) -> Iterator[Wire]:
        """Return what a query finds, page by page as it is asked for; `limit` items at most in each."""
        for page in self._pages("query", limit, request):
            yield from page

    def scan(
        self, *, most_pages: int | None = None, start: Key | None = None, **request: Any
    ) -> Iterator[Wire]:
        """Return the items of the table, in an order of its own. Raises TooMuch past `most_pages`."""
        if start is not None:
            request["ExclusiveStartKey"] = to_item(start)
        for number, page in enumerate(self._pages("scan", None, request)):
            if most_pages is not None and number >= most_pages:
                raise TooMuch
            yield from page

    def _pages(self, operation: str, limit: int | None, request: dict[str, Any]) -> Iterator[list[Wire]]:
        size = min(limit or self._page, self._page)
        asked = {"TableName": self.table, "ConsistentRead": True, "Limit": size} | request
        while True:
            answer = self.call(operation, **asked)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _until_done(self, operation: str, pending: dict[str, Any], undone: str) -> Iterator[dict[str, Any]]:
        """Ask, and ask again for what the answer says was not done."""
        for tries in range(TRIES):
            answer = self.call(operation, RequestItems=pending)
            yield answer
            pending = answer.get(undone) or {}
            if not pending:
                return
            if tries < TRIES - 1:
                self._wait(tries)
        raise StoreBusy(f"DynamoDB {operation} on {self.table}: throttled; part of it was done")

    def _wait(self, tries: int) -> None:
        """Wait longer each time, and not as long as others who failed at the same moment."""
        self._sleep(BACKOFF * 2**tries * random.uniform(0.5, 1))  # noqa: S311 - no secret


class TooMuch(Exception):
    """More pages were to be read than the caller is ready to pay for."""


def possible(key: Key) -> bool:
    """Tell whether a table may have this key; DynamoDB does not look for others but refuses to be asked."""
    return all(isinstance(part, int) or _fits(part, KEY_BYTES.get(name, 1024)) for name, part in key.items())


def _fits(text: str, most: int) -> bool:
    try:
        return 0 < len(text.encode()) <= most
    except UnicodeEncodeError:
        return False


def expressed(values: Mapping[str, Json] | None = None, /, **expressions: str) -> dict[str, Any]:
    """Return expressions with the names (#name) and values (:name) in them, as a request wants them."""
    names = sorted({name for text in expressions.values() for name in re.findall(r"#\w+", text)})
    request: dict[str, Any] = {**expressions, "ExpressionAttributeNames": {name: name[1:] for name in names}}
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": to_attribute(v) for name, v in values.items()}
    return request


def _chunks(items: Sequence[Any], size: int) -> list[Any]:
    return [items[start : start + size] for start in range(0, len(items), size)]
