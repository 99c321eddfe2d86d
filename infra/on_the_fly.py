"""Functions made on the fly (`functions=true`): who may ask admin may run code, with this one role only.

All of them are named tickline-fn-NAME and carry the tag of the stack that made them. Their role writes their
own logs; its boundary keeps it so, whatever is attached to it later.
"""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from infra.options import Options
from infra.roles import Statements, allow, function_arn, tagged

PREFIX = "tickline-fn-"


def add_functions_role(stack: Stack) -> iam.Role:
    """Add the role that every function made on the fly has."""
    log_groups = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:/aws/lambda/{PREFIX}*"
    own_logs = allow("logs:CreateLogGroup CreateLogStream PutLogEvents", log_groups)
    boundary = iam.ManagedPolicy(
        stack,
        "FunctionsBoundary",
        description="The most that functions made on the fly may do",
        statements=[own_logs],
    )
    return iam.Role(
        stack,
        "FunctionsRole",
        description="What functions made on the fly by Tickline may do",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        permissions_boundary=boundary,
        inline_policies={"logs": iam.PolicyDocument(statements=[own_logs])},
    )


def making_statements(stack: Stack, options: Options, role: iam.Role) -> Statements:
    """Return what admin needs to make, change and delete functions of this stack, and to give them a role."""
    functions = function_arn(stack, f"{PREFIX}*")
    new, own = tagged("aws:RequestTag", options.stack), tagged("aws:ResourceTag", options.stack)
    no_layers = {"Null": {"lambda:Layer": "true"}}
    nobody_elses = {"StringEqualsIfExists": {"aws:ResourceTag/tickline:stack": options.stack}}
    statements = [
        (allow("lambda:CreateFunction", functions), {**new, **no_layers}),
        (allow("lambda:TagResource", functions), {**new, **nobody_elses}),
        (allow("lambda:UpdateFunctionConfiguration", functions), {**own, **no_layers}),
        (allow("lambda:UpdateFunctionCode DeleteFunction", functions), own),
        # With a condition, a function that is not there would look like one that is forbidden.
        (allow("lambda:GetFunction ListTags", functions), {}),
        (
            allow("iam:PassRole", role.role_arn),
            {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        ),
    ]
    for statement, conditions in statements:
        statement.add_conditions(conditions)
    # Lambda knows no list of some functions: admin is told all names, and shows those with the prefix.
    return [*(statement for statement, _ in statements), allow("lambda:ListFunctions", "*")]
