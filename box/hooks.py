"""Where moto hands over to the box: calls of functions, messages to functions, changes of tables.

moto would start a docker container for each; these methods of it are replaced instead. The others are
replaced because they differ from AWS in what matters here.
"""

import base64
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

from moto.awslambda.models import EventSourceMapping, LambdaBackend, LambdaFunction
from moto.cloudformation.models import CloudFormationBackend
from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.logs.models import LogGroup
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
    replacements = (
        (LambdaBackend, "invoke", _invoke(taker)),
        (LambdaBackend, "send_dynamodb_items", _send_dynamodb_items(taker)),
        (Subscription, "publish", _publish(taker, Subscription.publish)),
        (CloudFormationBackend, "delete_change_set", _delete_change_set),
        (
            CloudFormationBackend,
            "_resolve_update_parameters",
            _previous_parameters(CloudFormationBackend._resolve_update_parameters),  # noqa: SLF001
        ),
        (LogGroup, "get_cfn_attribute", _get_cfn_attribute(LogGroup.get_cfn_attribute)),
    )
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in replacements]
    _set(replacements)
    return lambda: _set(before)


def _set(methods: Iterable[tuple[type, str, Callable[..., Any]]]) -> None:
    for owner, name, method in methods:
        setattr(owner, name, method)


def _invoke(taker: Taker) -> Callable[..., bytes]:
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
            context = base64.b64decode(headers.get("X-Amz-Client-Context", "")).decode()
            outcome = taker.invoke(function, payload, context)
            response_headers["x-amz-executed-version"] = "$LATEST"
            if outcome.failed:
                response_headers["x-amz-function-error"] = UNHANDLED
            return outcome.payload
        if kind == "Event":
            taker.later(function, payload)
        return b""

    return invoke


def _send_dynamodb_items(taker: Taker) -> Callable[..., str]:
    def send_dynamodb_items(backend: LambdaBackend, function_arn: str, items: list[Any], source: str) -> str:
        function = backend.get_function(function_arn)
        for mapping in backend.list_event_source_mappings(source, ""):
            if mapping.function_arn == function_arn:
                taker.change(mapping, function, _record(items[-1].to_json(), source, backend.region_name))
        return ""  # moto keeps the records then, for those who read the stream themselves

    return send_dynamodb_items


def _publish(taker: Taker, otherwise: Callable[..., None]) -> Callable[..., None]:
    def publish(
        subscription: Subscription,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        if subscription.protocol != "lambda":
            otherwise(subscription, message, message_id, subject, message_attributes, **more)
            return
        matcher = subscription._filter_policy_matcher  # noqa: SLF001 - moto's publish does the same
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        taker.deliver(subscription, _notification(subscription, message, message_id, subject))

    return publish


def _delete_change_set(backend: CloudFormationBackend, change_set_name: str) -> None:
    # moto stumbles over one that is not there; the CDK deletes whatever may be left of an earlier try.
    sets = backend.change_sets
    for arn in [arn for arn, each in sets.items() if change_set_name in (arn, each.change_set_name)]:
        del sets[arn]


def _previous_parameters(otherwise: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    def resolve(
        backend: CloudFormationBackend, instance: Any, incoming_params: list[dict[str, Any]]
    ) -> dict[str, str]:
        # A parameter that was never given has its default, now as before; moto looks for what was given.
        known = [
            parameter
            for parameter in incoming_params
            if not parameter.get("UsePreviousValue") or parameter["ParameterKey"] in instance.parameters
        ]
        return otherwise(backend, instance, known)

    return resolve


def _get_cfn_attribute(otherwise: Callable[..., str]) -> Callable[..., str]:
    def get_cfn_attribute(group: LogGroup, attribute: str) -> str:
        # The ARN as CloudFormation gives it is of the group's streams; policies are written with it.
        return f"{group.arn}:*" if attribute == "Arn" else otherwise(group, attribute)

    return get_cfn_attribute


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
