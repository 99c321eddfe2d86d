"""What is handed over arrives: the four APIs as moto plays them."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tickline.addresses import Home
from tickline.model import Failure, Result
from tickline.ports import Target
from tickline.targets.aws_services import aws_targets, execution_name
from unit.targets.peers import call

RUN_ID = "report/2026-11-23T07:00:00Z"


@pytest.fixture
def targets() -> Iterator[dict[str, Target]]:
    with mock_aws():
        yield aws_targets(Home(account="123456789012", region="eu-west-1"))


def queue(name: str = "orders", **attributes: str) -> str:
    url: str = boto3.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


def messages(url: str) -> list[Any]:
    found = boto3.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
    )
    return list(found.get("Messages", []))


def arn_of(url: str) -> str:
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn: str = found["Attributes"]["QueueArn"]
    return arn


def test_a_message_arrives_in_its_queue(targets: dict[str, Target]) -> None:
    url = queue()

    result = targets["sqs"].call(call("sqs:orders", {"a": "é"}))

    [message] = messages(url)
    assert result == Result(summary=f"accepted, MessageId {message['MessageId']}")
    assert json.loads(message["Body"]) == {"a": "é"}
    assert message["MessageAttributes"]["tickline-run-id"]["StringValue"] == RUN_ID


@pytest.mark.parametrize("way", ["name", "url", "arn"])
def test_a_second_call_of_a_run_is_one_message_in_a_fifo_queue(targets: dict[str, Target], way: str) -> None:
    url = queue("orders.fifo", FifoQueue="true")
    address = {
        "name": "sqs:orders.fifo",
        "url": "sqs:https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo",
        "arn": arn_of(url),
    }[way]

    results = [targets["sqs"].call(call(address, "x", attempt=attempt)) for attempt in (1, 2)]

    [message] = messages(url)
    assert all(result.ok for result in results)
    assert message["Attributes"]["MessageGroupId"] == "report"


def test_a_queue_that_is_not_there_fails_for_good(targets: dict[str, Target]) -> None:
    result = targets["sqs"].call(call("sqs:orders"))

    assert result.failure is Failure.PERMANENT
    assert result.error.startswith("AWS.SimpleQueueService.NonExistentQueue: ")


def test_a_notification_arrives_at_who_listens(targets: dict[str, Target]) -> None:
    url, sns = queue(), boto3.client("sns")
    topic_arn = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(
        TopicArn=topic_arn, Protocol="sqs", Endpoint=arn_of(url), Attributes={"RawMessageDelivery": "true"}
    )

    result = targets["sns"].call(call("sns:alerts", {"a": 1}))

    [message] = messages(url)
    assert result.ok
    assert json.loads(message["Body"]) == {"a": 1}
    assert message["MessageAttributes"]["tickline-attempt"]["StringValue"] == "2"


def test_a_fifo_topic_takes_a_run(targets: dict[str, Target]) -> None:
    boto3.client("sns").create_topic(Name="alerts.fifo", Attributes={"FifoTopic": "true"})

    assert targets["sns"].call(call("sns:alerts.fifo")).ok


def test_a_topic_that_is_not_there_fails_for_good(targets: dict[str, Target]) -> None:
    result = targets["sns"].call(call("sns:alerts"))

    assert result.failure is Failure.PERMANENT
    assert result.error.startswith("NotFound: ")


def test_an_event_arrives_at_the_rules_that_ask_for_it(targets: dict[str, Target]) -> None:
    url, events = queue(), boto3.client("events")
    events.create_event_bus(Name="shop")
    events.put_rule(Name="orders", EventBusName="shop", EventPattern='{"source": ["web"]}')
    events.put_targets(Rule="orders", EventBusName="shop", Targets=[{"Id": "q", "Arn": arn_of(url)}])

    results = [targets["events"].call(call(f"events:shop/{source}", [1])) for source in ("web", "other")]

    [message] = messages(url)
    event = json.loads(message["Body"])
    assert all(result.ok for result in results)
    assert results[0].summary == f"accepted, EventId {event['id']}"
    assert (event["detail-type"], event["detail"]) == ("report", {"payload": [1]})
    assert event["resources"] == [RUN_ID]


def state_machine() -> str:
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    arn: str = boto3.client("stepfunctions").create_state_machine(
        name="nightly", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/states"
    )["stateMachineArn"]
    return arn


def test_a_run_starts_one_execution_however_often_it_is_called(targets: dict[str, Target]) -> None:
    arn, states = state_machine(), boto3.client("stepfunctions")

    first = targets["states"].call(call("states:nightly", {"attempt": 1}, attempt=1))
    second = targets["states"].call(call("states:nightly", {"attempt": 2}, attempt=2))

    [execution] = states.list_executions(stateMachineArn=arn)["executions"]
    assert execution["name"] == execution_name(RUN_ID)
    assert first.summary == f"accepted, executionArn {execution['executionArn']}"
    assert second == Result(summary="already started")
    described = states.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(described["input"]) == {"attempt": 1}


def test_a_state_machine_that_is_not_there_fails_for_good(targets: dict[str, Target]) -> None:
    result = targets["states"].call(call("states:nightly"))

    assert result.failure is Failure.PERMANENT
    assert result.error.startswith("StateMachineDoesNotExist: ")
