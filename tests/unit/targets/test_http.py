"""One call is one POST, over at the deadline, and its outcome says what the server can have seen."""

import socket
import threading
import time
from typing import Any

import pytest

from tickline.model import Failure, Result
from tickline.targets.http import HttpTarget
from unit.targets.peers import Answer, Peer, Received, call, drips, hangs, response, says, until

OK = response(body=b"done")


def closes(_peer: Peer, line: socket.socket, _request: Received) -> None:
    line.shutdown(socket.SHUT_RDWR)


def then_closes(answer: Answer) -> Answer:
    """Answer, and break off."""

    def both(peer: Peer, line: socket.socket, request: Received) -> None:
        answer(peer, line, request)
        closes(peer, line, request)

    return both


@pytest.fixture
def target() -> HttpTarget:
    return HttpTarget()


def test_the_payload_is_posted_as_json_with_the_run_in_the_headers(target: HttpTarget) -> None:
    with Peer(says(OK)) as peer:
        result = target.call(call(f"{peer.url}/hook?a=1", {"a": "é"}))

    [request] = peer.requests
    assert result == Result(summary="HTTP 200: done")
    assert request.line == "POST /hook?a=1 HTTP/1.1"
    assert request.body == b'{"a":"\\u00e9"}'
    agent = request.headers.pop("user-agent")
    assert agent.startswith("tickline/")
    assert agent != "tickline/unknown"
    assert request.headers == {
        "host": f"127.0.0.1:{peer.port}",
        "accept-encoding": "identity",
        "content-length": "14",
        "content-type": "application/json",
        "idempotency-key": "report/2026-11-23T07:00:00Z",
        "tickline-run-id": "report/2026-11-23T07:00:00Z",
        "tickline-scheduled-time": "2026-11-23T07:00:00Z",
        "tickline-attempt": "2",
        "tickline-missed-count": "3",
    }


STATUSES = [
    ("200 OK", None),
    ("201 Created", None),
    ("204 No Content", None),
    ("301 Moved Permanently", Failure.PERMANENT),
    ("308 Permanent Redirect", Failure.PERMANENT),
    ("400 Bad Request", Failure.PERMANENT),
    ("404 Not Found", Failure.PERMANENT),
    ("408 Request Timeout", Failure.NOT_STARTED),
    ("425 Too Early", Failure.NOT_STARTED),
    ("429 Too Many Requests", Failure.NOT_STARTED),
    ("499 Odd", Failure.PERMANENT),
    ("500 Internal Server Error", Failure.FUNCTION),
    ("502 Bad Gateway", Failure.FUNCTION),
    ("503 Service Unavailable", Failure.NOT_STARTED),
    ("504 Gateway Timeout", Failure.FUNCTION),
    ("700 Odd", Failure.UNKNOWN),
]


@pytest.mark.parametrize(("status", "failure"), STATUSES)
def test_a_status_decides_and_one_call_is_one_request(
    target: HttpTarget, status: str, failure: Failure | None
) -> None:
    with Peer(says(response(status, b"", "Location: /elsewhere", "Retry-After: 0"))) as peer:
        result = target.call(call(peer.url))

    assert result.failure is failure
    assert len(peer.requests) == 1
    assert (result.summary or result.error).startswith(f"HTTP {status[:3]}")


def test_an_error_names_the_status_and_never_the_body(target: HttpTarget) -> None:
    with Peer(says(response("400 Bad Request", b'{"you sent": "hunter2"}'))) as peer:
        result = target.call(call(peer.url, "hunter2"))

    assert result == Result(failure=Failure.PERMANENT, error="HTTP 400 Bad Request")


