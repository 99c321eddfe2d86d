"""Resource types that moto's CloudFormation lacks, made through the API that they stand for.

moto resolves the template and keeps the stack: a second deployment and a deletion work as for its own types.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

Client = Callable[[str], Any]
"""Gives boto3's client of a service, for the box's own API."""

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource type: what its properties ask of the API, and how it goes away again."""

    name: str
    make: Callable[[Client, str, Properties], str]
    unmake: Callable[[Client, str], None]
    attributes: Mapping[str, Callable[[Client, str], str]]


def _make_alarm(client: Client, name: str, properties: Properties) -> str:
    alarm = _typed({"AlarmName": name, **properties})
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(**alarm)
    # moto's new alarms are OK before anything was measured.
    new = {"StateValue": "INSUFFICIENT_DATA", "StateReason": "new"}
    cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], **new)
    return str(alarm["AlarmName"])


def _unmake_alarm(client: Client, name: str) -> None:
    client("cloudwatch").delete_alarms(AlarmNames=[name])


def _alarm_arn(client: Client, name: str) -> str:
    return str(client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"])


def _make_subscription(client: Client, name: str, properties: Properties) -> str:  # noqa: ARG001
    sns = client("sns")
    made = sns.subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    for attribute in ("FilterPolicyScope", "FilterPolicy", "RawMessageDelivery", "RedrivePolicy"):
        if attribute in properties:
            value = _text(properties[attribute])
            sns.set_subscription_attributes(
                SubscriptionArn=made, AttributeName=attribute, AttributeValue=value
            )
    return str(made)


def _unmake_subscription(client: Client, arn: str) -> None:
    client("sns").unsubscribe(SubscriptionArn=arn)


def _make_invoke_config(client: Client, name: str, properties: Properties) -> str:  # noqa: ARG001
    function = properties["FunctionName"]
    _unmake_invoke_config(client, function)
    config = {key: value for key, value in _typed(properties).items() if key != "Qualifier"}
    client("lambda").put_function_event_invoke_config(**config)
    return str(function)


def _unmake_invoke_config(client: Client, function: str) -> None:
    functions = client("lambda")
    if functions.list_function_event_invoke_configs(FunctionName=function)["FunctionEventInvokeConfigs"]:
        functions.delete_function_event_invoke_config(FunctionName=function)


def _make_topic_policy(client: Client, name: str, properties: Properties) -> str:
    for topic in properties["Topics"]:
        client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=_text(properties["PolicyDocument"])
        )
    return name


def _make_queue_policy(client: Client, name: str, properties: Properties) -> str:
    for queue in properties["Queues"]:
        client("sqs").set_queue_attributes(
            QueueUrl=queue, Attributes={"Policy": _text(properties["PolicyDocument"])}
        )
    return name


def _left_out(client: Client, name: str, properties: Properties) -> str:  # noqa: ARG001
    """Make nothing of a bucket's policy: it would refuse what comes without TLS, and here all does."""
    return name


def _stays(client: Client, name: str) -> None:
    """Leave a policy where it is: it goes with what it is about."""


KINDS = (
    Kind(
        name="AWS::CloudWatch::Alarm",
        make=_make_alarm,
        unmake=_unmake_alarm,
        attributes={"Arn": _alarm_arn},
    ),
    Kind(name="AWS::SNS::Subscription", make=_make_subscription, unmake=_unmake_subscription, attributes={}),
    Kind(
        name="AWS::Lambda::EventInvokeConfig",
        make=_make_invoke_config,
        unmake=_unmake_invoke_config,
        attributes={},
    ),
    Kind(name="AWS::SNS::TopicPolicy", make=_make_topic_policy, unmake=_stays, attributes={}),
    Kind(name="AWS::SQS::QueuePolicy", make=_make_queue_policy, unmake=_stays, attributes={}),
    Kind(name="AWS::S3::BucketPolicy", make=_left_out, unmake=_stays, attributes={}),
)


def supply(client: Client) -> list[type[CloudFormationModel]]:
    """Teach moto's CloudFormation the types of KINDS. Types that moto has by now stay moto's.

    It knows them as long as somebody holds what this returns: Python forgets classes that nobody needs.
    """
    has = set(parsing.get_model_map())
    models = [_model(kind, client) for kind in KINDS if kind.name not in has]
    parsing.get_model_list.cache_clear()
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()
    return models


def _model(kind: Kind, client: Client) -> type[CloudFormationModel]:
    """Make moto's model of a type; moto finds its models as direct subclasses of this one."""

    class Supplied(CloudFormationModel):
        def __init__(self, physical_id: str) -> None:
            self.physical_resource_id = physical_id

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return kind.name

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr in kind.attributes

        def get_cfn_attribute(self, attribute: str) -> str:
            return kind.attributes[attribute](client, self.physical_resource_id)

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: Any, *_: str, **__: Any
        ) -> Any:
            return cls(kind.make(client, resource_name, cloudformation_json["Properties"]))

        @classmethod
        def update_from_cloudformation_json(
            cls,
            original_resource: Any,
            new_resource_name: str,
            cloudformation_json: Any,
            account_id: str,  # noqa: ARG003 - moto hands it over by name
            region_name: str,  # noqa: ARG003
        ) -> Any:
            kind.unmake(client, original_resource.physical_resource_id)
            return cls(kind.make(client, new_resource_name, cloudformation_json["Properties"]))

        @classmethod
        def delete_from_cloudformation_json(cls, resource_name: str, *_: Any) -> None:
            kind.unmake(client, resource_name)

        def is_created(self) -> bool:
            return True

    return Supplied


NUMBERS = frozenset(
    ("DatapointsToAlarm", "EvaluationPeriods", "Period", "MaximumEventAgeInSeconds", "MaximumRetryAttempts")
)


def _typed(properties: Properties) -> dict[str, Any]:
    """Give numbers the type that the API wants; a template may have them as text."""
    return {
        key: int(value) if key in NUMBERS else float(value) if key == "Threshold" else value
        for key, value in properties.items()
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
