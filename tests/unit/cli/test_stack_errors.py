"""The way to a stack through the real boto3, to servers on the loopback and through broken settings."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions

import tickline
from tickline.cli.stack import Boto3Clients, StackClient
from tickline.cli.stack_errors import ABSENT_SETTINGS
from tickline.model import Json
from unit.targets.peers import Answer, Peer, Received, hangs, response

FOUND = {"Parameter": {"Value": json.dumps({"admin": "prod-admin", "version": tickline.__version__})}}
OK = {"ok": True}


def _json(value: Json, status: str = "200 OK", *headers: str) -> bytes:
    return response(status, json.dumps(value).encode(), "Content-Type: application/json", *headers)


def refuses(code: str, status: str = "400 Bad Request") -> bytes:
    """Return an error as both APIs write it."""
    body = {"__type": code, "message": "because", "Message": "because", "Type": "User"}
    return _json(body, status, f"x-amzn-ErrorType: {code}")


def aws(*lambdas: bytes | Answer, parameter: bytes | Answer = b"") -> Answer:
    """Answer for both APIs: `parameter`, and one of `lambdas` after the other, the last for ever."""
    left = list(lambdas)

    def answer(peer: Peer, line: socket.socket, request: Received) -> None:
        asked = (
            (parameter or _json(FOUND)) if request.path == "/" else left.pop(0) if len(left) > 1 else left[0]
        )
        if isinstance(asked, bytes):
            line.sendall(asked)
        else:
            asked(peer, line, request)

    return answer


def hangs_up(_peer: Peer, line: socket.socket, _request: Received) -> None:
    """Close the connection in the place of an answer."""
    line.shutdown(socket.SHUT_RDWR)


def ask(peer: Peer | str, action: str = "list_jobs", **clients: Any) -> Json:
    """Ask the stack prod at this address; return the answer."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", peer if isinstance(peer, str) else peer.url)
        make = Boto3Clients(**({"attempts": 1} | clients))
        answer = StackClient("prod", make=make, sleep=lambda _: None, tell=said.append).call(action)
    assert said == []
    return answer


def message(answer: Json) -> str:
    assert answer["ok"] is False
    assert answer["error"]["code"] == "store_error"
    return str(answer["error"]["message"])


def invocations(peer: Peer) -> list[Received]:
    return [request for request in peer.requests if request.path != "/"]


def test_a_request_is_one_invocation_of_the_function_that_the_parameter_names() -> None:
    with Peer(aws(_json(OK))) as peer:
        answer = ask(peer)

    [lookup, invocation] = peer.requests
    assert answer == OK
    assert json.loads(lookup.body) == {"Name": "/tickline/prod"}
    assert invocation.path == "/2015-03-31/functions/prod-admin/invocations"
    assert json.loads(invocation.body) == {"action": "list_jobs"}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "it needs lambda:InvokeFunction on prod-admin. AWS says: because"),
        ("ExpiredTokenException", "AWS does not accept your credentials (ExpiredTokenException)"),
        ("UnrecognizedClientException", "AWS does not accept your credentials"),
        ("ResourceNotFoundException", "the admin function of stack prod is gone"),
        ("RequestTooLargeException", "larger than Lambda takes"),
        ("KMSDisabledException", "stack prod cannot be asked: KMSDisabledException: because"),
    ],
)
def test_a_refusal_of_lambda_says_what_to_do(code: str, said: str) -> None:
    with Peer(aws(refuses(code))) as peer:
        answer = ask(peer)

    assert said in message(answer)


def test_a_refusal_of_the_parameter_names_the_right_that_is_missing() -> None:
    with Peer(aws(b"", parameter=refuses("AccessDeniedException"))) as peer:
        answer = ask(peer)

    assert "it needs ssm:GetParameter on parameter/tickline/prod" in message(answer)


