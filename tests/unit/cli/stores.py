"""The stores that the command is tested on: a file, and a stack that answers in this process."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

import tickline
from backends import dynamo_store
from builders import FakeDispatcher, FakeTargets
from tickline.admin import Admin, handle
from tickline.cli.stack import StackClient
from tickline.clocks import SystemClock
from tickline.invoke import Invoke
from tickline.local import Local, Observer
from tickline.model import Result
from tickline.ports import Store
from tickline.store.sqlite import SqliteStore
from tickline.tick import Tick
from unit.cli.command import Tickline

STACK = "prod"
FUNCTION = "prod-admin"


def on_file(db: Path) -> Tickline:
    """Return the command with a store in a file that is not made yet."""
    return Tickline(
        db=db,
        environment={"TICKLINE_DB": str(db)},
        store=lambda: closing(SqliteStore(db)),
        running=lambda *answers: _local_mode(db, *answers),
    )


@contextmanager
def _local_mode(db: Path, *answers: Result) -> Iterator[None]:
    """Run local mode beside the test."""

    def nothing(_: object) -> None:
        return

    store = SqliteStore(db)
    local = Local(
        store=store,
        targets=FakeTargets(*answers),
        clock=SystemClock(),
        observer=Observer(run=nothing, trouble=nothing),
        workers=2,
    )
    thread = threading.Thread(target=local.run)
    thread.start()
    try:
        yield
    finally:
        local.stop()
        thread.join()
        assert local.close(timeout=timedelta(seconds=5))
        store.close()


def on_stack(dynamodb: Any, db: Path) -> Tickline:
    """Return the command with an empty stack. `db` is a file that nobody should make."""
    stack = Stack(dynamo_store(dynamodb))
    return Tickline(
        db=db,
        environment={"TICKLINE_STACK_NAME": STACK},
        store=lambda: nullcontext(stack.store),
        running=stack.running,
        stacks=stack.client,
    )


class TooMany(ClientError):
    """What boto3 raises where Lambda has no room for a request."""

    def __init__(self) -> None:
        answer: Any = {"Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}}
        super().__init__(answer, "Invoke")


@dataclass
class Answers:
    """The API of Lambda, with one function: `answer` is given what was sent."""

    answer: Callable[[bytes], dict[str, Any]]
    sent: list[Any] = field(default_factory=list)

    class exceptions:  # noqa: N801 - as boto3's clients have it
        TooManyRequestsException = TooMany

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert FunctionName == FUNCTION
        self.sent.append(json.loads(Payload))
        return self.answer(Payload)


def told(answer: Any, **response: Any) -> dict[str, Any]:
    """Return what Lambda passes on of a function's answer."""
    raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return {"Payload": io.BytesIO(raw), "ResponseMetadata": {"RequestId": "r-1"}, **response}


class Stack:
    """A deployed stack: the parameter that names its admin, which is the real one over DynamoDB's fake."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._admin = Admin(store=store, clock=SystemClock())
        self._lambda = Answers(self._answer)
        self._beside: Callable[[], None] | None = None
        publish()

    def client(self, name: str) -> StackClient:
        """Return who asks a stack."""
        client = StackClient(name, make=self._make)
        client.look_every = 0.01
        return client

    def _make(self, api: str, *, again: bool) -> Any:
        assert again or api == "lambda"
        return ssm() if api == "ssm" else self._lambda

    def _answer(self, payload: bytes) -> dict[str, Any]:
        answer = told(handle(self._admin, json.loads(payload)))
        if self._beside is not None:
            self._beside()
        return answer

    def running(self, *answers: Result) -> AbstractContextManager[None]:
        """Tick after every request, and answer what is rung."""
        clock, dispatcher = SystemClock(), FakeDispatcher()
        tick = Tick(store=self.store, dispatcher=dispatcher, grace=timedelta(0))
        invoke = Invoke(store=self.store, targets=FakeTargets(*answers), clock=clock)

        def beside() -> None:
            tick(clock.now())
            for bell in dispatcher.take():
                invoke(bell)

        self._beside = beside
        return nullcontext()


@cache
def ssm() -> Any:
    """Make a client, which takes longer than most tests, once."""
    return boto3.client("ssm")


def publish(name: str = STACK, value: str | None = None) -> None:
    """Write the parameter by which a stack is found."""
    told = json.dumps({"admin": FUNCTION, "version": tickline.__version__}) if value is None else value
    ssm().put_parameter(Name=f"/tickline/{name}", Value=told, Type="String", Overwrite=True)
