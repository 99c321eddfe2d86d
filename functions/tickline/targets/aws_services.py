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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tickline.model import Call, Failure, Json, Result, RunContext, slot_of
from tickline.ports import Target
from tickline.targets.aws_addresses import Form, Home, Place
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

    api: str
    operation: str
    form: Form
    meanings: Meanings
    arguments: Callable[[Place, Call], dict[str, Any]]
    outcome: Callable[[Mapping[str, Any]], Result]


class AwsTarget:
    """Hands payloads over to one API, at `home` and where a pattern of ARNs in `allowed` leads.

    In a pattern `*` stands for any text, as in arn:aws:sqs:eu-west-1:210987654321:orders-*
    """

    def __init__(
        self, kind: Kind, home: Home, *, allowed: Sequence[str] = (), client_factory: ClientFactory
    ) -> None:
        self._kind = kind
        self._home = home
        self._allowed = tuple(allowed)
        self._api = Api(client_factory, kind.meanings)

    def call(self, call: Call) -> Result:
        """Hand the payload over once."""
        kind = self._kind
        try:
            place = kind.form.place(call.target, self._home, self._allowed)
            arguments = kind.arguments(place, call)
        except ValueError as error:
            return Result(failure=Failure.PERMANENT, error=shorten(str(error)))
        return self._api.ask(
            place.home.region,
            call.timeout.total_seconds(),
            lambda client: kind.outcome(getattr(client, kind.operation)(**arguments)),
        )


def aws_targets(home: Home, *, allowed: Sequence[str] = (), endpoint_url: str = "") -> dict[str, Target]:
    """Return the targets of this file by their kind; what is not to be enabled is left out by the caller."""
    boto3 = Boto3(endpoint_url=endpoint_url)
    return {
        name: AwsTarget(kind, home, allowed=allowed, client_factory=boto3.of(kind.api))
        for name, kind in AWS_KINDS.items()
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


def _order(place: Place, context: RunContext) -> dict[str, str]:
    """Return what a FIFO queue or topic asks for: runs of a job keep their order, doubles are dropped."""
    if not place.fifo:
        return {}
    run_id = context.run_id
    if len(run_id) > LONGEST_DEDUPLICATION_ID:
        run_id = hashlib.sha256(run_id.encode()).hexdigest()
    return {"MessageDeduplicationId": run_id, "MessageGroupId": context.job_id}


def _to_queue(place: Place, call: Call) -> dict[str, Any]:
    there = place.home
    domain = "amazonaws.com.cn" if there.partition == "aws-cn" else "amazonaws.com"
    return {
        "QueueUrl": f"https://sqs.{there.region}.{domain}/{there.account}/{place.name}",
        "MessageBody": _text(call.payload),
        "MessageAttributes": _attributes(call.context),
        **_order(place, call.context),
    }


def _to_topic(place: Place, call: Call) -> dict[str, Any]:
    return {
        "TopicArn": place.arn,
        "Message": _text(call.payload),
        "MessageAttributes": _attributes(call.context),
        **_order(place, call.context),
    }


def _to_bus(place: Place, call: Call) -> dict[str, Any]:
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


def _to_state_machine(place: Place, call: Call) -> dict[str, Any]:
    qualifier = place.parts.get("qualifier")
    return {
        "stateMachineArn": f"{place.arn}:{qualifier}" if qualifier else place.arn,
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
    "sqs": Kind(
        api="sqs",
        operation="send_message",
        form=Form(kind="sqs", name=r"[\w-]{1,75}(?:[\w-]{0,5}|\.fifo)", example="sqs:orders"),
        meanings=SQS,
        arguments=_to_queue,
        outcome=_accepted("MessageId"),
    ),
    "sns": Kind(
        api="sns",
        operation="publish",
        form=Form(kind="sns", name=r"[\w-]{1,251}(?:[\w-]{0,5}|\.fifo)", example="sns:alerts"),
        meanings=SNS,
        arguments=_to_topic,
        outcome=_accepted("MessageId"),
    ),
    "events": Kind(
        api="events",
        operation="put_events",
        form=Form(
            kind="events",
            path="event-bus/",
            name=r"[\w.-]{1,256}",
            rest=r"(?:/(?P<source>[^/\s]+)(?:/(?P<detail_type>\S+))?)?",
            example="events:default or events:orders/shop/order-placed",
        ),
        meanings=EVENTS,
        arguments=_to_bus,
        outcome=_of_events,
    ),
    "states": Kind(
        api="stepfunctions",
        operation="start_execution",
        form=Form(
            kind="states",
            path="stateMachine:",
            name=r"[\w+!@.()='-]{1,80}",
            rest=r"(?::(?P<qualifier>[\w.-]{1,80}))?",
            example="states:nightly",
        ),
        meanings=STATES,
        arguments=_to_state_machine,
        outcome=_accepted("executionArn"),
    ),
}
"""The kinds of this file, by the scheme of their addresses."""
