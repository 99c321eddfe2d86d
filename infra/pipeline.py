"""Timer, doorbells, queue of dead letters, and the four functions between them."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as events_targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from infra.on_the_fly import add_functions_role, making_statements
from infra.options import Options
from infra.roles import (
    FUNCTIONS,
    add_role,
    admin_statements,
    admit_statements,
    invoke_statements,
    tick_statements,
)
from infra.storage import Storage

TARGETS_OF_A_RULE = 5
"""EventBridge's limit."""

DESCRIPTIONS = {
    "tick": "reads what is due and rings doorbells",
    "invoke": "answers doorbells: calls targets and records runs",
    "admin": "defines jobs and answers questions about them",
    "admit": "takes in definitions that were written by hand",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What happens between a definition and its runs."""

    functions: Mapping[str, lambda_.Function]
    doorbells: sns.Topic
    dead_letters: sqs.Queue


def add_pipeline(stack: Stack, options: Options, storage: Storage, code: lambda_.Code) -> Pipeline:
    """Add everything that moves."""
    dead_letters = sqs.Queue(
        stack,
        "DeadLetters",
        queue_name=f"{options.stack}-dead-letters",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    doorbells = sns.Topic(stack, "Doorbells", topic_name=f"{options.stack}-doorbells", enforce_ssl=True)
    made = add_functions_role(stack) if options.functions else None
    statements = {
        "tick": tick_statements(storage, doorbells),
        "invoke": invoke_statements(stack, options, storage, dead_letters),
        "admin": [
            *admin_statements(stack, options, storage),
            *(making_statements(stack, options, made) if made else []),
        ],
        "admit": admit_statements(stack, options, storage, dead_letters),
    }
    groups = {name: _log_group(stack, options, name) for name in FUNCTIONS}
    roles = {name: add_role(stack, name, groups[name], statements[name]) for name in FUNCTIONS}
    environment = _environment(options, storage, doorbells, made)
    functions = {
        name: _function(stack, options, name, code, roles[name], groups[name], environment, dead_letters)
        for name in FUNCTIONS
    }
    _only_ticks_ring(doorbells, roles["tick"])
    doorbells.add_subscription(
        subscriptions.LambdaSubscription(functions["invoke"], dead_letter_queue=dead_letters)
    )
    _listen(stack, storage, functions["admit"], dead_letters)
    _add_timer(stack, options, functions["tick"])
    return Pipeline(functions=functions, doorbells=doorbells, dead_letters=dead_letters)


def shard_ranges(shards: int, ticks: int) -> list[tuple[int, int]]:
    """Cut the shards into half-open ranges, one for each tick, that differ by one shard at most."""
    cuts = [shards * tick // ticks for tick in range(ticks + 1)]
    return list(itertools.pairwise(cuts))


def _environment(
    options: Options, storage: Storage, doorbells: sns.Topic, made: iam.Role | None
) -> dict[str, str]:
    """Return the settings of the functions, all four alike; tickline.settings reads them."""
    return {
        "TICKLINE_STACK": options.stack,
        "TICKLINE_JOBS_TABLE": storage.jobs.table_name,
        "TICKLINE_TIMELINE_TABLE": storage.timeline.table_name,
        "TICKLINE_RUNS_TABLE": storage.runs.table_name,
        "TICKLINE_SHARDS": str(options.shards),
        "TICKLINE_TOPIC_ARN": doorbells.topic_arn,
        "TICKLINE_TARGETS": options.allowed_targets,
        "TICKLINE_PRECISION": options.precision,
        "TICKLINE_FUNCTIONS_ROLE": made.role_arn if made else "",
    }


def _log_group(stack: Stack, options: Options, name: str) -> logs.CfnLogGroup:
    return logs.CfnLogGroup(
        stack,
        f"{name.title()}Logs",
        log_group_name=f"/aws/lambda/{options.stack}-{name}",
        retention_in_days=options.log_retention_days,
    )


def _function(
    stack: Stack,
    options: Options,
    name: str,
    code: lambda_.Code,
    role: iam.Role,
    log_group: logs.CfnLogGroup,
    environment: Mapping[str, str],
    dead_letters: sqs.Queue,
) -> lambda_.Function:
    timeout, memory = {
        "tick": (150, options.tick_memory),
        "invoke": (900, options.invoke_memory),
        "admin": (120, 256),
        "admit": (60, 256),
    }[name]
    function = lambda_.Function(
        stack,
        f"{name.title()}Function",
        function_name=f"{options.stack}-{name}",
        description=f"Tickline: {DESCRIPTIONS[name]}",
        runtime=lambda_.Runtime.PYTHON_3_13,
        architecture=lambda_.Architecture.ARM_64,
        handler=f"tickline.handlers.{name}.handler",
        code=code,
        role=role.without_policy_updates(),  # infra.roles has all of it
        timeout=Duration.seconds(timeout),
        memory_size=memory,
        environment=dict(environment),
        log_group=logs.LogGroup.from_log_group_name(stack, f"{name.title()}LogsOf", log_group.ref),
        logging_format=lambda_.LoggingFormat.TEXT,  # tickline.logs writes JSON itself
    )
    if name == "tick":  # the timer comes again in a minute
        function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
    if name == "invoke":  # an older doorbell would be turned away
        function.configure_async_invoke(
            retry_attempts=2,
            max_event_age=Duration.hours(1),
            on_failure=destinations.SqsDestination(dead_letters),
        )
    return function


def _only_ticks_ring(doorbells: sns.Topic, tick: iam.Role) -> None:
    doorbells.add_to_resource_policy(
        iam.PolicyStatement(
            sid="OnlyTicksRing",
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=["sns:Publish"],
            resources=[doorbells.topic_arn],
            conditions={"ArnNotEquals": {"aws:PrincipalArn": tick.role_arn}},
        )
    )


def _listen(stack: Stack, storage: Storage, admit: lambda_.Function, dead_letters: sqs.Queue) -> None:
    """Let admit hear of every definition that is written. What it misses a tick's sweep finds."""
    lambda_.EventSourceMapping(
        stack,
        "Changes",
        target=admit,
        event_source_arn=storage.changes,
        starting_position=lambda_.StartingPosition.LATEST,
        batch_size=100,
        max_batching_window=Duration.seconds(0),
        filters=[
            lambda_.FilterCriteria.filter({"eventName": lambda_.FilterRule.or_("INSERT", "MODIFY")}),
        ],
        bisect_batch_on_error=True,
        retry_attempts=3,
        max_record_age=Duration.hours(1),
        on_failure=event_sources.SqsDlq(dead_letters),
    )


def _add_timer(stack: Stack, options: Options, tick: lambda_.Function) -> None:
    """Call one tick a minute for each range of shards."""
    ranges = shard_ranges(options.shards, options.ticks)
    for first in range(0, len(ranges), TARGETS_OF_A_RULE):
        number = first // TARGETS_OF_A_RULE + 1
        events.Rule(
            stack,
            f"Timer{number}",
            rule_name=f"{options.stack}-timer-{number}",
            description="Tickline: every minute, a tick for each range of shards",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[
                events_targets.LambdaFunction(
                    tick,
                    event=events.RuleTargetInput.from_object({"shards": list(shards)}),
                    retry_attempts=0,
                    max_event_age=Duration.minutes(1),
                )
                for shards in ranges[first : first + TARGETS_OF_A_RULE]
            ],
        )
