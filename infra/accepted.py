"""What cdk-nag finds in the stack (AwsSolutions) and is accepted: five reasons, each for named findings."""

from collections.abc import Iterable

from aws_cdk import Acknowledgment, CfnElement, Stack, Validations
from constructs import Construct

from infra.on_the_fly import PREFIX
from infra.options import Options
from infra.targets import permissions

HERE = {"partition": "<AWS::Partition>", "region": "<AWS::Region>", "account": "<AWS::AccountId>"}
"""The place of the stack, as findings write it."""


def accept_findings(stack: Stack, options: Options) -> None:
    """Acknowledge the findings; every other one fails a test."""
    _accept(
        stack,
        ["AwsSolutions-L1"],
        "Python 3.13 is what the tests and the hash-checked wheels are for; it changes with them.",
    )
    _accept(
        _child(stack, "DeadLetters"),
        ["AwsSolutions-SQS3"],
        "It is the dead-letter queue: of a subscription, of a function and of a stream, not of a queue.",
    )
    _accept(
        _child(stack, "AdmitRole"),
        [_wildcard(f"<{_logical_id(stack, 'JobsTable')}.Arn>/stream/*")],
        "Lambda lists the streams of the one table before it reads them; a list names no stream.",
    )
    allowed = permissions(options.allowed_targets, **HERE)
    _accept(
        _child(stack, "InvokeRole"),
        [_wildcard(arn) for _, arns in allowed for arn in arns if "*" in arn],
        "The allow-list of targets is made of patterns: jobs may name functions that come after the stack.",
    )
    if options.functions:
        _accept_functions(stack)


def _accept_functions(stack: Stack) -> None:
    place = f"{HERE['region']}:{HERE['account']}"
    logs = f"arn:{HERE['partition']}:logs:{place}:log-group:/aws/lambda/{PREFIX}*"
    functions = f"arn:{HERE['partition']}:lambda:{place}:function:{PREFIX}*"
    reason = "Functions made on the fly are known by their prefix and tag alone; a list of them, by nothing."
    _accept(_child(stack, "FunctionsBoundary"), [_wildcard(logs)], reason)
    _accept(_child(stack, "FunctionsRole"), [_wildcard(logs)], reason)
    _accept(_child(stack, "AdminRole"), [_wildcard(functions), _wildcard("*")], reason)


def _accept(construct: Construct, findings: Iterable[str], reason: str) -> None:
    acknowledgments = [Acknowledgment(id=f"AwsSolutions::{one}", reason=reason) for one in findings]
    Validations.of(construct).acknowledge(*acknowledgments)


def _wildcard(resource: str) -> str:
    return f"AwsSolutions-IAM5[Resource::{resource}]"


def _child(stack: Stack, name: str) -> Construct:
    child = stack.node.find_child(name)
    assert isinstance(child, Construct), "every node of a stack is a construct"
    return child


def _logical_id(stack: Stack, name: str) -> str:
    element = _child(stack, name).node.default_child
    assert isinstance(element, CfnElement), "a table is made of one resource"
    return str(stack.resolve(element.logical_id))
