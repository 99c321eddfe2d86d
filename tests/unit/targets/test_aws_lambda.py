"""One call is one Invoke request, and every answer of Lambda has a meaning."""

import base64
import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import exceptions as raised

from tickline.model import Failure, Result
from tickline.targets.aws_api import CLIENTS
from tickline.targets.aws_lambda import LambdaTarget
from tickline.targets.lambda_errors import CLASSES
from unit.targets.peers import Peer, call, hangs, response, says

JSON = "Content-Type: application/json"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Made-up credentials, and no others anywhere."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


def at(peer: Peer) -> LambdaTarget:
    return LambdaTarget(region="eu-west-1", endpoint_url=peer.url)


def test_a_function_is_invoked_with_payload_and_run_context() -> None:
    with Peer(says(response("200 OK", b'{"rows": 12}', JSON))) as peer:
        result = at(peer).call(call("lambda:nightly:live", {"a": 1}))

    [request] = peer.requests
    assert result == Result(summary='{"rows": 12}')
    assert request.line == "POST /2015-03-31/functions/nightly/invocations?Qualifier=live HTTP/1.1"
    assert request.headers["x-amz-invocation-type"] == "RequestResponse"
    assert json.loads(request.body) == {"a": 1}
    assert json.loads(base64.b64decode(request.headers["x-amz-client-context"])) == {
        "custom": {
            "run_id": "report/2026-11-23T07:00:00Z",
            "job_id": "report",
            "scheduled_time": "2026-11-23T07:00:00Z",
            "attempt": "2",
            "attempt_id": "6f1c",
            "missed_count": "3",
        }
    }


def test_who_does_not_wait_has_the_event_accepted() -> None:
    with Peer(says(response("202 Accepted"))) as peer:
        result = at(peer).call(call("lambda:nightly", wait=False))

    [request] = peer.requests
    assert result == Result(summary="accepted")
    assert request.headers["x-amz-invocation-type"] == "Event"
    assert "x-amz-client-context" not in request.headers
    assert request.body == b"{}"


def test_an_arn_is_called_in_its_own_region() -> None:
    arn = "arn:aws:lambda:us-west-2:123456789012:function:nightly"
    with Peer(says(response(body=b"null"))) as peer:
        result = at(peer).call(call(f"{arn}:7"))

    [request] = peer.requests
    assert result.ok
    assert request.path == f"/2015-03-31/functions/{arn.replace(':', '%3A')}/invocations?Qualifier=7"
    assert "/us-west-2/lambda/" in request.headers["authorization"]


@pytest.mark.parametrize("wait", [True, False])
def test_a_slow_function_gets_exactly_one_request(wait: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickline.targets.aws_api.READ_MARGIN", 0)
    with Peer(hangs) as peer:
        result = at(peer).call(call("lambda:nightly", timeout=0.5, wait=wait))

        assert result.failure is Failure.UNKNOWN
        assert result.error == "no answer within 1s; the function may still be running"
        assert len(peer.requests) == 1


@pytest.mark.parametrize("status", ["500 Internal Server Error", "429 Too Many Requests", "503 Unavailable"])
def test_an_answer_that_botocore_likes_to_retry_gets_exactly_one_request(status: str) -> None:
    with Peer(says(response(status, b"{}", "x-amzn-ErrorType: TooManyRequestsException"))) as peer:
        result = at(peer).call(call("lambda:nightly"))

    assert result == Result(failure=Failure.NOT_STARTED, error="TooManyRequestsException")
    assert len(peer.requests) == 1


def test_answers_are_read_to_the_end_so_that_one_connection_serves_all_calls() -> None:
    with Peer(says(response(body=b"x" * 100_000))) as peer:
        target = at(peer)
        results = [target.call(call("lambda:nightly")) for _ in range(3)]

        assert all(result.ok and len(result.summary.encode()) == 1024 for result in results)
        assert (len(peer.requests), peer.connections) == (3, 1)


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b'{"errorType": "ValueError", "errorMessage": "no rows"}', "ValueError: no rows"),
        (b'{"errorMessage": "Task timed out after 3.00 seconds"}', "Task timed out after 3.00 seconds"),
        (b"{}", "the function failed (Unhandled)"),
        (b"[]", "the function failed (Unhandled)"),
        (b"\xff", "the function failed (Unhandled)"),
    ],
)
def test_a_function_error_is_a_failure_of_the_function(payload: bytes, error: str) -> None:
    with Peer(says(response("200 OK", payload, "X-Amz-Function-Error: Unhandled"))) as peer:
        result = at(peer).call(call("lambda:nightly"))

    assert result == Result(failure=Failure.FUNCTION, error=error)


