"""Child processes that run handlers: warm, one call at a time each, started when all are busy."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from tickline.model import Json
from tickline.targets.text import as_json, seconds

log = logging.getLogger(__name__)

START_LIMIT = 20.0
"""Seconds a process may take until its handler files are loaded, or until it takes a call."""

END_LIMIT = 2.0
"""Seconds a process gets to end by itself before it is killed."""

POLL = 0.25
"""Seconds between looks at the process. Its end shows on the socket unless its children hold that."""

STDERR = 2

# The child imports what the parent could import. It is told before its first import, so that no file
# in the working directory can stand in for a module of the standard library.
BOOT = (
    "import sys; sys.path[:] = sys.argv[3:]; "
    "from tickline.targets.worker import main; main(int(sys.argv[1]), int(sys.argv[2]))"
)

Stamp = tuple[tuple[int, int] | None, ...]
"""Time and size of each handler file."""


class NotTaken(Exception):
    """No process took the call: the handler's code did not run."""


class TookTooLong(Exception):
    """The handler was still running at the end of its time; it was killed."""


class Died(Exception):
    """The process ended in the middle of the call."""


class _Silence(Exception):
    """No line came: `in_time` tells whether the process is gone or merely slow."""

    def __init__(self, *, ended: bool) -> None:
        self.ended = ended


