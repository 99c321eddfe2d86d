"""One role for each function: the calls it makes, on the things it makes them on, and no more."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from infra.options import Options
from infra.storage import Storage
from infra.targets import permissions

FUNCTIONS = ("tick", "invoke", "admin", "admit")

Statements = Sequence[iam.PolicyStatement]


def allow(actions: str, *resources: str) -> iam.PolicyStatement:
    """Return a statement that allows actions, written `service:Action Action`, on some ARNs."""
    service, _, names = actions.partition(":")
    return iam.PolicyStatement(
        actions=[f"{service}:{name}" for name in names.split()], resources=list(resources)
    )


def add_role(stack: Stack, name: str, log_group: logs.CfnLogGroup, statements: Statements) -> iam.Role:
    """Add the role of one function; it may also write that function's own log."""
    own_log = allow("logs:CreateLogStream PutLogEvents", log_group.attr_arn)
    return iam.Role(
        stack,
        f"{name.title()}Role",
        description=f"What the function {name} of Tickline may do",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        inline_policies={name: iam.PolicyDocument(statements=[own_log, *statements])},
    )


def tick_statements(storage: Storage, topic: sns.Topic) -> Statements:
    """Read what is due, move the timeline on, ring doorbells."""
    return [
        allow("dynamodb:BatchGetItem Scan DeleteItem", storage.jobs.table_arn),
        allow("dynamodb:Query BatchGetItem BatchWriteItem", storage.timeline.table_arn),
        allow("dynamodb:BatchGetItem PutItem UpdateItem Query", storage.runs.table_arn),
        allow("sns:Publish", topic.topic_arn),
    ]


def invoke_statements(
    stack: Stack, options: Options, storage: Storage, dead_letters: sqs.Queue
) -> Statements:
    """Record a run's start and end; call the targets of the allow-list, never the stack's own functions."""
    here = {"partition": stack.partition, "region": stack.region, "account": stack.account}
    targets = permissions(options.allowed_targets, **here)
    own = [function_arn(stack, f"{options.stack}-{name}") for name in FUNCTIONS]
    return [
        allow("dynamodb:GetItem", storage.jobs.table_arn),
        allow("dynamodb:BatchWriteItem", storage.timeline.table_arn),
        allow("dynamodb:GetItem PutItem UpdateItem", storage.runs.table_arn),
        allow("sqs:SendMessage", dead_letters.queue_arn),
        *(allow(action, *resources) for action, resources in targets),
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=["lambda:InvokeFunction"],
            resources=[arn for function in own for arn in (function, f"{function}:*")],
        ),
    ]


def admin_statements(stack: Stack, options: Options, storage: Storage) -> Statements:
    """Write definitions, answer questions about everything, and ask for a tick where somebody waits."""
    return [
        allow("lambda:InvokeFunction", function_arn(stack, f"{options.stack}-tick")),
        allow("dynamodb:GetItem PutItem DeleteItem Scan", storage.jobs.table_arn),
        allow("dynamodb:Query BatchGetItem BatchWriteItem", storage.timeline.table_arn),
        allow("dynamodb:GetItem BatchGetItem PutItem BatchWriteItem Query Scan", storage.runs.table_arn),
        allow("dynamodb:Query", storage.dead_runs),
    ]


def admit_statements(stack: Stack, options: Options, storage: Storage, dead_letters: sqs.Queue) -> Statements:
    """Read changed definitions, give them their first entry, and ask for a tick where that is due at once."""
    return [
        allow("lambda:InvokeFunction", function_arn(stack, f"{options.stack}-tick")),
        allow("dynamodb:DescribeStream GetRecords GetShardIterator", storage.changes),
        allow("dynamodb:ListStreams", f"{storage.jobs.table_arn}/stream/*"),
        allow("dynamodb:BatchGetItem", storage.jobs.table_arn),
        allow("dynamodb:BatchGetItem BatchWriteItem", storage.timeline.table_arn),
        allow("dynamodb:BatchGetItem", storage.runs.table_arn),
        allow("sqs:SendMessage", dead_letters.queue_arn),
    ]


def function_arn(stack: Stack, name: str) -> str:
    """Return the ARN of a function of this account and region."""
    return f"arn:{stack.partition}:lambda:{stack.region}:{stack.account}:function:{name}"


def tagged(key: str, stack: str) -> Mapping[str, Mapping[str, str]]:
    """Return the condition that a tag `tickline:stack` says this stack. `key`: whose tag, as IAM names it."""
    return {"StringEquals": {f"{key}/tickline:stack": stack}}