def test_every_error_of_invoke_in_the_installed_botocore_has_a_class() -> None:
    model = botocore.session.get_session().get_service_model("lambda").operation_model("Invoke")
    names = {shape.name for shape in model.error_shapes}

    assert len(names) >= 44
    assert names - set(CLASSES) == set()


def test_every_code_decides_through_the_real_client() -> None:
    codes = iter(CLASSES)

    def refuses(_peer: Peer, line: socket.socket, _request: object) -> None:
        body = json.dumps({"Type": "User", "Message": "because"}).encode()
        line.sendall(response("400 Bad Request", body, f"x-amzn-ErrorType: {next(codes)}", JSON))

    with Peer(refuses) as peer:
        target = at(peer)
        results = {code: target.call(call("lambda:nightly")) for code in CLASSES}

    assert {code: result.failure for code, result in results.items()} == CLASSES
    assert all(
        (result.summary or result.error).startswith(("already started", code))
        for code, result in results.items()
    )
    assert len(peer.requests) == len(CLASSES)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("TooManyRequestsException", Failure.NOT_STARTED),
        ("ResourceNotFoundException", Failure.PERMANENT),
        ("RecursiveInvocationException", Failure.PERMANENT),
        ("DurableExecutionAlreadyStartedException", None),
        ("BrandNewException", Failure.UNKNOWN),
    ],
)
def test_a_few_codes_mean_what_they_must(code: str, failure: Failure | None) -> None:
    assert refusal(code, "because").failure is failure


def refusal(code: str, message: str) -> Result:
    error = {"Error": {"Code": code, "Message": message}}
    return raising(raised.ClientError(error, "Invoke"))  # type: ignore[arg-type]


