"""The child process of Python targets: loads the handler files, then answers one call after the other.

Lines of JSON go both ways over one socket that is neither stdin nor stdout. Parent to child: the setup once,
then a request for each call. Child to parent, `{"state": ...}`:

    ready                  the files are loaded
    taken                  the request was read; the handler's code begins now
    refused, error         nothing was run and nothing can be: no such handler, or its file is broken
    succeeded, summary     it returned
    failed, error          it raised

The import of this module is the start-up time of a worker: it stays small.
"""

import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from io import TextIOWrapper
from types import SimpleNamespace
from typing import Any, BinaryIO

from tickline.errors import HandlerFileError
from tickline.model import Json, RunContext
from tickline.registry import load_function
from tickline.targets.registered import Code, Handlers, outcome, reach, refused


def main(line: int, life: int) -> None:
    """Answer requests from the socket `line` until the parent closes it; die when `life` closes."""
    for descriptor in (line, life):
        os.set_inheritable(descriptor, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent(life)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what was printed before a kill is seen
    with open(line, "rb", closefd=False) as requests, open(line, "wb", buffering=0) as replies:
        _serve(requests, replies)


def _serve(requests: BinaryIO, replies: BinaryIO) -> None:
    setup = json.loads(requests.readline())
    bench = Bench(files=setup["files"], functions=setup["functions"])
    _reply(replies, state="ready")
    for text in requests:
        if not text.endswith(b"\n"):
            return  # the parent went away in mid-sentence: this is no request
        answer = bench.prepare(json.loads(text))
        if isinstance(answer, str):
            _reply(replies, **refused(answer))
            continue
        _reply(replies, state="taken")
        _reply(replies, **outcome(answer))


def _reply(replies: BinaryIO, **reply: str) -> None:
    replies.write(json.dumps(reply).encode() + b"\n")


class Bench:
    """The loaded handlers and stand-ins, and the reasons why others could not be loaded."""

    def __init__(self, *, files: list[str], functions: Mapping[str, str]) -> None:
        self._functions: dict[str, Callable[..., Any] | str] = {}
        reach([*files, *(address.rpartition(":")[0] for address in functions.values())])
        self._handlers = Handlers(files)
        for name, address in functions.items():
            try:
                self._functions[name] = load_function(address)
            except HandlerFileError as error:
                self._functions[name] = str(error)

    def prepare(self, request: Json) -> Code | str:
        """Return the call that the request asks for, or why there can be none."""
        if "function" in request:
            return self._function_call(request)
        context = _run_context(request["context"])
        return self._handlers.code(request["handler"], request["payload"], context)

    def _function_call(self, request: Json) -> Code | str:
        function = self._functions[request["function"]]
        if isinstance(function, str):
            return function
        context = LambdaContext(request["lambda"], timeout=request["timeout"])
        return partial(function, request["payload"], context)


def _run_context(fields: Mapping[str, Any]) -> RunContext:
    return RunContext(**{**fields, "scheduled_time": datetime.fromisoformat(fields["scheduled_time"])})


class LambdaContext:
    """What a function that runs on Lambda expects as its second argument, as far as it exists here."""

    memory_limit_in_mb = "128"
    log_stream_name = "local"

    def __init__(self, fields: Mapping[str, Any], *, timeout: float) -> None:
        self._deadline = time.monotonic() + timeout
        self.aws_request_id: str = fields["request_id"]
        self.function_name: str = fields["name"]
        self.function_version: str = fields["version"]
        self.invoked_function_arn: str = fields["arn"]
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        custom = fields["custom"]
        self.client_context = None if custom is None else SimpleNamespace(custom=custom, env={}, client=None)

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the call is given up."""
        return max(0, round((self._deadline - time.monotonic()) * 1000))

    def log(self, message: object) -> None:
        """Write to the log, as Lambda's own context does."""
        sys.stderr.write(f"{message}\n")


def _die_with_parent(life: int) -> None:
    """Kill this process group as soon as the parent's end of `life` closes, however the parent died.

    A handler that outlives its scheduler could overlap the next attempt of the same run. A thread watches
    wherever Python runs. On Linux the kernel itself sends the signal, so that even a handler that never
    lets another thread run (a regular expression gone wild, say) dies.
    """
    threading.Thread(target=_watch, args=(life,), name="life", daemon=True).start()
    if sys.platform == "linux":
        fcntl.fcntl(life, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)


def _watch(life: int) -> None:
    os.read(life, 1)  # nothing is ever written: this returns when the other end is gone
    os.killpg(0, signal.SIGKILL)
