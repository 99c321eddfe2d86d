import json
from typing import Any

import pytest

pytest.importorskip("awslambdaric", reason="uv sync --group box")

from box.policies import Call, Permission, decide, invites, like, statements

TABLE = "arn:aws:dynamodb:eu-west-1:1:table/jobs"
READ = Call(action="dynamodb:GetItem", resource=TABLE)


def policy(*raw: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(raw)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def allowed(document: str, call: Call = READ) -> bool:
    return decide(statements(document), call).allowed


def test_what_no_statement_speaks_of_is_refused() -> None:
    assert not allowed(policy(allow("dynamodb:PutItem", TABLE)))


def test_an_explicit_deny_wins_over_any_allow() -> None:
    assert not allowed(policy(allow("dynamodb:*"), deny("dynamodb:GetItem", TABLE)))


def test_the_resource_must_be_the_one_that_is_meant() -> None:
    assert not allowed(policy(allow("dynamodb:GetItem", f"{TABLE}/index/*")))


def test_actions_are_compared_without_case_and_resources_with_it() -> None:
    document = policy(allow("DynamoDB:getitem", TABLE))

    assert allowed(document)
    assert not allowed(document, Call(action=READ.action, resource=TABLE.upper()))


def test_the_pairs_of_action_and_resource_that_were_used_are_told() -> None:
    document = policy(allow(["dynamodb:GetItem", "dynamodb:Scan"], [TABLE, "arn:other"]))

    used = decide(statements(document), READ).used

    assert used == (Permission(action="dynamodb:GetItem", resource=TABLE),)


@pytest.mark.parametrize(
    ("test", "value", "holds"),
    [
        ("StringEquals", "lambda.amazonaws.com", True),
        ("StringEquals", "ec2.amazonaws.com", False),
        ("StringNotEquals", "ec2.amazonaws.com", True),
        ("StringNotEquals", "lambda.amazonaws.com", False),
        ("StringLike", "lambda.*", True),
        ("ArnNotLike", "lambda.*", False),
    ],
)
def test_a_statement_counts_when_its_condition_holds(test: str, value: str, holds: bool) -> None:
    document = policy(allow("iam:PassRole", Condition={test: {"iam:PassedToService": value}}))
    call = Call(
        action="iam:PassRole", resource="arn:role", context={"iam:PassedToService": "lambda.amazonaws.com"}
    )

    assert allowed(document, call) is holds


def test_a_key_that_the_call_lacks_holds_only_where_the_condition_says_so() -> None:
    for test, holds in (("StringEquals", False), ("StringEqualsIfExists", True), ("StringNotEquals", True)):
        assert allowed(policy(allow("dynamodb:GetItem", Condition={test: {"some:Key": "x"}}))) is holds


def test_a_condition_of_a_kind_that_is_not_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="NumericLessThan"):
        allowed(policy(deny("dynamodb:GetItem", Condition={"NumericLessThan": {"some:Key": "1"}})))


def test_not_action_and_not_resource_speak_of_everything_else() -> None:
    assert allowed(policy({"Effect": "Allow", "NotAction": "dynamodb:Put*", "NotResource": "arn:other"}))
    assert not allowed(policy({"Effect": "Allow", "NotAction": "dynamodb:Get*", "Resource": "*"}))


def test_a_service_is_invited_by_name_and_source() -> None:
    invited = {"Service": "sns.amazonaws.com"}
    source = {"ArnLike": {"AWS:SourceArn": "arn:topic"}}
    document = policy(allow("lambda:InvokeFunction", "arn:f", Principal=invited, Condition=source))
    call = Call(action="lambda:InvokeFunction", resource="arn:f", context={"aws:sourcearn": "arn:topic"})

    assert invites(document, "sns.amazonaws.com", call)
    assert not invites(document, "events.amazonaws.com", call)
    assert not invites(document, "sns.amazonaws.com", Call(action=call.action, resource="arn:f"))


def test_a_pattern_is_the_whole_text() -> None:
    assert like("function:a:1", "function:a:*")
    assert not like("function:ab", "function:a")
    assert not like("a.b", "a?")


@pytest.mark.parametrize(
    ("null", "layers", "holds"), [("true", {}, True), ("true", {"lambda:Layer": "x"}, False)]
)
def test_null_asks_whether_the_call_has_the_key(null: str, layers: dict[str, str], holds: bool) -> None:
    document = policy(allow("lambda:CreateFunction", Condition={"Null": {"lambda:Layer": null}}))

    assert allowed(document, Call(action="lambda:CreateFunction", resource="f", context=layers)) is holds
