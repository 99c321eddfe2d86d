"""`python:NAME` inside Lambda: the handlers that were deployed with the stack, in the process of the invoke.

What authors of handlers must know:

    threads     one invoke answers many doorbells at once, each in a thread: handlers run side by side, also
                two runs of one handler. What they share (clients, caches, globals) must bear that
    timeout     no thread can be stopped. When the job's timeout is over the run has failed, and may be tried
                again, while the handler goes on: what it returns later is dropped, what it does is done. A
                handler that may hang sets timeouts of its own, on every connection
    freeze      between two invokes the process stands still, and with it what goes on beyond its timeout
    crash       os._exit or a lack of memory takes all runs of this process with it; their leases find them

There is no fence between handlers: they share the memory and the role of the invoke function.
"""

import json
import threading
from collections.abc import Callable
from pathlib import Path

from tickline.addresses import EXAMPLES, Address
from tickline.model import Call, Failure, Result
from tickline.targets.registered import Code, Handlers, outcome, reach, refused, result_of
from tickline.targets.text import as_json, seconds

FOLDER = Path(__file__).resolve().parents[2] / "handlers"
"""Beside the package, where the deployment puts the user's files."""


class BundledTarget:
    """Calls handlers of the files `*.py` in `folder`. They are loaded once, with the first call.

    The loading counts as a part of the calls that wait for it. A file that cannot be loaded fails its own
    handlers, with the reason. The end of a call is always awaited, also for jobs with wait=false.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._loaded: Handlers | None = None

    def call(self, call: Call) -> Result:
        """Run the handler once, and return at the latest when its time is over."""
        address = Address.parse(call.target)
        if address is None or address.kind != "python":
            error = f"not the address of a Python handler; for example {EXAMPLES['python']}"
            return Result(failure=Failure.PERMANENT, error=error)
        try:
            payload = json.loads(as_json(call.payload))  # its own, to do with as it likes
        except ValueError as error:
            return Result(failure=Failure.PERMANENT, error=str(error))
        name = address.name
        turn = Turn(lambda: self._handlers().code(name, payload, call.context))
        return turn.result(call.timeout.total_seconds())

    def _handlers(self) -> Handlers:
        with self._lock:
            if self._loaded is None:
                files = sorted(self._folder.glob("*.py"))
                reach(files)
                self._loaded = Handlers(files)
            return self._loaded


class Turn:
    """One run of a handler's code, in a thread of its own, since only so its caller can leave in time."""

    def __init__(self, find: Callable[[], Code | str]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._begun = False
        self._over = False
        self._reply: dict[str, str] = {}
        self._done = threading.Event()

    def result(self, timeout: float) -> Result:
        """Run the code and return how it ended, at the latest after `timeout` seconds."""
        try:
            threading.Thread(target=self._run, name="handler", daemon=True).start()
        except RuntimeError:
            return Result(failure=Failure.NOT_STARTED, error="could not start a thread")
        if self._done.wait(timeout):
            return result_of(self._reply)
        with self._lock:
            self._over = True
        error = f"timed out after {seconds(timeout)}"
        if self._begun:
            return Result(failure=Failure.FUNCTION, error=error)
        return Result(failure=Failure.NOT_STARTED, error=f"{error}, before the handler files were loaded")

    def _run(self) -> None:
        code = self._find()
        if isinstance(code, str):
            self._reply = refused(code)
        elif self._begin():
            self._reply = outcome(code)
        self._done.set()

    def _begin(self) -> bool:
        """Tell whether the code may still begin: not after NOT_STARTED was reported."""
        with self._lock:
            self._begun = not self._over
            return self._begun