def test_a_redirect_is_explained(target: HttpTarget) -> None:
    with Peer(says(response("302 Found", b"", "Location: /elsewhere"))) as peer:
        result = target.call(call(peer.url))

    assert result.error == "HTTP 302 Found (redirects are not followed)"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("200 OK", Result(summary="HTTP 200: accepted")),
        (
            "500 Internal Server Error",
            Result(failure=Failure.FUNCTION, error="HTTP 500 Internal Server Error"),
        ),
        ("429 Too Many Requests", Result(failure=Failure.NOT_STARTED, error="HTTP 429 Too Many Requests")),
        ("404 Not Found", Result(failure=Failure.PERMANENT, error="HTTP 404 Not Found")),
    ],
)
def test_who_does_not_wait_is_content_with_the_head_of_the_response(
    target: HttpTarget, status: str, expected: Result
) -> None:
    with Peer(drips(f"HTTP/1.1 {status}\r\nContent-Length: 100000\r\n\r\n".encode())) as peer:
        assert target.call(call(peer.url, wait=False)) == expected


@pytest.mark.parametrize(
    ("head", "error"),
    [
        (b"", "timed out after 0.3s, no answer from 127.0.0.1:PORT"),
        (b"HTTP/1.1 200 OK\r\nX-Drip: ", "timed out after 0.3s, no answer from 127.0.0.1:PORT"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
            "timed out after 0.3s, in the middle of the answer HTTP 200",
        ),
        (
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
            "timed out after 0.3s, in the middle of the answer HTTP 200",
        ),
    ],
)
def test_a_server_that_drips_for_ever_is_cut_at_the_deadline(
    target: HttpTarget, head: bytes, error: str
) -> None:
    with Peer(drips(head)) as peer:
        began = time.monotonic()
        result = target.call(call(peer.url, timeout=0.3))
        took = time.monotonic() - began

        assert result == Result(failure=Failure.UNKNOWN, error=error.replace("PORT", str(peer.port)))
        assert 0.3 <= took < 1
        assert len(peer.requests) == 1
        assert until(lambda: "http" not in {thread.name for thread in threading.enumerate()}, 2)


def test_a_status_that_came_in_time_counts_even_if_the_body_did_not(target: HttpTarget) -> None:
    with Peer(drips(b"HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\n")) as peer:
        result = target.call(call(peer.url, timeout=0.3))

    assert result == Result(failure=Failure.FUNCTION, error="HTTP 500 Internal Server Error")


def test_a_status_counts_even_if_the_connection_is_lost_in_the_body(target: HttpTarget) -> None:
    with Peer(says(b"HTTP/1.1 500 Oops\r\nContent-Length: 10\r\nConnection: close\r\n\r\n")) as peer:
        peer.answer = then_closes(peer.answer)
        result = target.call(call(peer.url))

    assert result == Result(failure=Failure.FUNCTION, error="HTTP 500 Internal Server Error")


def test_a_body_is_never_decoded_so_that_a_bad_one_cannot_turn_a_success_into_doubt(
    target: HttpTarget,
) -> None:
    with Peer(says(response("200 OK", b"no gzip", "Content-Encoding: gzip"))) as peer:
        assert target.call(call(peer.url)) == Result(summary="HTTP 200: no gzip")


def test_a_silent_server_gets_one_request(target: HttpTarget) -> None:
    with Peer(hangs) as peer:
        result = target.call(call(peer.url, timeout=0.3))

        assert result.failure is Failure.UNKNOWN
        assert len(peer.requests) == peer.connections == 1


def test_a_long_response_is_read_in_part(target: HttpTarget) -> None:
    with Peer(drips(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"y" * 70_000)) as peer:
        result = target.call(call(peer.url))

    assert result.ok
    assert result.summary.startswith("HTTP 200: yyy")
    assert len(result.summary.encode()) == 1024


@pytest.mark.parametrize(
    "answer",
    [
        closes,
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf"),
        says(b"what?\r\n\r\n"),
    ],
)
def test_a_connection_lost_after_the_request_leaves_the_outcome_unknown(
    target: HttpTarget, answer: Answer
) -> None:
    with Peer(then_closes(answer)) as peer:
        result = target.call(call(peer.url))

    assert result.failure is Failure.UNKNOWN
    assert result.error.startswith(f"lost the connection to 127.0.0.1:{peer.port}: ")
    assert len(peer.requests) == 1


def test_a_refused_connection_means_not_started(target: HttpTarget) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    result = target.call(call(f"http://127.0.0.1:{port}/secret-path?token=hunter2"))

    error = f"could not connect to 127.0.0.1:{port}: Connection refused"
    assert result == Result(failure=Failure.NOT_STARTED, error=error)


