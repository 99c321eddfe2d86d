"""Where moto hands over to the box: calls of functions, messages to functions, changes of tables.

moto would start a docker container for each; these three of its methods are replaced instead.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from moto.awslambda.models import EventSourceMapping, LambdaBackend, LambdaFunction
from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.sns.models import Subscription

from box.runtime import Outcome

UNHANDLED = "Unhandled"


class Taker(Protocol):
    """What the box does with what moto hands over."""

    def invoke(self, function: LambdaFunction, payload: bytes, client_context: str) -> Outcome:
        """Run a function and wait."""

    def later(self, function: LambdaFunction, payload: bytes) -> None:
        """Run a function soon."""

    def deliver(self, subscription: Subscription, event: dict[str, Any]) -> None:
        """Bring a message of a topic to a function."""

    def change(self, mapping: EventSourceMapping, function: LambdaFunction, record: dict[str, Any]) -> None:
        """Bring a change of a table to a function."""


def hand_over(taker: Taker) -> Callable[[], None]:
    """Replace moto's methods; call what this returns to put them back."""
    before = (
        (LambdaBackend, "invoke", LambdaBackend.invoke),
        (LambdaBackend, "send_dynamodb_items", LambdaBackend.send_dynamodb_items),
        (Subscription, "publish", Subscription.publish),
    )

    def invoke(
        backend: LambdaBackend,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: Any,
    ) -> bytes:
        function = backend.get_function(function_name, qualifier)
        payload = body.encode() if isinstance(body, str) else bytes(body or b"")
        kind = headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "RequestResponse":
            outcome = taker.invoke(function, payload, headers.get("X-Amz-Client-Context", ""))
            response_headers["x-amz-executed-version"] = "$LATEST"
            if outcome.failed:
                response_headers["x-amz-function-error"] = UNHANDLED
            return outcome.payload
        if kind == "Event":
            taker.later(function, payload)
        return b""

    def send_dynamodb_items(backend: LambdaBackend, function_arn: str, items: list[Any], source: str) -> str:
        function = backend.get_function(function_arn)
        for mapping in backend.list_event_source_mappings(source, ""):
            if mapping.function_arn == function_arn:
                taker.change(mapping, function, _record(items[-1].to_json(), source, backend.region_name))
        return ""  # moto keeps the records then, for those who read the stream themselves

    def publish(
        subscription: Subscription,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        if subscription.protocol != "lambda":
            before[2][2](subscription, message, message_id, subject, message_attributes, **more)
            return
        matcher = subscription._filter_policy_matcher  # noqa: SLF001 - moto's publish does the same
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        taker.deliver(subscription, _notification(subscription, message, message_id, subject))

    for (owner, name, _), replacement in zip(before, (invoke, send_dynamodb_items, publish), strict=True):
        setattr(owner, name, replacement)

    def put_back() -> None:
        for owner, name, method in before:
            setattr(owner, name, method)

    return put_back


def _record(record: dict[str, Any], source: str, region: str) -> dict[str, Any]:
    """Return a stream record as a function gets it."""
    change = dict(record["dynamodb"])
    if isinstance(change.get("ApproximateCreationDateTime"), datetime):
        change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
    return {
        **{key: record[key] for key in ("eventID", "eventName", "eventVersion", "eventSource")},
        "awsRegion": region,
        "dynamodb": json.loads(json.dumps(change)),
        "eventSourceARN": source,
    }


def _notification(
    subscription: Subscription, message: str, message_id: str, subject: str | None
) -> dict[str, Any]:
    """Return the event by which SNS brings one message to a function."""
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription.arn,
                "Sns": {
                    "Type": "Notification",
                    "MessageId": message_id,
                    "TopicArn": subscription.topic.arn,
                    "Subject": subject,
                    "Message": message,
                    "Timestamp": iso_8601_datetime_with_milliseconds(),
                    "MessageAttributes": {},
                },
            }
        ]
    }