class Worker:
    """One child process. At most one thread uses it at a time, except for `ask_to_end`, `wait` and `kill`."""

    def __init__(self, stamp: Stamp) -> None:
        self.stamp = stamp
        self._buffer = b""
        with ExitStack() as undo:
            self._socket, theirs = socket.socketpair()
            undo.callback(self._socket.close)
            with theirs:
                life, self._life = os.pipe()
                undo.callback(os.close, self._life)
                try:
                    self._process = self._spawn(theirs.fileno(), life)
                finally:
                    os.close(life)
            undo.pop_all()

    @staticmethod
    def _spawn(line: int, life: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and code, no shell
            [sys.executable, "-c", BOOT, str(line), str(life), *sys.path],
            pass_fds=(line, life),
            stdin=subprocess.DEVNULL,
            stdout=STDERR,
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self._process.poll() is None

    def set_up(self, setup: Json) -> None:
        """Wait until the process has loaded its files."""
        try:
            self._send(as_json(setup))
            self._line(START_LIMIT)
        except _Silence as silence:
            raise NotTaken(self._silent(silence, "loaded its files")) from None

    def call(self, request: bytes, timeout: float) -> dict[str, str]:
        """Return the process's last word on the call: refused, succeeded or failed."""
        try:
            self._send(request)
            first = self._line(START_LIMIT)
        except _Silence as silence:
            if not silence.ended and self._took_it_after_all():
                raise Died(f"{self._obituary()}, stopped since it was slow to take the call") from None
            raise NotTaken(self._silent(silence, "took the call")) from None
        if first["state"] != "taken":
            return first
        try:
            return self._line(timeout)
        except _Silence as silence:
            if silence.ended:
                raise Died(self._obituary()) from None
            raise TookTooLong(f"timed out after {seconds(timeout)}") from None

    def _took_it_after_all(self) -> bool:
        """Kill a process that said nothing, and only then look whether it had taken the call meanwhile."""
        self.kill()
        try:
            return self._line(POLL)["state"] == "taken"
        except _Silence:
            return False

    def _send(self, line: bytes) -> None:
        self._socket.settimeout(START_LIMIT)
        try:
            self._socket.sendall(line + b"\n")
        except OSError as error:
            raise _Silence(ended=not isinstance(error, TimeoutError)) from None

    def _line(self, timeout: float) -> dict[str, str]:
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise _Silence(ended=False)
            self._buffer += self._some(min(left, POLL))
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            reply = json.loads(line)
        except ValueError:
            reply = None
        if not isinstance(reply, dict) or "state" not in reply:
            raise _Silence(ended=True)  # the handler got hold of our socket: nothing on it can be believed
        return reply

    def _some(self, timeout: float) -> bytes:
        """Return what arrives within `timeout`, perhaps nothing."""
        self._socket.settimeout(timeout)
        try:
            some = self._socket.recv(65536)
        except TimeoutError:
            if self.alive:
                return b""
            raise _Silence(ended=True) from None
        except OSError:
            raise _Silence(ended=True) from None
        if not some:
            raise _Silence(ended=True)
        return some

    def _silent(self, silence: _Silence, never: str) -> str:
        if silence.ended:
            return f"{self._obituary()} before it {never}"
        return f"the handler's process was started, but within {seconds(START_LIMIT)} it never {never}"

    def _obituary(self) -> str:
        """Tell how the process ended."""
        self.wait(END_LIMIT)
        self.kill()
        code = self._process.returncode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"the handler's process died ({how})"

    def ask_to_end(self) -> None:
        """Let the process end once it has answered the call that it is at."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        """End the process and everything it started, now."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if not self.wait(END_LIMIT):
            log.error("process survived a kill", extra={"pid": self._process.pid})

    def end(self, limit: float = 0) -> None:
        """End the process, by asking if `limit` allows, and let go of what belongs to it."""
        if limit:
            self.ask_to_end()
            self.wait(limit)
        self.kill()
        self._socket.close()
        os.close(self._life)

    def wait(self, limit: float) -> bool:
        """Tell whether the process ended within `limit` seconds."""
        try:
            self._process.wait(limit)
        except subprocess.TimeoutExpired:
            return False
        return True


class Workers:
    """All child processes of one set of handler files. Any number of threads may call at once."""

    def __init__(self, files: Sequence[Path], functions: Mapping[str, str], *, keep: int = 4) -> None:
        self._files = tuple(files)
        self._functions = dict(functions)
        self._keep = keep
        self._lock = threading.Lock()
        self._all: set[Worker] = set()
        self._idle: list[Worker] = []
        self._closed = False

    def warm(self) -> None:
        """Have one process ready."""
        self._give_back(self._take())

    def call(self, request: bytes, timeout: float) -> dict[str, str]:
        """Hand the request to one process. Raises NotTaken, TookTooLong or Died."""
        worker = self._take()
        try:
            reply = worker.call(request, timeout)
        except BaseException as error:
            self._discard(worker)
            if isinstance(error, Died) and self._closed:
                raise Died("the handler was stopped with the scheduler") from None
            raise
        self._give_back(worker)
        return reply

    def close(self, limit: float = END_LIMIT) -> None:
        """End every process: ask all of them, wait `limit` seconds together, kill what is left."""
        with self._lock:
            self._closed = True
            everyone, idle, self._idle = set(self._all), self._idle, []
        for worker in everyone:
            worker.ask_to_end()
        deadline = time.monotonic() + limit
        for worker in idle:
            self._discard(worker, max(0.01, deadline - time.monotonic()))
        for worker in everyone.difference(idle):
            # The thread that uses it sees the process end, and lets go of what is left.
            worker.wait(max(0.01, deadline - time.monotonic()))
            worker.kill()

    def _take(self) -> Worker:
        stamp = self._stamp()
        with self._lock:
            stale = [worker for worker in self._idle if worker.stamp != stamp or not worker.alive]
            self._idle = [worker for worker in self._idle if worker not in stale]
            worker = self._idle.pop() if self._idle else None
        for old in stale:
            self._discard(old, 0.5)
        return worker or self._start(stamp)

    def _start(self, stamp: Stamp) -> Worker:
        with self._lock:
            if self._closed:
                raise NotTaken("no handler is started any more: the scheduler is closing")
            try:
                worker = Worker(stamp)
            except OSError as error:
                raise NotTaken(f"could not start a process: {error.strerror}") from None
            self._all.add(worker)
        try:
            worker.set_up({"files": [str(file) for file in self._files], "functions": self._functions})
        except BaseException:
            self._discard(worker)
            raise
        return worker

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            kept = not self._closed and len(self._idle) < self._keep
            if kept:
                self._idle.append(worker)
        if not kept:
            self._discard(worker, 0.5)

    def _discard(self, worker: Worker, limit: float = 0) -> None:
        worker.end(limit)
        with self._lock:
            self._all.discard(worker)

    def _stamp(self) -> Stamp:
        paths = [*self._files, *(Path(a.rpartition(":")[0]) for a in self._functions.values())]
        return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
