"""Payloads are handed over as they are asked for, once, to nobody else, and every refusal has a meaning."""

import json
import re
import socket
import subprocess
import sys

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickline.model import Failure, Result
from tickline.targets import TargetsByScheme
from tickline.targets.aws_services import AWS_KINDS, aws_targets, execution_name
from unit.targets.apis import APIS, HOME, KINDS, asked, at, form, sent
from unit.targets.peers import Peer, call, hangs, response, says

RUN_ID = "report/2026-11-23T07:00:00Z"
ATTRIBUTES = {
    "tickline-run-id": {"DataType": "String", "StringValue": RUN_ID},
    "tickline-scheduled-time": {"DataType": "String", "StringValue": "2026-11-23T07:00:00Z"},
    "tickline-attempt": {"DataType": "String", "StringValue": "2"},
}


def test_every_kind_of_target_that_a_job_may_name_is_there() -> None:
    assert set(TargetsByScheme(aws_targets(HOME))) == set(AWS_KINDS) == set(KINDS)


# what is sent


def test_a_queue_gets_the_payload_and_who_sends_it() -> None:
    request = asked("sqs:orders", {"a": "é"})

    assert sent(request) == {
        "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
        "MessageBody": '{"a":"\\u00e9"}',
        "MessageAttributes": ATTRIBUTES,
    }


def test_a_topic_gets_the_payload_and_who_sends_it() -> None:
    said = form(asked("sns:alerts", [1]))

    names = [said[f"MessageAttributes.entry.{n}.Name"] for n in (1, 2, 3)]
    values = [said[f"MessageAttributes.entry.{n}.Value.StringValue"] for n in (1, 2, 3)]
    assert (said["TopicArn"], said["Message"]) == ("arn:aws:sns:eu-west-1:123456789012:alerts", "[1]")
    assert dict(zip(names, values, strict=True)) == {
        name: attribute["StringValue"] for name, attribute in ATTRIBUTES.items()
    }


def test_a_fifo_queue_and_a_fifo_topic_keep_the_order_of_a_job_and_drop_doubles_of_a_run() -> None:
    order = {"MessageDeduplicationId": RUN_ID, "MessageGroupId": "report"}

    assert sent(asked("sqs:orders.fifo")).items() >= order.items()
    assert form(asked("sns:alerts.fifo")).items() >= order.items()
    assert not sent(asked("sqs:orders")).keys() & order.keys()


def test_a_long_run_id_is_deduplicated_by_its_hash() -> None:
    ids = [sent(asked("sqs:q.fifo", run_id="j" * n))["MessageDeduplicationId"] for n in (128, 129, 130)]

    assert ids[0] == "j" * 128
    assert re.fullmatch("[0-9a-f]{64}", ids[1])
    assert ids[1] != ids[2]


@pytest.mark.parametrize(
    ("address", "source", "detail_type"),
    [
        ("events:default", "tickline", "report"),
        ("events:default/shop", "shop", "report"),
        ("events:default/shop/Order%20Placed", "shop", "Order Placed"),
        ("events:arn:aws:events:eu-west-1:123456789012:event-bus/default/shop/a/b", "shop", "a/b"),
        ("arn:aws:events:eu-west-1:123456789012:event-bus/default", "tickline", "report"),
    ],
)
def test_a_bus_gets_an_event(address: str, source: str, detail_type: str) -> None:
    assert sent(asked(address, {"a": 1})) == {
        "Entries": [
            {
                "EventBusName": "arn:aws:events:eu-west-1:123456789012:event-bus/default",
                "Source": source,
                "DetailType": detail_type,
                "Detail": '{"a":1}',
                "Resources": [RUN_ID],
            }
        ]
    }


@pytest.mark.parametrize(
    ("payload", "detail"),
    [(None, "{}"), ({}, "{}"), ([1], '{"payload":[1]}'), ("x", '{"payload":"x"}'), (0, '{"payload":0}')],
)
def test_the_detail_of_an_event_is_always_an_object(payload: object, detail: str) -> None:
    assert sent(asked("events:default", payload))["Entries"][0]["Detail"] == detail