def test_who_may_not_list_stacks_is_told_that_there_is_none_of_this_name() -> None:
    def parameters(_peer: Peer, line: socket.socket, request: Received) -> None:
        listing = request.headers["x-amz-target"].endswith("GetParametersByPath")
        line.sendall(refuses("AccessDeniedException" if listing else "ParameterNotFound"))

    with Peer(aws(b"", parameter=parameters)) as peer:
        answer = ask(peer)

    assert message(answer) == (
        "there is no stack prod in eu-west-1; look at its name, and at AWS_PROFILE and AWS_REGION"
    )


@pytest.mark.parametrize(("action", "sent"), [("list_jobs", 1), ("put_job", 4)])
def test_too_many_requests_are_told_as_nothing_done(action: str, sent: int) -> None:
    with Peer(aws(refuses("TooManyRequestsException", "429 Too Many Requests"))) as peer:
        answer = ask(peer, action)

    assert "nothing was done; try again later" in message(answer)
    assert len(invocations(peer)) == sent


def test_a_question_whose_answer_is_lost_is_sent_again() -> None:
    with Peer(aws(hangs_up, _json(OK))) as peer:
        answer = ask(peer, attempts=2)

    assert answer == OK
    assert len(invocations(peer)) == 2


@pytest.mark.parametrize("lost", [hangs, hangs_up, refuses("ServiceException", "500 Internal Server Error")])
def test_a_change_whose_answer_is_lost_is_not_sent_again(lost: bytes | Answer) -> None:
    with Peer(aws(lost)) as peer:
        answer = ask(peer, "put_job", attempts=4, read_timeout=0.2)

    assert message(answer).endswith("whether it was done nobody knows: look before you repeat it")
    assert len(invocations(peer)) == 1


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("put_job", "stack prod did not answer (ReadTimeoutError); whether it was done nobody knows"),
        ("list_jobs", "stack prod did not answer (ReadTimeoutError); try again"),
    ],
)
def test_silence_is_told_as_what_it_is(action: str, said: str) -> None:
    with Peer(aws(hangs)) as peer:
        answer = ask(peer, action, read_timeout=0.2)

    assert message(answer).startswith(said)


def test_an_address_where_nobody_is_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"

    answer = ask(address)

    assert message(answer).startswith("AWS cannot be reached (Could not connect to the endpoint URL")


def test_an_address_that_is_none_is_told() -> None:
    assert message(ask("nowhere")).startswith("stack prod cannot be asked: ")


# settings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Return an environment with AWS settings that a test takes away; nothing is asked of the network."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    return monkeypatch


def test_no_region_is_told(settings: pytest.MonkeyPatch) -> None:
    settings.delenv("AWS_DEFAULT_REGION")

    assert message(StackClient("prod").call("list_jobs")).startswith("no AWS region is set; set AWS_REGION")


def test_no_credentials_are_told(settings: pytest.MonkeyPatch) -> None:
    settings.delenv("AWS_ACCESS_KEY_ID")
    settings.delenv("AWS_SECRET_ACCESS_KEY")

    assert message(StackClient("prod").call("list_jobs")).startswith(
        "there are no AWS credentials (Unable to"
    )


def test_a_profile_that_is_not_there_is_told(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("AWS_PROFILE", "nosuch")

    answer = StackClient("prod").call("list_jobs")

    assert message(answer) == (
        "there are no AWS credentials (The config profile (nosuch) could not be found); "
        "set AWS_PROFILE, or log in"
    )


def test_the_region_of_every_tool_of_aws_is_this_command_s_too(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("AWS_REGION", "ap-south-1")

    assert Boto3Clients()("ssm", again=True).meta.region_name == "ap-south-1"


def test_every_error_of_the_sdk_about_who_asks_is_known() -> None:
    about = ("SSO", "Login", "Credential", "Token", "Profile")
    errors = {
        name
        for name, kind in vars(exceptions).items()
        if isinstance(kind, type) and issubclass(kind, exceptions.BotoCoreError)
    }

    assert {name for name in errors if any(word in name for word in about)} == ABSENT_SETTINGS