def test_a_name_that_cannot_be_resolved_means_not_started(
    target: HttpTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    result = target.call(call("http://example.invalid"))

    error = "could not connect to example.invalid:80: the name cannot be resolved"
    assert result == Result(failure=Failure.NOT_STARTED, error=error)


def test_a_look_up_that_hangs_is_over_at_the_deadline_and_nothing_is_sent_later(
    target: HttpTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, released, original = threading.Event(), threading.Event(), socket.getaddrinfo

    def hang(*arguments: Any, **options: Any) -> Any:
        look_up.set()
        released.wait(10)
        return original(*arguments, **options)

    with Peer(says(OK)) as peer:
        monkeypatch.setattr(socket, "getaddrinfo", hang)
        result = target.call(call(f"http://localhost:{peer.port}", timeout=0.2))
        [thread] = [thread for thread in threading.enumerate() if thread.name == "http"]
        released.set()
        thread.join(10)

        assert look_up.is_set()
        assert not thread.is_alive()
        assert peer.requests == []
    error = f"timed out after 0.2s, not connected to localhost:{peer.port}"
    assert result == Result(failure=Failure.NOT_STARTED, error=error)


def test_a_connection_that_is_not_made_in_time_means_not_started(
    target: HttpTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickline.targets.http.CONNECT_LIMIT", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        with socket.create_connection(address), _half_open(address):
            result = target.call(call(f"http://127.0.0.1:{address[1]}"))

    error = f"could not connect to 127.0.0.1:{address[1]}: no connection in time"
    assert result == Result(failure=Failure.NOT_STARTED, error=error)


def _half_open(address: tuple[str, int]) -> socket.socket:
    """Fill what is left of a backlog of 0: the next connection gets no answer."""
    line = socket.socket()
    line.setblocking(False)
    line.connect_ex(address)
    return line


def test_whatever_else_goes_wrong_before_the_request_means_not_started(
    target: HttpTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    result = target.call(call("http://example.invalid"))

    assert result == Result(failure=Failure.NOT_STARTED, error="nothing was sent: RuntimeError")


def test_a_thread_that_cannot_start_means_not_started(
    target: HttpTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)

    assert target.call(call("http://127.0.0.1:1")).failure is Failure.NOT_STARTED


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "https:///path",
        "http://127.0.0.1:99999",
        "http://user:hunter2@127.0.0.1:port/",
        "http://[::1",
        "http://" + "a" * 70 + ".invalid/",
        "ftp://example.com",
        "http://us\u20acr:hunter2@127.0.0.1/",
    ],
)
def test_an_address_that_is_no_url_fails_for_good_and_is_not_repeated(
    target: HttpTarget, address: str
) -> None:
    result = target.call(call(address))

    assert result.failure is Failure.PERMANENT
    assert result.error.startswith("the address is not a valid URL")
    assert "hunter2" not in result.error


def test_credentials_of_the_url_are_sent_and_never_told(target: HttpTarget) -> None:
    with Peer(says(response("401 Unauthorized"))) as peer:
        result = target.call(call(f"http://user:hunter%402@127.0.0.1:{peer.port}/"))

    assert peer.requests[0].headers["authorization"] == "Basic dXNlcjpodW50ZXJAMg=="
    assert peer.requests[0].line == "POST / HTTP/1.1"
    assert result == Result(failure=Failure.PERMANENT, error="HTTP 401 Unauthorized")


def test_an_early_answer_counts_although_the_request_was_not_read(target: HttpTarget) -> None:
    """A server may refuse a large body, and close, before all of it has been sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_refuse_unread, args=(server,))
        thread.start()
        result = target.call(call(f"http://127.0.0.1:{server.getsockname()[1]}", "x" * 30_000_000))
        thread.join(10)

    assert result.failure in (Failure.PERMANENT, Failure.UNKNOWN)


def _refuse_unread(server: socket.socket) -> None:
    line, _ = server.accept()
    with line:
        line.recv(1000)
        line.sendall(response("413 Content Too Large", b"", "Connection: close"))