@pytest.mark.parametrize("qualifier", ["", ":live", ":7"])
def test_a_state_machine_is_started_under_the_name_of_the_run(qualifier: str) -> None:
    assert sent(asked(f"states:nightly{qualifier}", {"a": 1})) == {
        "stateMachineArn": f"arn:aws:states:eu-west-1:123456789012:stateMachine:nightly{qualifier}",
        "name": execution_name(RUN_ID),
        "input": '{"a":1}',
    }


@pytest.mark.parametrize("kind", KINDS)
def test_no_payload_is_an_empty_object(kind: str) -> None:
    body = asked(f"{kind}:there").body

    assert b'"{}"' in body or b"Message=%7B%7D" in body


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_name_of_an_execution_is_allowed_and_its_own(one: str, other: str) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{17,80}", execution_name(one))
    assert (execution_name(one) == execution_name(other)) == (one == other)


def test_the_name_of_an_execution_stays_the_same_and_starts_readably() -> None:
    assert execution_name(RUN_ID) == "report-2026-11-23T07-00-00Z-c9eac7627b35962a"
    assert len(execution_name("j" * 128 + "/2026-11-23T07:00:00Z")) == 80
    assert execution_name("a.b/m:1") != execution_name("a-b/m:1")


# what comes back


@pytest.mark.parametrize(
    ("kind", "summary"),
    [
        ("sqs", "accepted, MessageId r-1"),
        ("sns", "accepted, MessageId r-1"),
        ("events", "accepted, EventId r-1"),
        ("states", "accepted, executionArn r-1"),
    ],
)
@pytest.mark.parametrize("wait", [True, False])
def test_being_accepted_is_the_success(kind: str, summary: str, wait: bool) -> None:
    with Peer(says(APIS[kind].accepts("r-1"))) as peer:
        result = at(peer, kind).call(call(f"{kind}:there", wait=wait))

    assert result == Result(summary=summary)


