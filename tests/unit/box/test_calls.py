import json
from typing import Any
from urllib.parse import urlencode

import pytest

pytest.importorskip("awslambdaric", reason="uv sync --group box")

from box.calls import Request, Signature, calls, signature

HERE = "eu-west-1:1"


def asked(service: str, operation: str, **fields: Any) -> list[tuple[str, str]]:
    """Return what a JSON request takes."""
    return pairs(
        service,
        Request(
            method="POST",
            path="/",
            query="",
            headers={"x-amz-target": f"Service_2012.{operation}"},
            body=json.dumps(fields).encode(),
        ),
    )


def pairs(service: str, request: Request) -> list[tuple[str, str]]:
    signed = Signature(access_key="k", region="eu-west-1", service=service)
    return [(call.action, call.resource) for call in calls(request, signed, "1")]


def rest(method: str, path: str, query: str = "", body: bytes = b"") -> Request:
    return Request(method=method, path=path, query=query, headers={}, body=body)


def test_a_signature_tells_key_region_and_service() -> None:
    header = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/sns/aws4_request, SignedHeaders=host"

    assert signature(header) == Signature(access_key="AKIA", region="eu-west-1", service="sns")
    assert signature("") is None


def test_a_query_of_an_index_is_asked_of_the_index() -> None:
    index = f"arn:aws:dynamodb:{HERE}:table/runs/index/dead"

    assert asked("dynamodb", "Query", TableName="runs", IndexName="dead") == [("dynamodb:Query", index)]


def test_a_batch_is_asked_of_each_of_its_tables() -> None:
    tables = [f"arn:aws:dynamodb:{HERE}:table/{name}" for name in ("a", "b")]

    assert asked("dynamodb", "BatchGetItem", RequestItems={"a": {}, "b": {}}) == [
        ("dynamodb:BatchGetItem", table) for table in tables
    ]


def test_a_transaction_takes_the_permission_of_each_of_its_parts() -> None:
    table = f"arn:aws:dynamodb:{HERE}:table/a"
    parts = [{kind: {"TableName": "a"}} for kind in ("Put", "Update", "ConditionCheck")]

    assert asked("dynamodb", "TransactWriteItems", TransactItems=parts) == [
        (f"dynamodb:{name}", table) for name in ("PutItem", "UpdateItem", "ConditionCheckItem")
    ]


def test_a_batch_of_messages_is_a_publish() -> None:
    form = urlencode({"Action": "PublishBatch", "TopicArn": "arn:topic"}).encode()

    assert pairs("sns", rest("POST", "/", body=form)) == [("sns:Publish", "arn:topic")]


@pytest.mark.parametrize(
    ("path", "query", "resource"),
    [
        ("/2015-03-31/functions/f/invocations", "", f"arn:aws:lambda:{HERE}:function:f"),
        ("/2015-03-31/functions/f/invocations", "Qualifier=live", f"arn:aws:lambda:{HERE}:function:f:live"),
        ("/2015-03-31/functions/arn%3Aaws%3Alambda%3Ax%3A1%3Afunction%3Af/invocations", "",
         "arn:aws:lambda:x:1:function:f"),
    ],
)  # fmt: skip
def test_an_invocation_is_asked_of_the_function_and_its_qualifier(
    path: str, query: str, resource: str
) -> None:
    assert pairs("lambda", rest("POST", path, query)) == [("lambda:InvokeFunction", resource)]


def test_making_a_function_passes_its_role() -> None:
    body = json.dumps({"FunctionName": "f", "Role": "arn:role", "Tags": {"a": "b"}}).encode()

    taken = pairs("lambda", rest("POST", "/2015-03-31/functions", body=body))

    function = f"arn:aws:lambda:{HERE}:function:f"
    assert taken == [
        ("lambda:CreateFunction", function),
        ("lambda:TagResource", function),
        ("iam:PassRole", "arn:role"),
    ]


def test_what_is_not_known_is_asked_of_everything() -> None:
    assert asked("kms", "Decrypt", KeyId="k") == [("kms:Decrypt", "*")]


def test_tags_and_layers_of_a_new_function_can_be_asked_for() -> None:
    body = json.dumps({"FunctionName": "f", "Tags": {"team": "a"}, "Layers": ["arn:layer"]}).encode()
    signed = Signature(access_key="k", region="eu-west-1", service="lambda")

    [create, tag] = calls(rest("POST", "/2015-03-31/functions", body=body), signed, "1")

    assert (create.action, tag.action) == ("lambda:CreateFunction", "lambda:TagResource")
    assert create.context["aws:RequestTag/team"] == tag.context["aws:RequestTag/team"] == "a"
    assert create.context["lambda:Layer"] == "arn:layer"


def test_a_function_is_shown_with_its_tags() -> None:
    arn = f"arn:aws:lambda:{HERE}:function:f"

    shown = pairs("lambda", rest("GET", "/2015-03-31/functions/f"))

    assert shown == [("lambda:GetFunction", arn), ("lambda:ListTags", arn)]
