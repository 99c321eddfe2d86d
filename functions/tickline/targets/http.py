"""`http://` and `https://`: one POST of the payload as JSON, one request on one new connection.

A connection of its own for each call, because only then it is known whether the request was sent when
something breaks. Errors name the host alone: paths and queries of webhooks are secrets, too.
"""

import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from socket import SHUT_RDWR, socket
from typing import Self
from urllib.parse import unquote

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.response import HTTPResponse
from urllib3.util import make_headers, parse_url

from tickline import __version__
from tickline.model import Call, Failure, Result, RunContext, slot_of
from tickline.targets.text import as_json, seconds, shorten

CONNECT_LIMIT = 10.0
"""Seconds to reach one address of the host."""

READ_LIMIT = 64 * 1024
"""Bytes of a response that are read."""

TURNED_AWAY = frozenset({408, 425, 429, 503})
"""Answers of a server that did not begin, and may do so another time."""


class HttpTarget:
    """Calls `http://` and `https://` addresses. No redirects, no retries, no proxies.

    The timeout holds for everything together: the look-up of the name, the connection, the whole response.
    A job with wait=false is content with the head of a response; only a server that turns the request away
    (3xx, 4xx, 503) fails it.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls

    def call(self, call: Call) -> Result:
        """Send the request once."""
        try:
            request = Request.of(call)
        except (ValueError, HTTPError) as error:
            # Only our own words: urllib3's would quote the address, and perhaps a password in it.
            reason = str(error) if type(error) is ValueError else "the address is not a valid URL"
            return Result(failure=Failure.PERMANENT, error=reason)
        exchange = Exchange(request, self._connection(request), wait=call.wait)
        return exchange.result(call.timeout.total_seconds())

    def _connection(self, request: "Request") -> HTTPConnection:
        if not request.secure:
            return HTTPConnection(request.host, request.port, timeout=CONNECT_LIMIT)
        tls = self._tls or _default_tls()
        return HTTPSConnection(request.host, request.port, timeout=CONNECT_LIMIT, ssl_context=tls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent, and where to."""

    secure: bool
    host: str
    port: int
    path: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, call: Call) -> Self:
        """Read the call. Raises ValueError, or urllib3's HTTPError for an address that is none."""
        url = parse_url(call.target)
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("the address is not a valid URL; for example https://example.com/hook")
        credentials = make_headers(basic_auth=unquote(url.auth)) if url.auth else {}
        return cls(
            secure=url.scheme == "https",
            host=url.host.strip("[]"),
            port=url.port or (443 if url.scheme == "https" else 80),
            path=url.request_uri,
            headers={**_headers(call.context), **credentials},
            body=as_json(call.payload),
        )

    @property
    def place(self) -> str:
        """Host and port, for errors."""
        return f"{self.host}:{self.port}"


def _headers(context: RunContext) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": f"tickline/{__version__}",
        "Idempotency-Key": context.run_id,
        "Tickline-Run-Id": context.run_id,
        "Tickline-Scheduled-Time": slot_of(context.scheduled_time),
        "Tickline-Attempt": str(context.attempt),
        "Tickline-Missed-Count": str(context.missed_count),
    }


