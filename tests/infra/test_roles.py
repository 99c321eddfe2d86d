from collections.abc import Iterable
from typing import Any

import pytest

from synthesized import Synthesized, flat, listed

FUNCTIONS = ("Tick", "Invoke", "Admin", "Admit")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_a_role_of_its_own(stack: Synthesized, name: str) -> None:
    function = stack.the("Lambda::Function", f"{name}Function")

    assert flat(function["Role"]).startswith(f"<{name}Role")


def test_no_statement_allows_more_than_named_actions(stack: Synthesized, other: Synthesized) -> None:
    for allowed in (allowed_of(stack), allowed_of(other)):
        assert [one for one in allowed if any("*" in action for action in listed(one["Action"]))] == []
        assert [one for one in allowed if "NotAction" in one or "NotResource" in one] == []


def test_nothing_is_allowed_on_everything_but_a_list_of_names(stack: Synthesized, other: Synthesized) -> None:
    assert actions(one for one in allowed_of(stack) if "*" in listed(one["Resource"])) == set()
    assert actions(one for one in allowed_of(other) if "*" in listed(one["Resource"])) == {
        "lambda:ListFunctions"
    }


def test_no_role_has_a_policy_that_is_not_written_here(stack: Synthesized, other: Synthesized) -> None:
    for synthesized in (stack, other):
        assert not any("ManagedPolicyArns" in role for role in synthesized.all("IAM::Role").values())
        assert synthesized.all("IAM::Policy") == {}  # the CDK adds these where it grants by itself


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_writes_its_own_log_only(stack: Synthesized, name: str) -> None:
    statements = [one for one in stack.role(f"{name}Role") if "logs:PutLogEvents" in listed(one["Action"])]

    assert [flat(one["Resource"]) for one in statements] == [f"<{name}Logs.Arn>"]


def test_ticks_invoke_nothing_and_invoke_rings_nothing(stack: Synthesized) -> None:
    assert not any(action.startswith("lambda:") for action in actions(stack.role("TickRole")))
    assert "sns:Publish" not in actions(stack.role("InvokeRole"))
    assert "sns:Publish" not in actions(stack.role("AdminRole"))


@pytest.mark.parametrize("name", ["Tick", "Invoke", "Admit"])
def test_definitions_are_written_by_admin_alone(stack: Synthesized, name: str) -> None:
    jobs = [
        one for one in stack.role(f"{name}Role") if flat(listed(one["Resource"])[0]).startswith("<JobsTable")
    ]

    writes = {
        action for action in actions(jobs) if "Put" in action or "Update" in action or "Write" in action
    }
    assert writes == set()


def test_jobs_may_call_functions_of_the_prefix_and_no_others_by_default(stack: Synthesized) -> None:
    [allowed] = [
        one
        for one in stack.role("InvokeRole")
        if "lambda:InvokeFunction" in listed(one["Action"]) and one["Effect"] == "Allow"
    ]

    place = "arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function"
    assert [flat(one) for one in allowed["Resource"]] == [f"{place}:tickline-*", f"{place}:tickline-*:*"]


@pytest.mark.parametrize("name", ["tick", "invoke", "admin", "admit"])
def test_no_job_can_call_a_part_of_tickline_itself(stack: Synthesized, name: str) -> None:
    [denied] = [one for one in stack.role("InvokeRole") if one["Effect"] == "Deny"]

    assert denied["Action"] == "lambda:InvokeFunction"
    arn = f"arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:Tickline-{name}"
    assert {arn, f"{arn}:*"} <= {flat(one) for one in denied["Resource"]}


def test_targets_are_allowed_kind_by_kind(other: Synthesized) -> None:
    place = "<AWS::Region>:<AWS::AccountId>"
    calls = {
        action: [flat(one) for one in listed(statement["Resource"])]
        for statement in other.role("InvokeRole")
        for action in listed(statement["Action"])
        if statement["Effect"] == "Allow" and not action.startswith(("dynamodb:", "logs:"))
        if not flat(listed(statement["Resource"])[0]).startswith("<DeadLetters")
    }

    assert calls == {
        "lambda:InvokeFunction": [
            f"arn:<AWS::Partition>:lambda:{place}:function:{name}"
            for name in ("reports-*", "reports-*:*", "tickline-fn-*", "tickline-fn-*:*")
        ],
        "sqs:SendMessage": [f"arn:<AWS::Partition>:sqs:{place}:orders-*"],
        "sns:Publish": [f"arn:<AWS::Partition>:sns:{place}:alerts"],
        "events:PutEvents": [f"arn:<AWS::Partition>:events:{place}:event-bus/default"],
        "states:StartExecution": [
            f"arn:<AWS::Partition>:states:{place}:stateMachine:nightly{end}" for end in ("", ":*")
        ],
    }


def test_functions_are_made_by_no_stack_that_was_not_asked_to(stack: Synthesized) -> None:
    assert actions(allowed_of(stack)).isdisjoint({"iam:PassRole", "lambda:CreateFunction"})
    assert [role for role in stack.roles() if role.startswith("Functions")] == []


def test_functions_made_on_the_fly_are_fenced_by_prefix_and_tag(other: Synthesized) -> None:
    made = [
        one
        for one in other.role("AdminRole")
        if any(a.startswith("lambda:") for a in listed(one["Action"])) and one["Resource"] != "*"
        if one["Action"] != "lambda:InvokeFunction"
    ]
    unfenced = [one for one in made if "Condition" not in one]

    assert {flat(one["Resource"]).rpartition(":")[2] for one in made} == {"tickline-fn-*"}
    assert actions(unfenced) == {"lambda:GetFunction", "lambda:ListTags"}
    for statement in made:
        tags = statement.get("Condition", {}).get("StringEquals", {})
        assert set(tags.values()) == ({"Other"} if statement not in unfenced else set())
        assert set(tags) <= {"aws:RequestTag/tickline:stack", "aws:ResourceTag/tickline:stack"}


@pytest.mark.parametrize("role", ["AdminRole", "AdmitRole"])
def test_admin_and_admit_may_ask_for_a_tick_and_call_nothing_else(stack: Synthesized, role: str) -> None:
    [calls] = [one for one in stack.role(role) if one["Action"] == "lambda:InvokeFunction"]

    assert flat(calls["Resource"]).endswith(":function:Tickline-tick")


def test_functions_made_on_the_fly_get_one_role_and_it_can_log_and_no_more(other: Synthesized) -> None:
    [passed] = [one for one in other.role("AdminRole") if one["Action"] == "iam:PassRole"]
    role = other.the("IAM::Role", "FunctionsRole")
    boundary = other.the("IAM::ManagedPolicy")["PolicyDocument"]["Statement"]

    assert flat(passed["Resource"]).startswith("<FunctionsRole")
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    assert flat(role["PermissionsBoundary"]).startswith("<FunctionsBoundary")
    assert other.role("FunctionsRole") == boundary
    assert actions(boundary) == {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert {flat(one["Resource"]).rpartition(":")[2] for one in boundary} == {"/aws/lambda/tickline-fn-*"}


def allowed_of(stack: Synthesized) -> list[dict[str, Any]]:
    return [one for statements in stack.roles().values() for one in statements if one["Effect"] == "Allow"]


def actions(statements: Iterable[dict[str, Any]]) -> set[str]:
    return {action for one in statements for action in listed(one["Action"])}
