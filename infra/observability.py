"""What tells a person that something is wrong, and how it goes: alarms and a dashboard."""

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from infra.options import Options
from infra.pipeline import Pipeline

NAMESPACE = "Tickline"
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD


def add_alarms(stack: Stack, options: Options, pipeline: Pipeline) -> sns.Topic:
    """Add the alarms, and the topic that all of them tell."""
    topic = _alarm_topic(stack, options)
    silent = _function_metric(pipeline, "tick", "Invocations")
    queue = pipeline.dead_letters.metric_approximate_number_of_messages_visible(
        period=Duration.minutes(1), statistic="Maximum"
    )
    made = [
        _alarm(
            stack, options, "tick-silent", "no tick was started for three minutes",
            silent, BELOW, 1, minutes=3,
        ),
        _alarm(
            stack, options, "late", "something is due for more than five minutes",
            _metric(options, "oldest_due_age", "Maximum"), ABOVE, 300,
        ),
        _alarm(
            stack, options, "dead-runs", "a run was given up", _metric(options, "dead", "Sum"), AT_LEAST, 1
        ),
        _alarm(
            stack, options, "dead-letters", "a doorbell or a change could not be handled", queue, AT_LEAST, 1
        ),
    ]  # fmt: skip
    for name in pipeline.functions:
        for metric in ("Errors", "Throttles"):
            what = f"{metric.lower()} of the function {name}"
            counted = _function_metric(pipeline, name, metric)
            made.append(_alarm(stack, options, f"{name}-{metric.lower()}", what, counted, AT_LEAST, 1))
    for alarm in made:
        alarm.add_alarm_action(actions.SnsAction(topic))
    return topic


def add_dashboard(stack: Stack, options: Options, pipeline: Pipeline) -> cloudwatch.Dashboard:
    """Add the dashboard. Its name has the region: dashboards of all regions are one list."""
    lateness = [
        _metric(options, "lateness", statistic).with_(label=statistic) for statistic in ("p50", "p99")
    ]
    outcomes = [
        _metric(options, name, "Sum") for name in ("succeeded", "failed", "dead", "skipped", "refused")
    ]
    due = [_metric(options, name, "Maximum") for name in ("due_backlog", "oldest_due_age")]
    odd = [_metric(options, name, "Sum") for name in ("invalid_jobs", "unread_messages")]
    ticks = [
        _metric(options, "tick_duration", statistic).with_(label=statistic)
        for statistic in ("p50", "Maximum")
    ]
    errors = [_function_metric(pipeline, name, "Errors").with_(label=name) for name in pipeline.functions]
    letters = [pipeline.dead_letters.metric_approximate_number_of_messages_visible(statistic="Maximum")]
    return cloudwatch.Dashboard(
        stack,
        "Dashboard",
        dashboard_name=f"{options.stack}-{Aws.REGION}",
        widgets=[
            [_graph("Lateness (ms)", lateness), _graph("Runs by outcome", outcomes)],
            [
                _graph("Due entries, and the age of the oldest (s)", due),
                _graph("Duration of ticks (ms)", ticks),
            ],
            [_graph("Errors of functions", errors), _graph("Dead letters", letters)],
            [_graph("Set aside: invalid jobs, unread messages", odd)],
        ],
    )


def _alarm_topic(stack: Stack, options: Options) -> sns.Topic:
    topic = sns.Topic(stack, "Alarms", topic_name=f"{options.stack}-alarms", enforce_ssl=True)
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsTell",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
        )
    )
    if options.alarm_email:
        topic.add_subscription(subscriptions.EmailSubscription(options.alarm_email))
    return topic


def _alarm(
    stack: Stack,
    options: Options,
    name: str,
    what: str,
    metric: cloudwatch.IMetric,
    comparison: cloudwatch.ComparisonOperator,
    threshold: float,
    *,
    minutes: int = 1,
) -> cloudwatch.Alarm:
    """Add an alarm. Silence is trouble where a falling number is; elsewhere there was nothing to count."""
    silence = cloudwatch.TreatMissingData
    return cloudwatch.Alarm(
        stack,
        f"Alarm-{name}",
        alarm_name=f"{options.stack}-{name}",
        alarm_description=f"Tickline {options.stack}: {what}",
        metric=metric,
        comparison_operator=comparison,
        threshold=threshold,
        evaluation_periods=minutes,
        datapoints_to_alarm=minutes,
        treat_missing_data=silence.BREACHING if comparison is BELOW else silence.NOT_BREACHING,
    )


def _metric(options: Options, name: str, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"stack": options.stack},
        statistic=statistic,
        period=Duration.minutes(1),
    )


def _function_metric(pipeline: Pipeline, name: str, metric: str) -> cloudwatch.Metric:
    return pipeline.functions[name].metric(metric, statistic="Sum", period=Duration.minutes(1))


def _graph(title: str, metrics: list[cloudwatch.Metric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=metrics, width=12, height=6)
