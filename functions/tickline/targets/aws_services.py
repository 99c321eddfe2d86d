"""`sqs:`, `sns:`, `events:`, `states:`: the payload is handed to a queue, topic, bus or state machine.

    sqs:orders              a queue; also its URL or ARN. orders.fifo is a FIFO queue
    sns:alerts              a topic, or its ARN. alerts.fifo is a FIFO topic
    events:default          an event bus; events:BUS/SOURCE/DETAIL-TYPE says more, %20 is a space
    states:nightly          a state machine; states:NAME:ALIAS takes a version or an alias

Being accepted is the success: what becomes of the payload afterwards nobody tells, with wait or without. No
payload is an empty object. One call is one request. Doubles of a run, where it is called a second time:

    FIFO queues and topics      dropped within five minutes, by the run's id
    state machines, Standard    refused for 90 days, by the execution's name; counts as accepted
    state machines, Express     not noticed: every call starts an execution
    all others                  not noticed; the run's id is in the message, for the receiver to look at
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tickline.addresses import EXAMPLES, Address, Home
from tickline.model import Call, Failure, Json, Result, RunContext, slot_of
from tickline.ports import Target
from tickline.targets.aws_api import Api, Boto3, ClientFactory
from tickline.targets.aws_errors import Meanings
from tickline.targets.aws_services_errors import EVENTS, SNS, SQS, STATES
from tickline.targets.text import as_json, shorten

LONGEST_DEDUPLICATION_ID = 128
LONGEST_EXECUTION_NAME = 80
DIGEST = 16
"""Hexadecimal digits of the hash that keeps the names of executions apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one API is asked. `api`, `operation`: boto3's names."""

    name: str
    api: str
    operation: str
    meanings: Meanings
    arguments: Callable[[Address, Call], dict[str, Any]]
    outcome: Callable[[Mapping[str, Any]], Result]


class AwsTarget:
    """Hands payloads over to one API. Names without an ARN are looked for at `home`."""

    def __init__(self, kind: Kind, home: Home, *, client_factory: ClientFactory) -> None:
        self._kind = kind
        self._home = home
        self._api = Api(client_factory, kind.meanings)

    def call(self, call: Call) -> Result:
        """Hand the payload over once."""
        kind = self._kind
        address = Address.parse(call.target)
        if address is None or address.kind != kind.name:
            error = f"not an address of this kind; for example {EXAMPLES[kind.name]}"
            return Result(failure=Failure.PERMANENT, error=error)
        there = address.home or self._home
        try:
            arguments = kind.arguments(address.at(there), call)
        except ValueError as error:
            return Result(failure=Failure.PERMANENT, error=shorten(str(error)))
        return self._api.ask(
            there.region,
            call.timeout.total_seconds(),
            lambda client: kind.outcome(getattr(client, kind.operation)(**arguments)),
        )


def aws_targets(home: Home, *, endpoint_url: str = "") -> dict[str, Target]:
    """Return the targets of this file by their kind; what is not to be enabled is left out by the caller."""
    boto3 = Boto3(endpoint_url=endpoint_url)
    return {
        name: AwsTarget(kind, home, client_factory=boto3.of(kind.api)) for name, kind in AWS_KINDS.items()
    }


def _text(payload: Json) -> str:
    return as_json({} if payload is None else payload).decode()


def _attributes(context: RunContext) -> dict[str, dict[str, str]]:
    values = {
        "tickline-run-id": context.run_id,
        "tickline-scheduled-time": slot_of(context.scheduled_time),
        "tickline-attempt": str(context.attempt),
    }
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}


def _order(place: Address, context: RunContext) -> dict[str, str]:
    """Return what a FIFO queue or topic asks for: runs of a job keep their order, doubles are dropped."""
    if not place.fifo:
        return {}
    run_id = context.run_id
    if len(run_id) > LONGEST_DEDUPLICATION_ID:
        run_id = hashlib.sha256(run_id.encode()).hexdigest()
    return {"MessageDeduplicationId": run_id, "MessageGroupId": context.job_id}


def _to_queue(place: Address, call: Call) -> dict[str, Any]:
    there = place.home
    assert there is not None, "at home, if the address is silent"
    domain = "amazonaws.com.cn" if there.partition == "aws-cn" else "amazonaws.com"
    return {
        "QueueUrl": f"https://sqs.{there.region}.{domain}/{there.account}/{place.name}",
        "MessageBody": _text(call.payload),
        "MessageAttributes": _attributes(call.context),
        **_order(place, call.context),
    }


def _to_topic(place: Address, call: Call) -> dict[str, Any]:
    return {
        "TopicArn": place.arn,
        "Message": _text(call.payload),
        "MessageAttributes": _attributes(call.context),
        **_order(place, call.context),
    }


def _to_bus(place: Address, call: Call) -> dict[str, Any]:
    # A detail must be an object.
    bare = call.payload is None or isinstance(call.payload, dict)
    entry = {
        "EventBusName": place.arn,
        "Source": unquote(place.parts.get("source", "tickline")),
        "DetailType": unquote(place.parts.get("detail_type", call.context.job_id)),
        "Detail": _text(call.payload if bare else {"payload": call.payload}),
        "Resources": [call.context.run_id],
    }
    return {"Entries": [entry]}


def _to_state_machine(place: Address, call: Call) -> dict[str, Any]:
    return {
        "stateMachineArn": f"{place.arn}:{place.qualifier}" if place.qualifier else place.arn,
        "name": execution_name(call.context.run_id),
        "input": _text(call.payload),
    }


def execution_name(run_id: str) -> str:
    """Return the name of the run's execution: always the same, and another for every other run.

    Readable at the front; what does not fit, or is not allowed there, is told apart by the hash at the end.
    """
    digest = hashlib.sha256(run_id.encode()).hexdigest()[:DIGEST]
    readable = re.sub("[^A-Za-z0-9_-]", "-", run_id)[: LONGEST_EXECUTION_NAME - DIGEST - 1]
    return f"{readable}-{digest}"


def _accepted(name: str) -> Callable[[Mapping[str, Any]], Result]:
    """Return the outcome of an API that answers with a receipt under this name."""
    return lambda response: Result(summary=shorten(f"accepted, {name} {response[name]}"))


def _of_events(response: Mapping[str, Any]) -> Result:
    """An event that was refused hides in an answer that is a success."""
    [entry] = response["Entries"]
    if response["FailedEntryCount"] or entry.get("ErrorCode"):
        return EVENTS.of_code(entry.get("ErrorCode", ""), entry.get("ErrorMessage", ""))
    return _accepted("EventId")(entry)


AWS_KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="sqs",
            api="sqs",
            operation="send_message",
            meanings=SQS,
            arguments=_to_queue,
            outcome=_accepted("MessageId"),
        ),
        Kind(
            name="sns",
            api="sns",
            operation="publish",
            meanings=SNS,
            arguments=_to_topic,
            outcome=_accepted("MessageId"),
        ),
        Kind(
            name="events",
            api="events",
            operation="put_events",
            meanings=EVENTS,
            arguments=_to_bus,
            outcome=_of_events,
        ),
        Kind(
            name="states",
            api="stepfunctions",
            operation="start_execution",
            meanings=STATES,
            arguments=_to_state_machine,
            outcome=_accepted("executionArn"),
        ),
    )
}
"""The kinds of this file, by the scheme of their addresses."""