class Raising:
    """A client that raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def invoke(self, **_: Any) -> Any:
        raise self._error


def raising(error: Exception, **changes: Any) -> Result:
    target = LambdaTarget(client_factory=lambda _region, _timeout: Raising(error))
    return target.call(call("lambda:nightly", "hunter2", **changes))


def test_an_error_is_told_with_its_message() -> None:
    assert refusal("ResourceNotFoundException", "Function not found: nightly").error == (
        "ResourceNotFoundException: Function not found: nightly"
    )
    assert refusal("", "").error == "an error without a code"


@pytest.mark.parametrize("code", ["InvalidRequestContentException", "SerializationException"])
def test_a_message_that_quotes_the_payload_is_not_told(code: str) -> None:
    assert refusal(code, "Could not parse 'hunter2'").error == code


KEYS: Mapping[str, Any] = {"endpoint_url": "http://x", "error": "hunter2", "provider": "p", "error_msg": "e"}

EXCEPTIONS = [
    (raised.EndpointConnectionError(**KEYS), Failure.NOT_STARTED),
    (raised.ConnectTimeoutError(**KEYS), Failure.NOT_STARTED),
    (raised.ProxyConnectionError(**KEYS, proxy_url="http://p"), Failure.NOT_STARTED),
    (raised.SSLError(endpoint_url="x", error=OSError("CERTIFICATE_VERIFY_FAILED")), Failure.NOT_STARTED),
    (raised.SSLError(endpoint_url="x", error=OSError("EOF occurred")), Failure.UNKNOWN),
    (raised.CredentialRetrievalError(**KEYS), Failure.NOT_STARTED),
    (raised.UnauthorizedSSOTokenError(), Failure.NOT_STARTED),
    (raised.NoCredentialsError(), Failure.PERMANENT),
    (raised.PartialCredentialsError(provider="env", cred_var="x"), Failure.PERMANENT),
    (raised.NoRegionError(), Failure.PERMANENT),
    (raised.ProfileNotFound(profile="x"), Failure.PERMANENT),
    (raised.ParamValidationError(report="hunter2"), Failure.PERMANENT),
    (raised.ReadTimeoutError(**KEYS), Failure.UNKNOWN),
    (raised.ConnectionClosedError(**KEYS), Failure.UNKNOWN),
    (raised.ResponseStreamingError(error="hunter2"), Failure.UNKNOWN),
    (raised.HTTPClientError(error="hunter2"), Failure.UNKNOWN),
    (RuntimeError("hunter2"), Failure.UNKNOWN),
]


@pytest.mark.parametrize(("error", "failure"), EXCEPTIONS, ids=lambda value: type(value).__name__)
def test_what_botocore_raises_has_a_class_and_its_text_stays_inside(
    error: Exception, failure: Failure
) -> None:
    result = raising(error)

    assert result.failure is failure
    assert result.error
    assert "hunter2" not in result.error


def test_a_connection_lost_in_the_middle_of_the_answer_leaves_the_outcome_unknown() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"

    def breaks_off(_peer: Peer, line: Any, _request: object) -> None:
        line.sendall(half)
        line.shutdown(2)

    with Peer(breaks_off) as peer:
        result = at(peer).call(call("lambda:nightly"))

        assert result.failure is Failure.UNKNOWN
        assert len(peer.requests) == 1


def test_nobody_there_means_not_started() -> None:
    with Peer(says(b"")) as peer:
        pass

    result = at(peer).call(call("lambda:nightly"))

    error = "the call to Lambda failed: EndpointConnectionError"
    assert result == Result(failure=Failure.NOT_STARTED, error=error)


def test_without_credentials_there_is_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    result = LambdaTarget(region="eu-west-1").call(call("lambda:nightly"))

    assert result.failure is Failure.PERMANENT
    assert "aws configure" in result.error
    assert "map the function to a Python file" in result.error


def test_without_a_region_there_is_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)

    result = LambdaTarget().call(call("lambda:nightly"))

    assert result == Result(failure=Failure.PERMANENT, error="no AWS region is configured (AWS_REGION)")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            ValueError("Invalid endpoint"),
            Result(failure=Failure.NOT_STARTED, error="the call to Lambda failed: ValueError"),
        ),
        (ImportError("boto3"), Result(failure=Failure.PERMANENT, error="boto3 is not installed")),
    ],
)
def test_a_client_that_cannot_be_made_has_sent_nothing(error: Exception, expected: Result) -> None:
    def fail(_region: str, _timeout: float) -> Raising:
        raise error

    assert LambdaTarget(client_factory=fail).call(call("lambda:nightly")) == expected


@pytest.mark.parametrize(
    "address", ["lambda:", "lambda:a b", "lambda:a:b:c", "arn:aws:lambda:x", "arn:aws:sqs:::q"]
)
def test_an_address_that_names_no_function_fails_for_good(address: str) -> None:
    result = LambdaTarget().call(call(address))

    assert result.failure is Failure.PERMANENT
    assert "for example lambda:nightly-report" in result.error


class Accepting:
    """A client that accepts everything."""

    def invoke(self, **_: Any) -> Any:
        return {"StatusCode": 202, "Payload": BytesIO()}


def test_there_is_a_client_for_each_region_and_timeout_and_not_for_each_call() -> None:
    made: list[tuple[str, float]] = []

    def make(region: str, read_timeout: float) -> Accepting:
        made.append((region, read_timeout))
        return Accepting()

    target = LambdaTarget(region="eu-west-1", client_factory=make)
    for timeout in (60, 59.5, 840, 60):
        assert target.call(call("lambda:nightly", timeout=timeout)).summary == "accepted"
    assert target.call(call("arn:aws:lambda:us-west-2:123456789012:function:f", timeout=60)).ok
    assert made == [("eu-west-1", 62), ("eu-west-1", 842), ("us-west-2", 62)]

    for timeout in range(1, CLIENTS + 10):
        target.call(call("lambda:nightly", timeout=timeout))
    assert len(target._api) == CLIENTS


def test_the_client_sends_once_keeps_alive_and_waits_longer_than_the_function_may_run() -> None:
    target = LambdaTarget(region="eu-west-1")
    config = target._api.client("eu-west-1", 60).meta.config

    assert config.retries["total_max_attempts"] == 1
    assert (config.read_timeout, config.connect_timeout, config.tcp_keepalive) == (62, 5, True)


def test_boto3_is_imported_with_the_first_call_and_not_before() -> None:
    code = (
        "import sys, tickline.targets, tickline.targets.aws_lambda; "
        "tickline.targets.aws_lambda.LambdaTarget(); "
        "sys.exit(bool({'boto3', 'botocore', 'urllib3'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0
