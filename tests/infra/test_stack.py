import hashlib
import json
import re
from typing import Any

import pytest

from infra.options import Options
from synthesized import Synth, Synthesized, flat

FUNCTIONS = ("tick", "invoke", "admin", "admit")

OWN_NAMES = {
    "AlarmName", "DashboardName", "FunctionName", "LogGroupName", "Name", "QueueName", "TableName",
    "TopicName",
}  # fmt: skip
"""The properties by which resources get their physical names."""


def test_cdk_nag_finds_nothing_that_is_not_accepted_for_one_of_five_reasons(
    synth: Synth,
) -> None:
    everything = {
        "functions": True,
        "ticks": 4,
        "targets": "lambda:a-* sqs:* sns:a events:a-* states:* https:*",
    }
    default, most = synth(nag=True).findings, synth(nag=True, **everything).findings

    assert (default["conclusion"], default["violations"]) == ("success", [])
    assert (most["conclusion"], most["violations"]) == ("success", [])
    reasons = {one["reason"] for one in most["suppressedViolations"]}
    assert len(reasons) <= 5
    assert all(len(reason) > 50 for reason in reasons)


@pytest.mark.parametrize(("name", "timeout"), [("tick", 150), ("invoke", 900), ("admin", 120), ("admit", 60)])
def test_functions_run_on_one_runtime_with_their_own_limits(
    stack: Synthesized, name: str, timeout: int
) -> None:
    function = stack.by("FunctionName", "Lambda::Function")[f"Tickline-{name}"]

    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["Timeout"] == timeout
    assert "ReservedConcurrentExecutions" not in function
    assert "TracingConfig" not in function


def test_all_functions_run_one_asset_that_is_named_by_its_content(stack: Synthesized, zipped: Any) -> None:
    keys = {function["Code"]["S3Key"] for function in stack.all("Lambda::Function").values()}

    assert keys == {f"{hashlib.sha256(zipped.digest.encode()).hexdigest()}.zip"}


def test_every_log_is_kept_for_as_long_as_the_options_say(stack: Synthesized, other: Synthesized) -> None:
    for synthesized, name, days in ((stack, "Tickline", 30), (other, "Other", 7)):
        groups = synthesized.by("LogGroupName", "Logs::LogGroup")

        assert set(groups) == {f"/aws/lambda/{name}-{function}" for function in FUNCTIONS}
        assert {group["RetentionInDays"] for group in groups.values()} == {days}
        used = [function["LoggingConfig"] for function in synthesized.all("Lambda::Function").values()]
        assert {config["LogFormat"] for config in used} == {"Text"}
        assert {flat(config["LogGroup"]) for config in used} == {
            f"<{key}>" for key in synthesized.all("Logs::LogGroup")
        }


def test_memory_is_what_the_options_say(other: Synthesized) -> None:
    functions = other.by("FunctionName", "Lambda::Function")

    assert {name: functions[f"Other-{name}"]["MemorySize"] for name in FUNCTIONS} == {
        "tick": 512, "invoke": 1024, "admin": 256, "admit": 256,
    }  # fmt: skip


@pytest.mark.parametrize("kept", [True, False])
def test_tables_are_protected_and_recoverable_unless_the_options_say_otherwise(
    stack: Synthesized, other: Synthesized, kept: bool
) -> None:
    synthesized = stack if kept else other

    for table in synthesized.all("DynamoDB::Table").values():
        assert table["DeletionProtectionEnabled"] is kept
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": kept}
        assert table["BillingMode"] == "PAY_PER_REQUEST"
    policies = {
        one["DeletionPolicy"]
        for one in synthesized.template["Resources"].values()
        if one["Type"] == "AWS::DynamoDB::Table"
    }
    assert policies == {"Retain" if kept else "Delete"}


def test_the_stream_of_definitions_carries_keys_only(stack: Synthesized) -> None:
    tables = stack.by("TableName", "DynamoDB::Table")

    assert tables["Tickline-jobs"]["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"}
    assert not any("StreamSpecification" in tables[f"Tickline-{name}"] for name in ("timeline", "runs"))


def test_admit_hears_of_new_and_changed_definitions_only(stack: Synthesized) -> None:
    mapping = stack.the("Lambda::EventSourceMapping")

    [filtered] = mapping["FilterCriteria"]["Filters"]
    assert json.loads(filtered["Pattern"]) == {"eventName": ["INSERT", "MODIFY"]}
    assert flat(mapping["FunctionName"]).startswith("<AdmitFunction")
    assert mapping["StartingPosition"] == "LATEST"
    assert (mapping["MaximumBatchingWindowInSeconds"], mapping["BisectBatchOnFunctionError"]) == (0, True)
    assert mapping["MaximumRetryAttempts"] == 3
    assert flat(mapping["DestinationConfig"]["OnFailure"]["Destination"]).startswith("<DeadLetters")


def test_a_doorbell_that_cannot_be_answered_ends_in_the_queue_of_dead_letters(stack: Synthesized) -> None:
    subscription = stack.the("SNS::Subscription")
    config = stack.the("Lambda::EventInvokeConfig", "Invoke")

    assert subscription["Protocol"] == "lambda"
    assert flat(subscription["Endpoint"]).startswith("<InvokeFunction")
    assert flat(subscription["RedrivePolicy"]["deadLetterTargetArn"]).startswith("<DeadLetters")
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (2, 3600)
    assert flat(config["DestinationConfig"]["OnFailure"]["Destination"]).startswith("<DeadLetters")


