"""What every kind of target promises, each against its real other side."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tickline.model import Failure
from tickline.ports import Target
from tickline.registry import registry
from tickline.targets.aws_lambda import LambdaTarget
from tickline.targets.bundled import BundledTarget
from tickline.targets.http import HttpTarget
from tickline.targets.python import PythonTarget
from unit.targets.apis import APIS, KINDS, at
from unit.targets.peers import Answer, Peer, Received, call, response

SECRET = "hunter2-in-the-payload"  # noqa: S105 - it is to look like one

SOURCE = """
import os, time
from tickline.registry import handler

def note(name):
    with open(os.path.join(os.path.dirname(__file__), "asked"), "a") as asked:
        asked.write(name + "\\n")

@handler("works")
def works(payload, context):
    note("works")
    return "done"

@handler("talks")
def talks(payload, context):
    return "x" * 5000

@handler("fails")
def fails(payload, context):
    note("fails")
    raise ValueError("no rows")

@handler("hangs")
def hangs(payload, context):
    note("hangs")
    time.sleep(600)

@handler("breaks-off")
def breaks_off(payload, context):
    note("breaks-off")
    os._exit(1)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A target, the address of each behaviour, and how often a behaviour was asked for so far."""

    target: Target
    address: Callable[[str], str]
    asked: Callable[[str], int]
    slack: float = 1.0  # how far past its timeout a call may come back
    breaking: Failure = Failure.FUNCTION  # who only accepts cannot tell whether it broke before or after


def behaves(name: str, peer: Peer, line: socket.socket, *, failure: bytes) -> None:
    answers = {
        "works": response(body=b"done"),
        "talks": response(body=b"x" * 5000),
        "fails": failure,
        "gone": response("404 Not Found", b"{}", "x-amzn-ErrorType: ResourceNotFoundException"),
    }
    if name in answers:
        line.sendall(answers[name])
    elif name == "hangs":
        peer.closing.wait()
    else:
        line.shutdown(socket.SHUT_RDWR)


def at_http(peer: Peer, line: socket.socket, request: Received) -> None:
    """Answer as a web server that quotes what it was sent."""
    failure = response("500 Internal Server Error", request.body)
    behaves(request.path.removeprefix("/"), peer, line, failure=failure)


def at_lambda(peer: Peer, line: socket.socket, request: Received) -> None:
    report = b'{"errorType": "ValueError", "errorMessage": "no rows"}'
    failure = response("200 OK", report, "X-Amz-Function-Error: Unhandled")
    behaves(request.path.split("/")[3], peer, line, failure=failure)


def at_api(name: str) -> Answer:
    """Answer as an API of AWS that takes payloads, and that quotes them when it breaks."""
    api = APIS[name]

    def answer(peer: Peer, line: socket.socket, request: Received) -> None:
        asked = api.asked(request)
        if asked in ("works", "talks"):
            line.sendall(api.accepts("done" if asked == "works" else "x" * 5000))
        elif asked == "gone":
            line.sendall(api.refuses(api.missing, "there is none"))
        else:
            behaves(asked, peer, line, failure=api.refuses("InternalError", quote(request.body)))

    return answer


def of_api(name: str) -> Iterator[Kind]:
    with Peer(at_api(name)) as peer:

        def asked(behaviour: str) -> int:
            return [APIS[name].asked(request) for request in peer.requests].count(behaviour)

        yield Kind(
            target=at(peer, name),
            address=lambda behaviour: f"{name}:{behaviour}",
            asked=asked,
            slack=2.0,
            breaking=Failure.UNKNOWN,
        )


def of_python(folder: Path, scheme: str) -> Iterator[Kind]:
    file = folder / "handlers_of_the_contract.py"
    file.write_text(SOURCE)
    names = {"works", "talks", "fails", "hangs", "breaks-off"}
    functions = {name: f"{file}:{name.replace('-', '_')}" for name in names}

    def asked(name: str) -> int:
        return (folder / "asked").read_text().split().count(name)

    with PythonTarget([file], functions) as target:
        target.warm()
        yield Kind(target=target, address=lambda name: f"{scheme}:{name}", asked=asked)


def of_bundle(folder: Path) -> Iterator[Kind]:
    """In this very process: a handler that hangs must end with the test, and one must not end the process."""
    text = SOURCE.replace("time.sleep(600)", "over.wait()").replace("os._exit(1)", "raise SystemExit(1)")
    (folder / "handlers_of_the_contract.py").write_text(f"import threading\nover = threading.Event()\n{text}")

    def asked(name: str) -> int:
        return (folder / "asked").read_text().split().count(name)

    target = BundledTarget(folder)
    yield Kind(target=target, address=lambda name: f"python:{name}", asked=asked)
    if hangs := registry.find("hangs"):
        hangs.__globals__["over"].set()


@pytest.fixture(params=["python", "bundle", "stand-in", "http", "lambda", *KINDS])
def kind(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kind]:
    if request.param in ("python", "stand-in"):
        yield from of_python(tmp_path, "python" if request.param == "python" else "lambda")
        return
    if request.param == "bundle":
        request.getfixturevalue("empty_registry")
        yield from of_bundle(tmp_path)
        return
    monkeypatch.setattr("tickline.targets.aws_api._read_timeout", float)
    if request.param in KINDS:
        yield from of_api(request.param)
        return
    http = request.param == "http"
    with Peer(at_http if http else at_lambda) as peer:

        def asked(name: str) -> int:
            return sum(name in received.path.split("/") for received in peer.requests)

        if http:
            yield Kind(target=HttpTarget(), address=lambda name: f"{peer.url}/{name}", asked=asked)
            return
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        target = LambdaTarget(region="eu-west-1", endpoint_url=peer.url)
        yield Kind(target=target, address=lambda name: f"lambda:{name}", asked=asked, slack=2.0)


def test_work_that_is_done_is_a_success_and_says_what_came_back(kind: Kind) -> None:
    result = kind.target.call(call(kind.address("works"), {"token": SECRET}))

    assert result.ok
    assert "done" in result.summary
    assert result.error == ""
    assert kind.asked("works") == 1


def test_work_that_fails_is_a_failure(kind: Kind) -> None:
    result = kind.target.call(call(kind.address("fails")))

    assert result.failure is kind.breaking
    assert result.error
    assert kind.asked("fails") == 1


def test_a_call_comes_back_when_its_time_is_over_and_was_made_once(kind: Kind) -> None:
    began = time.monotonic()
    result = kind.target.call(call(kind.address("hangs"), timeout=0.5))
    took = time.monotonic() - began

    assert result.failure in (Failure.FUNCTION, Failure.UNKNOWN)
    assert 0.5 <= took < 0.5 + kind.slack
    assert kind.asked("hangs") == 1


def test_a_target_that_dies_in_the_middle_may_have_run(kind: Kind) -> None:
    result = kind.target.call(call(kind.address("breaks-off")))

    assert result.failure in (Failure.FUNCTION, Failure.UNKNOWN)
    assert kind.asked("breaks-off") == 1


def test_what_is_not_there_fails_for_good(kind: Kind) -> None:
    assert kind.target.call(call(kind.address("gone"))).failure is Failure.PERMANENT


def test_a_summary_is_at_most_a_kilobyte(kind: Kind) -> None:
    result = kind.target.call(call(kind.address("talks")))

    assert "xxx" in result.summary
    assert len(result.summary.encode()) == 1024


@pytest.mark.parametrize("behaviour", ["fails", "hangs", "breaks-off", "gone"])
def test_a_failure_never_tells_the_payload(
    kind: Kind, behaviour: str, caplog: pytest.LogCaptureFixture
) -> None:
    result = kind.target.call(call(kind.address(behaviour), {"token": SECRET}, timeout=0.5))

    assert result.failure
    assert SECRET not in f"{result.error}{result.summary}{caplog.text}"


@pytest.mark.parametrize("payload", [object(), {"a": {1}}, float("nan"), {"b": SECRET.encode()}])
def test_a_payload_that_is_no_json_fails_for_good_and_is_not_told(kind: Kind, payload: object) -> None:
    result = kind.target.call(call(kind.address("works"), payload))

    assert result.failure is Failure.PERMANENT
    assert "cannot be written as JSON" in result.error
    assert SECRET not in result.error


@pytest.mark.parametrize(
    "address", ["", ":", "python:", "lambda:", "https://", "queue:orders", "lambda:é", "http://["]
)
def test_no_address_makes_a_target_raise(kind: Kind, address: str) -> None:
    assert kind.target.call(call(address)).failure is Failure.PERMANENT


def test_twenty_threads_at_once_get_their_own_answers(kind: Kind) -> None:
    calls = [call(kind.address("works"), number) for number in range(20)]

    with ThreadPoolExecutor(len(calls)) as threads:
        results = list(threads.map(kind.target.call, calls))

    assert all(result.ok for result in results), results
    assert kind.asked("works") == 20


def test_a_target_keeps_working_after_failures(kind: Kind) -> None:
    for behaviour in ("fails", "breaks-off", "hangs", "gone"):
        assert not kind.target.call(call(kind.address(behaviour), timeout=0.2)).ok

    assert kind.target.call(call(kind.address("works"))).ok
