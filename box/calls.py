"""Reads an HTTP request to AWS: who calls, and which IAM actions on which resources that takes.

Complete for what this repository's functions call. For other services the resource is `*`, which only a
statement about `*` allows: what is not known here is refused, not waved through.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.session import get_session

from box.policies import Call

CREDENTIAL = re.compile(r"Credential=([^/,]+)/\d+/([^/,]+)/([^/,]+)/aws4_request")

PREFIXES = {"monitoring": "cloudwatch"}
"""IAM's prefix of a service, where it is not the name that requests are signed with."""

SAME_AS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "sns:PublishBatch": "sns:Publish",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
}
"""Operations that need another's permission."""

TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
"""Parts of a DynamoDB transaction, and what each needs; a ConditionCheck needs ConditionCheckItem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What the Authorization header tells of a request."""

    access_key: str
    region: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, as much of it as says what is wanted. Header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def signature(authorization: str) -> Signature | None:
    """Read an Authorization header; None when the request is not signed."""
    found = CREDENTIAL.search(authorization)
    return Signature(access_key=found[1], region=found[2], service=found[3]) if found else None


def calls(request: Request, signed: Signature, account: str) -> list[Call]:
    """Return everything that the request's caller must be allowed."""
    operation, fields = _operation(request, signed.service)
    prefix = PREFIXES.get(signed.service, signed.service)
    place = f"{signed.region}:{account}"
    read = READERS.get(prefix)
    pairs = list(read(operation, fields, place)) if read else [(operation, "*")]
    asked = _asked(fields) if prefix == "lambda" else {}
    return [_call(f"{prefix}:{action}", resource, asked) for action, resource in pairs]


def _asked(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return what a request to Lambda says that conditions may look at: its tags and layers."""
    tags = {f"aws:RequestTag/{key}": str(value) for key, value in (fields.get("Tags") or {}).items()}
    return tags | ({"lambda:Layer": str(fields["Layers"][0])} if fields.get("Layers") else {})


def _call(action: str, resource: str, asked: Mapping[str, str]) -> Call:
    action = SAME_AS.get(action, action)
    context = {"aws:SecureTransport": "true", **asked}
    if ":PassRole" in action:
        action, context = "iam:PassRole", context | {"iam:PassedToService": "lambda.amazonaws.com"}
    return Call(action=action, resource=resource, context=context)


def _operation(request: Request, service: str) -> tuple[str, dict[str, Any]]:
    """Return an operation's name and its parameters, in whichever protocol it came."""
    target = request.headers.get("x-amz-target", "")
    if target:
        return target.split(".")[-1], json.loads(request.body or b"{}")
    if service == "lambda":
        return _lambda_operation(request)
    form = {key: values[0] for key, values in parse_qs(request.body.decode() or request.query).items()}
    return form.get("Action", request.path.rsplit("/", 1)[-1]), form


def _lambda_operation(request: Request) -> tuple[str, dict[str, Any]]:
    """Find a REST operation of Lambda by its method and path."""
    path = request.path.rstrip("/")
    routes = (
        (name, pattern.fullmatch(path))
        for method, pattern, name in _lambda_routes()
        if method == request.method
    )
    name, found = next(((name, found) for name, found in routes if found), ("", None))
    if found is None:
        return f"Unknown {request.method} {request.path}", {}
    fields = {key: values[0] for key, values in parse_qs(request.query).items()}
    if name != "Invoke" and request.body[:1] == b"{":
        fields |= json.loads(request.body)
    return name, fields | {key: unquote(value) for key, value in found.groupdict().items()}


@cache
def _lambda_routes() -> list[tuple[str, re.Pattern[str], str]]:
    """Return method, path and name of each of Lambda's operations, from botocore's model."""
    model = get_session().get_service_model("lambda")
    routes = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path = re.sub(r"\{(\w+)\+?\}", r"(?P<\1>[^/]+)", http["requestUri"].split("?")[0].rstrip("/"))
        routes.append((http["method"], re.compile(path), name))
    return routes


def _dynamodb(operation: str, fields: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    if "StreamArn" in fields:
        yield operation, fields["StreamArn"]
    elif "RequestItems" in fields:
        for table in fields["RequestItems"]:
            yield operation, _table(table, place)
    elif "TransactItems" in fields:
        for part in fields["TransactItems"]:
            for kind, item in part.items():
                yield TRANSACTION.get(kind, f"{kind}Item"), _table(item["TableName"], place)
    else:
        index = f"/index/{fields['IndexName']}" if "IndexName" in fields else ""
        yield operation, _table(fields.get("TableName", ""), place) + index


def _table(name: str, place: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:dynamodb:{place}:table/{name}"


def _sns(operation: str, fields: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    yield operation, fields.get("TopicArn") or fields.get("TargetArn") or "*"


def _sqs(operation: str, fields: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    name = str(fields.get("QueueUrl") or fields.get("QueueName") or "*").rsplit("/", 1)[-1]
    yield operation, f"arn:aws:sqs:{place}:{name}"


def _lambda(operation: str, fields: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    name = str(fields.get("FunctionName") or fields.get("Resource") or "")
    arn = name if name.startswith("arn:") else f"arn:aws:lambda:{place}:function:{name}" if name else "*"
    if fields.get("Qualifier") and arn.count(":") == 6:
        arn += f":{fields['Qualifier']}"
    yield operation, arn
    if operation == "CreateFunction" and fields.get("Tags"):
        yield "TagResource", arn
    if operation == "GetFunction":
        # AWS only leaves out the tags where this is not allowed; being refused is easier to notice.
        yield "ListTags", arn
    if fields.get("Role"):
        yield "PassRole", fields["Role"]


def _events(operation: str, fields: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for bus in {str(entry.get("EventBusName", "default")) for entry in fields.get("Entries", [{}])}:
        yield operation, bus if bus.startswith("arn:") else f"arn:aws:events:{place}:event-bus/{bus}"


def _states(operation: str, fields: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    yield operation, fields.get("stateMachineArn", "*")


def _ssm(operation: str, fields: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    yield operation, f"arn:aws:ssm:{place}:parameter/{str(fields.get('Name', '*')).removeprefix('/')}"


READERS = {
    "dynamodb": _dynamodb,
    "sns": _sns,
    "sqs": _sqs,
    "lambda": _lambda,
    "events": _events,
    "states": _states,
    "ssm": _ssm,
}
