"""A client that remembers what it was asked, and answers as a test tells it to."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from botocore.exceptions import ClientError

Answer = dict[str, Any] | Exception | Callable[..., dict[str, Any]]


class Recorder:
    """Stands before a real client. `answers` come first, each once; a function is given the request."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, list[Answer]] = {}

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.calls.append((operation, deepcopy(request)))
            scripted = self.answers.get(operation)
            answer = scripted.pop(0) if scripted else getattr(self.client, operation)
            if isinstance(answer, Exception):
                raise answer
            return answer(**request) if callable(answer) else answer

        return call

    def table(self, kind: str) -> str:
        """Return the name of the only table of that kind."""
        [name] = [name for name in self.client.list_tables()["TableNames"] if name.endswith(kind)]
        return str(name)

    def items(self, kind: str) -> list[dict[str, Any]]:
        """Return the items of a table as they are."""
        items: list[dict[str, Any]] = self.client.scan(TableName=self.table(kind))["Items"]
        return items

    def put(self, kind: str, item: dict[str, Any]) -> None:
        """Put an item as a person might."""
        self.client.put_item(TableName=self.table(kind), Item=item)

    def take(self) -> list[str]:
        """Return the operations since the last time."""
        taken, self.calls = [operation for operation, _ in self.calls], []
        return taken


def refusal(code: str, **more: Any) -> ClientError:
    """Return an error as AWS answers it."""
    return ClientError({"Error": {"Code": code, "Message": "no"}, **more}, "Test")  # type: ignore[typeddict-item]
