"""Runs the functions that are deployed to moto: at once, or later with Lambda's retries.

A function's sandboxes stay warm between events. A new deployment of it starts new ones; the old end after
their last event.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from moto.awslambda.models import LambdaFunction

from box.roles import Roles
from box.runtime import Invocation, Outcome
from box.sandbox import Code, Sandbox, runtime_packages, unpack

MOST_SANDBOXES = 10
"""Of one function at a time; further events wait for one to be free."""

RETRY_WAITS = (1.0, 2.0)
"""Seconds before the second and third try of an asynchronous event. Lambda waits one and two minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """That a function ran once: for metrics."""

    function: str
    failed: bool
    seconds: float


class Listener(Protocol):
    """Who wants to know what functions do."""

    def say(self, function: str, text: str) -> None:
        """Take one line of a function's output."""

    def began(self, function: str) -> None:
        """Hear that a function began with an event."""

    def ended(self, ended: Ended) -> None:
        """Hear what came of it."""


class Fleet:
    """The sandboxes of one function."""

    def __init__(self, code: Code, start: Callable[[Code], Sandbox], most: int) -> None:
        self.code = code
        self._start = start
        self._free = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: list[Sandbox] = []
        self._all: list[Sandbox] = []
        self._retired = False

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run one event in a sandbox that is free, or in a new one."""
        with self._free:
            sandbox = self._take()
            try:
                return sandbox.invoke(invocation)
            finally:
                self._give_back(sandbox)

    def retire(self) -> None:
        """End the idle sandboxes now and the others after their event."""
        with self._lock:
            self._retired = True
            idle, self._idle = self._idle, []
        for sandbox in idle:
            sandbox.stop()

    def stop(self) -> None:
        """End every sandbox, whatever it does."""
        for sandbox in self._all:
            sandbox.stop()

    def _take(self) -> Sandbox:
        with self._lock:
            while self._idle:
                sandbox = self._idle.pop()
                if not sandbox.broken:
                    return sandbox
            sandbox = self._start(self.code)
            self._all = [s for s in self._all if not s.broken] + [sandbox]
            return sandbox

    def _give_back(self, sandbox: Sandbox) -> None:
        with self._lock:
            if not self._retired and not sandbox.broken:
                self._idle.append(sandbox)
                return
        if not sandbox.broken:
            sandbox.stop()


class Functions:
    """Every deployed function, by its definition in moto."""

    def __init__(self, *, roles: Roles, endpoint: str, folder: Path, journal: Listener) -> None:
        self._roles = roles
        self._endpoint = endpoint
        self._folder = folder
        self._runtime = runtime_packages(folder)
        self._journal = journal
        self._lock = threading.Lock()
        self._fleets: dict[str, Fleet] = {}
        self._threads = ThreadPoolExecutor(32, thread_name_prefix="async")
        self._stopping = threading.Event()
        self._busy = 0

    def invoke(self, function: LambdaFunction, payload: bytes, client_context: str = "") -> Outcome:
        """Run one event and wait for its end."""
        with self._counted():
            return self._invoke(function, payload, client_context)

    def _invoke(self, function: LambdaFunction, payload: bytes, client_context: str = "") -> Outcome:
        invocation = Invocation(
            payload=payload or b"{}", function_arn=function.function_arn, client_context=client_context
        )
        name = str(function.function_name)
        self._journal.began(name)
        began = time.monotonic()
        outcome = self._fleet(function).invoke(invocation)
        seconds = time.monotonic() - began
        self._journal.ended(Ended(function=name, failed=outcome.failed, seconds=seconds))
        self._journal.say(
            name, f"REPORT RequestId: {invocation.request_id} Duration: {seconds * 1000:.2f} ms"
        )
        return outcome

    def later(
        self,
        function: LambdaFunction,
        payload: bytes,
        given_up: Callable[[bytes, Outcome], None] | None = None,
    ) -> None:
        """Run one event soon, and again if it fails; then hand it to `given_up`."""
        self._threads.submit(self._later, function, payload, given_up)

    def _later(self, function: LambdaFunction, payload: bytes, given_up: Any) -> None:
        with self._counted():
            for wait in (0.0, *RETRY_WAITS[: _retries(function)]):
                self._stopping.wait(wait)
                outcome = self._invoke(function, payload)
                if not outcome.failed or self._stopping.is_set():
                    return
            if given_up:
                given_up(payload, outcome)

    @property
    def busy(self) -> int:
        """How many events are running or waiting to run."""
        return self._busy

    def stop(self) -> None:
        """End everything that runs."""
        self._stopping.set()
        for fleet in self._fleets.values():
            fleet.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, by: int) -> None:
        with self._lock:
            self._busy += by

    def _fleet(self, function: LambdaFunction) -> Fleet:
        """Return the sandboxes of a function as it is deployed now."""
        code = self._code(function)
        with self._lock:
            fleet = self._fleets.get(code.arn)
            if fleet is None or fleet.code != code:
                if fleet:
                    threading.Thread(target=fleet.retire).start()
                reserved = function.reserved_concurrency
                most = min(MOST_SANDBOXES, int(reserved)) if reserved else MOST_SANDBOXES
                fleet = self._fleets[code.arn] = Fleet(code, self._start, most)
            return fleet

    def _start(self, code: Code) -> Sandbox:
        return Sandbox(code, self._runtime, lambda line: self._journal.say(code.name, line))

    def _code(self, function: LambdaFunction) -> Code:
        """Describe a function as its sandbox needs it."""
        name = str(function.function_name)
        given = self._roles.credentials(str(function.role))
        environment = {
            **{key: str(value) for key, value in function.environment_vars.items()},
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_ACCESS_KEY_ID": given.access_key,
            "AWS_SECRET_ACCESS_KEY": given.secret_key,
            "AWS_SESSION_TOKEN": given.token,
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "box",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        }
        return Code(
            name=name,
            arn=function.function_arn,
            folder=unpack(function.code_bytes, function.code_digest, self._folder),
            handler=str(function.handler),
            timeout=float(function.timeout),
            environment=environment,
        )


def _retries(function: LambdaFunction) -> int:
    """Return how often Lambda runs a failed asynchronous event again."""
    for config in function.event_invoke_config:
        return int(config.config.get("MaximumRetryAttempts", len(RETRY_WAITS)))
    return len(RETRY_WAITS)
