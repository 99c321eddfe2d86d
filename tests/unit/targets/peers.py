"""The other side of a call: calls to make, and real servers on the loopback to make them to."""

import json
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tickline.model import Call, Json, Result, RunContext

WHEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def call(
    target: str, payload: Json = None, *, timeout: float = 10, wait: bool = True, **changes: Any
) -> Call:
    """Return a call of the run of 07:00, with `changes` to its context."""
    context: dict[str, Any] = {
        "run_id": "report/2026-11-23T07:00:00Z",
        "job_id": "report",
        "scheduled_time": WHEN,
        "attempt": 2,
        "attempt_id": "6f1c",
        "missed_count": 3,
    }
    return Call(
        target=target,
        payload=payload,
        timeout=timedelta(seconds=timeout),
        wait=wait,
        context=RunContext(**(context | changes)),
    )


def value(result: Result) -> dict[str, object]:
    """Return the value that a handler returned, from the summary."""
    assert result.ok, result
    found: dict[str, object] = json.loads(result.summary)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request, as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]


def response(status: str = "200 OK", body: bytes = b"", *headers: str) -> bytes:
    """Return the bytes of a response."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


Answer = Callable[["Peer", socket.socket, Received], None]


def says(data: bytes) -> Answer:
    """Answer every request with these bytes."""
    return lambda _peer, line, _request: line.sendall(data)


def hangs(peer: "Peer", _line: socket.socket, _request: Received) -> None:
    """Answer nothing until the peer closes."""
    peer.closing.wait()


def drips(head: bytes) -> Answer:
    """Answer with `head`, and then with a byte now and then for ever."""

    def answer(peer: "Peer", line: socket.socket, _request: Received) -> None:
        line.sendall(head)
        while not peer.closing.wait(0.05):
            line.sendall(b"x")

    return answer


@dataclass(slots=True)
class Peer:
    """A server on the loopback that keeps connections alive and remembers what it was asked."""

    answer: Answer
    wrap: Callable[[socket.socket], socket.socket] = lambda line: line
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket = field(init=False)
    _lines: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        with socket.create_connection(("127.0.0.1", self.port)):
            pass  # wakes `accept`
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive(), "a connection outlived its test"
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _start(self, run: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=run, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            line, _ = self._listener.accept()
            if self.closing.is_set():
                line.close()
                return
            self.connections += 1
            self._lines.append(line)
            self._start(self._serve, line)

    def _serve(self, plain: socket.socket) -> None:
        plain.settimeout(20)
        with plain:
            try:
                with self.wrap(plain) as line, line.makefile("rb") as stream:
                    while request := _read(stream):
                        self.requests.append(request)
                        self.answer(self, line, request)
            except OSError:
                return  # the client has left


def _read(stream: Any) -> Received | None:
    line = stream.readline().decode().strip()
    if not line:
        return None
    headers: dict[str, str] = {}
    while header := stream.readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return Received(line=line, headers=headers, body=stream.read(int(headers.get("content-length", 0))))


@dataclass(slots=True)
class Lifeline:
    """A named pipe that a process under test holds open: its end is the end of the process."""

    path: Path
    _descriptor: int = field(init=False)

    def __enter__(self) -> Self:
        os.mkfifo(self.path)
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def word(self, limit: float = 10) -> bytes:
        """Return what the process writes next; empty when it, and all who share the pipe, are gone."""
        ready, _, _ = select.select([self._descriptor], [], [], limit)
        assert ready, "the process said nothing in time"
        return os.read(self._descriptor, 4096)


def until(condition: Callable[[], bool], limit: float = 10) -> bool:
    """Look until the condition holds or the time is over; say which."""
    deadline = time.monotonic() + limit
    while not (held := condition()) and time.monotonic() < deadline:
        select.select([], [], [], 0.01)
    return held