class Exchange:
    """One request and its response, in a thread of its own.

    A thread, because neither the look-up of a name nor a server that drips bytes can be interrupted
    otherwise. When the time is over the caller takes what is known, and the thread sends nothing any more.
    """

    def __init__(self, request: Request, connection: HTTPConnection, *, wait: bool) -> None:
        self._request = request
        self._connection = connection
        self._wait = wait
        self._lock = threading.Lock()
        self._over = False
        self._line: object = None  # the connection forgets its socket when the response is the last one
        self._sent = False
        self._status: int | None = None
        self._outcome = Result(failure=Failure.UNKNOWN, error=f"no answer from {request.place}")
        self._done = threading.Event()

    def result(self, timeout: float) -> Result:
        """Send the request and return how it ended, at the latest after `timeout` seconds."""
        try:
            threading.Thread(target=self._run, name="http", daemon=True).start()
        except RuntimeError:
            return Result(failure=Failure.NOT_STARTED, error="could not start a thread")
        if self._done.wait(timeout):
            return self._outcome
        with self._lock:
            self._over = True
            known = self._timed_out(timeout)  # before the cut, which looks like an end of the response
        self._cut()
        return known

    def _cut(self) -> None:
        """Wake the thread wherever it is reading or writing: its connection is at an end."""
        line = self._line or self._connection.sock
        if isinstance(line, socket):
            with suppress(OSError):
                socket.shutdown(line, SHUT_RDWR)  # of the plain socket: TLS would first say goodbye

    def _timed_out(self, timeout: float) -> Result:
        error = f"timed out after {seconds(timeout)}"
        if not self._sent:
            return Result(
                failure=Failure.NOT_STARTED, error=f"{error}, not connected to {self._request.place}"
            )
        if self._status is None:
            return Result(failure=Failure.UNKNOWN, error=f"{error}, no answer from {self._request.place}")
        result = _judge(self._status, b"")
        if not result.ok:
            return result
        return Result(
            failure=Failure.UNKNOWN, error=f"{error}, in the middle of the answer HTTP {self._status}"
        )

    def _run(self) -> None:
        try:
            self._outcome = self._connect() or self._talk()
        except Exception as error:  # noqa: BLE001 - whatever breaks after the request: the target may have run
            self._outcome = self._lost(error)
        finally:
            self._connection.close()
            self._done.set()

    def _connect(self) -> Result | None:
        """Return why there is no connection; None when there is one."""
        try:
            self._connection.connect()
        except LocationValueError:
            return Result(failure=Failure.PERMANENT, error="the address is not a valid URL")
        except (HTTPError, OSError) as error:
            reason = f"could not connect to {self._request.place}: {_reason(error)}"
            return Result(failure=Failure.NOT_STARTED, error=shorten(reason))
        return None

    def _talk(self) -> Result:
        request, connection = self._request, self._connection
        with self._lock:
            if self._over:
                return self._outcome  # nobody waits any more, and NOT_STARTED was reported
            self._sent = True
            self._line = connection.sock
        if isinstance(self._line, socket):
            self._line.settimeout(None)  # from here on the caller's clock alone counts
        with suppress(BrokenPipeError, ConnectionResetError):
            # A server may answer, and close, before it has read everything.
            connection.request(
                "POST", request.path, body=request.body, headers=request.headers, preload_content=False
            )
        with closing(connection.getresponse()) as response:
            self._status = response.status
            if not self._wait:
                return _accepted(response.status)
            return _judge(response.status, _body(response))

    def _lost(self, error: Exception) -> Result:
        """Say what an exception leaves known: by how far the exchange had come."""
        if not self._sent:
            return Result(failure=Failure.NOT_STARTED, error=f"nothing was sent: {type(error).__name__}")
        reason = f"lost the connection to {self._request.place}: {_reason(error)}"
        if self._status is not None and not (result := _judge(self._status, b"")).ok:
            return result
        return Result(failure=Failure.UNKNOWN, error=shorten(reason))


def _body(response: HTTPResponse) -> bytes:
    body = b""
    while len(body) < READ_LIMIT and (some := response.read(READ_LIMIT - len(body), decode_content=False)):
        body += some
    return body


def _judge(status: int, body: bytes) -> Result:
    """Say what a status means. An error shows no body: servers like to quote what they were sent."""
    if 200 <= status < 300:
        text = body.decode(errors="replace").strip()
        return Result(summary=shorten(f"HTTP {status}: {text}" if text else f"HTTP {status}"))
    return Result(failure=_failure(status), error=f"HTTP {status} {_phrase(status)}".rstrip())


def _accepted(status: int) -> Result:
    """Judge by the status alone; the body is not waited for."""
    result = _judge(status, b"")
    return Result(summary=f"HTTP {status}: accepted") if result.ok else result


def _failure(status: int) -> Failure:
    if status in TURNED_AWAY:
        return Failure.NOT_STARTED
    if 300 <= status < 500:
        return Failure.PERMANENT
    return Failure.FUNCTION if 500 <= status < 600 else Failure.UNKNOWN


def _phrase(status: int) -> str:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        return ""
    return f"{phrase} (redirects are not followed)" if 300 <= status < 400 else phrase


def _reason(error: BaseException) -> str:
    """Return what the operating system or the other side said, without any address in it."""
    if isinstance(error, NameResolutionError):
        return "the name cannot be resolved"
    if isinstance(error, ConnectTimeoutError) and not isinstance(error, NewConnectionError):
        return "no connection in time"
    cause = error.__cause__ or error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(cause).__name__


@cache
def _default_tls() -> ssl.SSLContext:
    return ssl.create_default_context()
