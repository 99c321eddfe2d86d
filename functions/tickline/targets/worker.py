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
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

from tickline.errors import HandlerFileError
from tickline.model import Json, RunContext
from tickline.registry import load_file, load_function, registry
from tickline.targets.text import compact, named, shorten

Call = Callable[[], Any]


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
            _reply(replies, state="refused", error=shorten(answer))
            continue
        _reply(replies, state="taken")
        _reply(replies, **_outcome(answer))


def _reply(replies: BinaryIO, **reply: str) -> None:
    replies.write(json.dumps(reply).encode() + b"\n")


def _outcome(call: Call) -> dict[str, str]:
    """Run the handler's code, whatever it may raise."""
    try:
        value = call()
        if hasattr(value, "__await__"):
            value = _awaited(value)
        return {"state": "succeeded", "summary": shorten(compact(value))}
    except BaseException as error:  # noqa: BLE001 - sys.exit in a handler is a failure of that handler
        _print_traceback(error)
        return {"state": "failed", "error": shorten(named(error))}


def _print_traceback(error: BaseException) -> None:
    """Print where the handler failed; our own frames above it say nothing about that."""
    place = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename == __file__:
        place = place.tb_next
    traceback.print_exception(type(error), error, place)


def _awaited(value: Any) -> Any:
    import asyncio  # noqa: PLC0415 - only async handlers pay for it

    async def wait() -> Any:
        return await value

    return asyncio.run(wait())


class Bench:
    """The loaded handlers and stand-ins, and the reasons why others could not be loaded."""

    def __init__(self, *, files: list[str], functions: Mapping[str, str]) -> None:
        self._faults: list[str] = []
        self._functions: dict[str, Callable[..., Any] | str] = {}
        _reach([*files, *(address.rpartition(":")[0] for address in functions.values())])
        for file in files:
            try:
                load_file(file)
            except HandlerFileError as error:
                self._faults.append(str(error))
        for name, address in functions.items():
            try:
                self._functions[name] = load_function(address)
            except HandlerFileError as error:
                self._functions[name] = str(error)

    def prepare(self, request: Json) -> Call | str:
        """Return the call that the request asks for, or why there can be none."""
        if "function" in request:
            return self._function_call(request)
        handler = registry.find(request["handler"])
        if handler is None:
            return self._unknown(request["handler"])
        context = _run_context(request["context"])
        return lambda: handler(request["payload"], context)

    def _function_call(self, request: Json) -> Call | str:
        function = self._functions[request["function"]]
        if isinstance(function, str):
            return function
        context = LambdaContext(request["lambda"], timeout=request["timeout"])
        return lambda: function(request["payload"], context)

    def _unknown(self, name: str) -> str:
        names = ", ".join(sorted(registry.handlers)) or "none"
        return "; ".join([*self._faults, f"no handler named {name!r}; registered: {names}"])


def _reach(files: list[str]) -> None:
    """Let handler files import their neighbours. Last in the path: they shadow nothing that is installed."""
    folders = dict.fromkeys(str(Path(file).resolve().parent) for file in files)
    sys.path.extend(folder for folder in folders if folder not in sys.path)


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
