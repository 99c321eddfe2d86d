"""One stack: the whole of Tickline. Any number of them can live in one account, by different names."""

from aws_cdk import App, CfnOutput, DefaultStackSynthesizer, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm

from infra.accepted import accept_findings
from infra.bundle import Bundle, version
from infra.observability import add_alarms, add_dashboard
from infra.options import Options
from infra.pipeline import add_pipeline
from infra.storage import add_storage


def add_stack(app: App, options: Options, bundle: Bundle) -> Stack:
    """Add the stack that the options describe. The bundle is copied at once."""
    stack = Stack(
        app,
        options.stack,
        stack_name=options.stack,
        description="Tickline: jobs on the second",
        # No parameter in the template: the CDK's command line itself checks how the account was prepared.
        synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    storage = add_storage(stack, options)
    code = lambda_.Code.from_asset(str(bundle.path), asset_hash=bundle.digest)
    pipeline = add_pipeline(stack, options, storage, code)
    alarms = add_alarms(stack, options, pipeline)
    dashboard = add_dashboard(stack, options, pipeline)
    admin = pipeline.functions["admin"].function_name
    ssm.StringParameter(
        stack,
        "Address",
        parameter_name=f"/tickline/{options.stack}",
        description="Where the command line finds Tickline",
        string_value=stack.to_json_string({"admin": admin, "version": version()}),
    )
    accept_findings(stack, options)
    outputs = {
        "AdminFunction": admin,
        "JobsTable": storage.jobs.table_name,
        "TimelineTable": storage.timeline.table_name,
        "RunsTable": storage.runs.table_name,
        "DoorbellTopic": pipeline.doorbells.topic_arn,
        "AlarmTopic": alarms.topic_arn,
        "DeadLetterQueue": pipeline.dead_letters.queue_url,
        "DashboardName": dashboard.dashboard_name,
    }
    for name, value in outputs.items():
        CfnOutput(stack, f"Output{name}", value=value).override_logical_id(name)
    return stack
