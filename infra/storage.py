"""The three tables. Their keys are those of functions/tickline/store/dynamodb_tables.py; a test compares."""

from dataclasses import dataclass

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb

from infra.options import Options

NUMBER, STRING = dynamodb.AttributeType.NUMBER, dynamodb.AttributeType.STRING
DEAD_INDEX = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The tables of one stack."""

    jobs: dynamodb.Table
    timeline: dynamodb.Table
    runs: dynamodb.Table

    @property
    def dead_runs(self) -> str:
        """The ARN of the index of dead runs."""
        return f"{self.runs.table_arn}/index/{DEAD_INDEX}"

    @property
    def changes(self) -> str:
        """The ARN of the stream of changed definitions."""
        arn = self.jobs.table_stream_arn
        assert arn, "the table was made with a stream"
        return arn


def add_storage(stack: Stack, options: Options) -> Storage:
    """Add the tables. Definitions have a stream, records of runs an index of the dead ones."""
    jobs = _table(stack, options, "jobs", _key("job_id"), stream=dynamodb.StreamViewType.KEYS_ONLY)
    timeline = _table(stack, options, "timeline", _key("shard", NUMBER), sort=_key("due_key"))
    runs = _table(stack, options, "runs", _key("job_id"), sort=_key("slot"), ttl="ttl")
    runs.add_global_secondary_index(
        index_name=DEAD_INDEX,
        partition_key=_key("dead"),
        sort_key=_key("due_key"),
        projection_type=dynamodb.ProjectionType.KEYS_ONLY,
    )
    return Storage(jobs=jobs, timeline=timeline, runs=runs)


def _table(
    stack: Stack,
    options: Options,
    name: str,
    key: dynamodb.Attribute,
    *,
    sort: dynamodb.Attribute | None = None,
    stream: dynamodb.StreamViewType | None = None,
    ttl: str | None = None,
) -> dynamodb.Table:
    return dynamodb.Table(
        stack,
        f"{name.title()}Table",
        table_name=f"{options.stack}-{name}",
        partition_key=key,
        sort_key=sort,
        stream=stream,
        time_to_live_attribute=ttl,
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        # A recovery to any second of the last 35 days, whatever happens to the stack.
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=options.retain
        ),
        deletion_protection=options.retain,
        removal_policy=RemovalPolicy.RETAIN if options.retain else RemovalPolicy.DESTROY,
    )


def _key(name: str, kind: dynamodb.AttributeType = STRING) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=kind)