def test_a_tick_that_fails_is_not_tried_again(stack: Synthesized) -> None:
    config = stack.the("Lambda::EventInvokeConfig", "Tick")

    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 60)


def test_the_queue_is_encrypted(stack: Synthesized) -> None:
    queue = stack.the("SQS::Queue")

    assert queue["SqsManagedSseEnabled"] is True
    assert "KmsMasterKeyId" not in queue  # SNS may not use the key of SQS


@pytest.mark.parametrize("kind", ["SQS::QueuePolicy", "SNS::TopicPolicy"])
def test_queue_and_topics_talk_over_tls_only(stack: Synthesized, kind: str) -> None:
    guarded = {"SQS::QueuePolicy": "SQS::Queue", "SNS::TopicPolicy": "SNS::Topic"}[kind]

    policies = [policy["PolicyDocument"]["Statement"] for policy in stack.all(kind).values()]
    assert len(policies) == len(stack.all(guarded))
    for statements in policies:
        assert {"Bool": {"aws:SecureTransport": "false"}} in [
            one["Condition"] for one in statements if one["Effect"] == "Deny"
        ]


def test_nobody_but_ticks_may_ring(stack: Synthesized) -> None:
    [deny] = [
        one
        for one in stack.the("SNS::TopicPolicy", "Doorbells")["PolicyDocument"]["Statement"]
        if one.get("Sid") == "OnlyTicksRing"
    ]

    assert (deny["Effect"], deny["Action"], deny["Principal"]) == ("Deny", "sns:Publish", {"AWS": "*"})
    assert flat(deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]).startswith("<TickRole")


def test_every_alarm_tells_the_topic_that_mails(other: Synthesized) -> None:
    [mail] = [one for one in other.all("SNS::Subscription").values() if one["Protocol"] == "email"]

    assert mail["Endpoint"] == "oncall@example.com"
    assert {flat(one["AlarmActions"][0]) for one in other.all("CloudWatch::Alarm").values()} == {
        flat(mail["TopicArn"])
    }


def test_nobody_is_mailed_by_default(stack: Synthesized) -> None:
    assert {one["Protocol"] for one in stack.all("SNS::Subscription").values()} == {"lambda"}


def test_silence_of_the_tick_is_an_alarm(stack: Synthesized) -> None:
    alarm = stack.by("AlarmName", "CloudWatch::Alarm")["Tickline-tick-silent"]

    assert (alarm["MetricName"], alarm["Statistic"], alarm["Period"]) == ("Invocations", "Sum", 60)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (3, 3)
    assert alarm["TreatMissingData"] == "breaching"


@pytest.mark.parametrize(
    ("name", "metric", "comparison", "threshold"),
    [
        ("late", "oldest_due_age", "GreaterThanThreshold", 300),
        ("dead-runs", "dead", "GreaterThanOrEqualToThreshold", 1),
        ("dead-letters", "ApproximateNumberOfMessagesVisible", "GreaterThanOrEqualToThreshold", 1),
        *(
            (f"{name}-{metric.lower()}", metric, "GreaterThanOrEqualToThreshold", 1)
            for name in FUNCTIONS
            for metric in ("Errors", "Throttles")
        ),
    ],
)
def test_trouble_is_an_alarm_and_silence_of_it_is_none(
    stack: Synthesized, name: str, metric: str, comparison: str, threshold: int
) -> None:
    alarm = stack.by("AlarmName", "CloudWatch::Alarm")[f"Tickline-{name}"]

    assert (alarm["MetricName"], alarm["ComparisonOperator"]) == (metric, comparison)
    assert alarm["Threshold"] == threshold
    assert alarm["TreatMissingData"] == "notBreaching"
    if alarm["Namespace"] == "Tickline":
        assert alarm["Dimensions"] == [{"Name": "stack", "Value": "Tickline"}]


def test_the_dashboard_shows_every_metric_of_the_functions(stack: Synthesized) -> None:
    body = flat(stack.the("CloudWatch::Dashboard")["DashboardBody"])

    shown = set(re.findall(r'"Tickline","(\w+)"', body))
    assert shown == {
        "lateness", "due_backlog", "oldest_due_age", "succeeded", "failed", "dead", "skipped", "refused",
        "tick_duration", "invalid_jobs", "unread_messages",
    }  # fmt: skip


def test_the_outputs_say_where_everything_is(stack: Synthesized) -> None:
    assert set(stack.template["Outputs"]) == {
        "AdminFunction", "AlarmTopic", "DashboardName", "DeadLetterQueue", "DoorbellTopic",
        "JobsTable", "RunsTable", "TimelineTable",
    }  # fmt: skip


def test_two_stacks_of_one_account_share_no_name(stack: Synthesized, other: Synthesized) -> None:
    assert names_of(stack) & names_of(other) == set()


def test_the_longest_name_of_a_stack_makes_no_name_too_long(synth: Synth) -> None:
    longest = synth(stack="T" * 50)

    functions = longest.by("FunctionName", "Lambda::Function")
    rules = longest.by("Name", "Events::Rule")
    assert max(len(name) for name in (*functions, *rules)) <= 64
    assert max(len(name) for name in names_of(longest)) <= 80  # queues


def test_an_option_at_its_default_changes_nothing(synth: Synth, stack: Synthesized) -> None:
    assert synth(shards=Options().shards).template == stack.template


def names_of(stack: Synthesized) -> set[str]:
    """Return every physical name that the template fixes."""
    return {
        flat(value)
        for one in stack.template["Resources"].values()
        for field, value in one["Properties"].items()
        if field in OWN_NAMES and not flat(value).startswith("<")
    }