OPERATIONS = {
    "sqs": ("sqs", "SendMessage"),
    "sns": ("sns", "Publish"),
    "events": ("events", "PutEvents"),
    "states": ("stepfunctions", "StartExecution"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_of_the_installed_botocore_has_a_class(kind: str) -> None:
    api, operation = OPERATIONS[kind]
    shapes = botocore.session.get_session().get_service_model(api).operation_model(operation).error_shapes
    names = {name for shape in shapes for name in (shape.name, shape.error_code)}  # type: ignore[attr-defined]

    assert len(shapes) >= 1
    assert names - set(AWS_KINDS[kind].meanings.classes) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_every_code_decides_through_the_real_client(kind: str) -> None:
    classes = AWS_KINDS[kind].meanings.classes
    codes = iter(classes)

    def refuses(_peer: Peer, line: socket.socket, _request: object) -> None:
        line.sendall(APIS[kind].refuses(next(codes), "because"))

    with Peer(refuses) as peer:
        target = at(peer, kind)
        results = {code: target.call(call(f"{kind}:there")) for code in classes}

    assert {code: result.failure for code, result in results.items()} == classes
    assert all((r.summary or r.error).startswith(("already started", code)) for code, r in results.items())
    assert len(peer.requests) == len(classes)


def refusal(kind: str, code: str, message: str = "because") -> Result:
    with Peer(says(APIS[kind].refuses(code, message))) as peer:
        return at(peer, kind).call(call(f"{kind}:there", "hunter2"))


@pytest.mark.parametrize(
    ("kind", "code", "failure"),
    [
        ("sqs", "QueueDoesNotExist", Failure.PERMANENT),
        ("sqs", "RequestThrottled", Failure.NOT_STARTED),
        ("sqs", "InternalError", Failure.UNKNOWN),
        ("sns", "InternalError", Failure.UNKNOWN),
        ("sns", "AuthorizationError", Failure.PERMANENT),
        ("events", "InternalException", Failure.UNKNOWN),
        ("events", "ThrottlingException", Failure.NOT_STARTED),
        ("states", "ExecutionLimitExceeded", Failure.NOT_STARTED),
        ("states", "ExecutionAlreadyExists", None),
        ("states", "BrandNewException", Failure.UNKNOWN),
    ],
)
def test_a_few_codes_mean_what_they_must(kind: str, code: str, failure: Failure | None) -> None:
    assert refusal(kind, code).failure is failure


def test_a_queue_that_answers_with_the_code_of_old_is_understood() -> None:
    body = json.dumps({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no queue"}).encode()
    header = "x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender"
    with Peer(says(response("400 Bad Request", body, header))) as peer:
        result = at(peer, "sqs").call(call("sqs:there"))

    error = "AWS.SimpleQueueService.NonExistentQueue: no queue"
    assert result == Result(failure=Failure.PERMANENT, error=error)


def test_an_execution_of_an_earlier_attempt_is_a_success() -> None:
    assert refusal("states", "ExecutionAlreadyExists") == Result(summary="already started")


@pytest.mark.parametrize(
    ("code", "failure", "error"),
    [
        ("ThrottlingException", Failure.NOT_STARTED, "ThrottlingException: because"),
        ("InternalFailure", Failure.UNKNOWN, "InternalFailure"),
        ("MalformedDetail", Failure.PERMANENT, "MalformedDetail"),
        ("NotAuthorizedForSourceException", Failure.PERMANENT, "NotAuthorizedForSourceException: because"),
        ("BrandNew", Failure.UNKNOWN, "BrandNew"),
        ("", Failure.UNKNOWN, "an error without a code"),
    ],
)
def test_an_event_that_is_refused_inside_a_success_is_a_failure(
    code: str, failure: Failure, error: str
) -> None:
    entry = {"ErrorCode": code, "ErrorMessage": "because"} if code else {}
    body = json.dumps({"FailedEntryCount": 1, "Entries": [entry]}).encode()
    with Peer(says(response("200 OK", body))) as peer:
        result = at(peer, "events").call(call("events:there"))

    assert result == Result(failure=failure, error=error)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("sqs", "InvalidMessageContents"),
        ("sns", "InvalidParameter"),
        ("events", "ValidationException"),
        ("states", "InvalidExecutionInput"),
        ("states", "InternalError"),
        ("states", "BrandNewException"),
    ],
)
def test_a_message_that_may_quote_the_payload_is_not_told(kind: str, code: str) -> None:
    assert refusal(kind, code, "no JSON: 'hunter2'").error == code


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_without_a_receipt_leaves_the_outcome_unknown(kind: str) -> None:
    with Peer(says(response("200 OK", b"<R></R>" if kind == "sns" else b"{}"))) as peer:
        result = at(peer, kind).call(call(f"{kind}:there"))

    assert result.failure is Failure.UNKNOWN
    assert len(peer.requests) == 1


@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Service Unavailable", "429 Too Many"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_botocore_likes_to_retry_gets_exactly_one_request(kind: str, status: str) -> None:
    with Peer(says(response(status))) as peer:
        result = at(peer, kind).call(call(f"{kind}:there"))

    assert result.failure is Failure.UNKNOWN
    assert len(peer.requests) == 1


def test_who_does_not_answer_in_time_may_have_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickline.targets.aws_api.READ_MARGIN", 0)
    with Peer(hangs) as peer:
        result = at(peer, "sqs").call(call("sqs:there", timeout=0.5))

        error = "no answer within 1s; the payload may have been accepted"
        assert result == Result(failure=Failure.UNKNOWN, error=error)
        assert len(peer.requests) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_there_means_not_started(kind: str) -> None:
    with Peer(says(b"")) as peer:
        pass

    result = at(peer, kind).call(call(f"{kind}:there", "hunter2"))

    assert result.failure is Failure.NOT_STARTED
    assert result.error.endswith("failed: EndpointConnectionError")


def test_without_credentials_there_is_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")

    result = aws_targets(HOME)["sqs"].call(call("sqs:orders"))

    assert result.failure is Failure.PERMANENT
    assert result.error == "there are no AWS credentials: configure them (aws configure, AWS_PROFILE)"


def test_boto3_is_imported_with_the_first_call_and_not_before() -> None:
    code = (
        "import sys; from tickline.targets.aws_services import aws_targets, Home; "
        "aws_targets(Home(account='1', region='r')); "
        "sys.exit(bool({'boto3', 'botocore', 'urllib3'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0
