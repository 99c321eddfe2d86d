"""Functions in Lambda: what is sent, what is waited for, and which functions are left alone."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from made import Stacks, whole, zipped
from recorder import refusal
from tickline.errors import FunctionExists, FunctionNotFound, FunctionsError, InvalidRequest
from tickline.functions.model import FunctionChange
from tickline.functions_aws.functions import PATIENCE, ROLE_PATIENCE

NAME = "tickline-fn-greet"
CHANGES = ("create_function", "update_function_code", "update_function_configuration", "delete_function")


def refused(message: str) -> ClientError:
    error: Any = {"Code": "InvalidParameterValueException", "Message": message}
    return ClientError({"Error": error}, "CreateFunction")


NOT_YET = refused("The role defined for the function cannot be assumed by Lambda.")


def standing(stack: str = "Tickline", **configuration: Any) -> dict[str, Any]:
    """Return an answer of GetFunction."""
    whole_one = {
        "MemorySize": 128, "Timeout": 60, "CodeSize": 9, "CodeSha256": "x", "LastModified": "now",
        "State": "Active", "LastUpdateStatus": "Successful",
    }  # fmt: skip
    return {"Configuration": whole_one | configuration, "Tags": {"tickline:stack": stack}}


def test_a_function_has_the_role_the_prefix_and_the_tag_of_its_stack(stacks: Stacks) -> None:
    stacks.functions("Blue").create("greet", whole(env={"STAGE": "prod"}))

    found = stacks.configuration(NAME)
    assert found["Tags"] == {"tickline:stack": "Blue"}
    assert found["Configuration"]["Role"] == stacks.role
    assert found["Configuration"]["Architectures"] == ["arm64"]
    assert found["Configuration"]["Environment"] == {"Variables": {"STAGE": "prod"}}


def test_nothing_else_is_ever_asked_for(stacks: Stacks) -> None:
    functions = stacks.functions()
    functions.create("greet", whole())
    functions.update("greet", FunctionChange(code=zipped(), memory=256))
    functions.delete("greet")

    asked = {operation: set(request) for operation, request in stacks.recorder.calls}
    assert asked == {
        "create_function": {
            "FunctionName", "Role", "PackageType", "Architectures", "Code", "Tags",
            "Handler", "Runtime", "MemorySize", "Timeout", "Description", "Environment",
        },
        "get_function": {"FunctionName"},
        "update_function_code": {"FunctionName", "ZipFile"},
        "update_function_configuration": {"FunctionName", "MemorySize"},
        "delete_function": {"FunctionName"},
    }  # fmt: skip


@pytest.mark.parametrize("tags", [{}, {"tickline:stack": "Other"}, {"stack": "Tickline"}])
def test_a_function_that_the_stack_did_not_make_is_not_touched(stacks: Stacks, tags: dict[str, str]) -> None:
    stacks.stranger(NAME, tags)
    before = stacks.configuration(NAME)["Configuration"]
    functions = stacks.functions()

    with pytest.raises(FunctionNotFound):
        functions.get("greet")
    with pytest.raises(FunctionNotFound):
        functions.update("greet", FunctionChange(memory=256, code=zipped({"x.py": ""})))
    with pytest.raises(FunctionNotFound):
        functions.delete("greet")
    with pytest.raises(InvalidRequest, match="taken by a function that this stack did not make") as caught:
        functions.create("greet", whole())

    assert caught.value.field == "name"
    assert functions.list() == []
    assert stacks.configuration(NAME)["Configuration"] == before
    assert [operation for operation in stacks.recorder.take() if operation in CHANGES] == ["create_function"]


def test_a_function_with_the_tag_but_another_prefix_is_not_seen(stacks: Stacks) -> None:
    stacks.stranger("payroll", {"tickline:stack": "Tickline"})

    assert stacks.functions().list() == []
    assert stacks.recorder.take() == ["list_functions"]
    with pytest.raises(FunctionNotFound):
        stacks.functions().delete("payroll")

    assert stacks.configuration("payroll")


def test_two_stacks_of_an_account_each_see_their_own(stacks: Stacks) -> None:
    stacks.functions("Blue").create("b", whole())
    stacks.functions("Green").create("g", whole())

    assert [function.name for function in stacks.functions("Blue").list()] == ["b"]
    assert [function.name for function in stacks.functions("Green").list()] == ["g"]


def test_listing_reads_every_page(stacks: Stacks) -> None:
    functions = stacks.functions()
    for name in ("a", "b"):
        functions.create(name, whole())
    stacks.recorder.answers["list_functions"] = [
        {"Functions": [{"FunctionName": "tickline-fn-b"}], "NextMarker": "more"},
        {"Functions": [{"FunctionName": "tickline-fn-a"}, {"FunctionName": "tickline-fn-gone"}]},
    ]

    assert [function.name for function in functions.list()] == ["a", "b"]
    assert ("list_functions", {"Marker": "more"}) in stacks.recorder.calls


def test_tags_that_may_not_be_read_are_no_proof_of_anything(stacks: Stacks) -> None:
    hidden = {"Configuration": {}, "TagsError": {"ErrorCode": "AccessDeniedException", "Message": "no"}}
    stacks.recorder.answers["get_function"] = [hidden]

    with pytest.raises(FunctionsError, match="needs lambda:ListTags"):
        stacks.functions().delete("greet")

    assert stacks.recorder.take() == ["get_function"]


def test_a_new_function_is_awaited(stacks: Stacks) -> None:
    pending = standing(State="Pending", LastUpdateStatus="InProgress")
    stacks.recorder.answers["get_function"] = [refusal("ResourceNotFoundException"), pending, pending]

    made = stacks.functions().create("greet", whole())

    assert made.state == "active"
    assert len(stacks.slept) == 3


def test_an_update_is_awaited_before_the_next_begins(stacks: Stacks) -> None:
    functions = stacks.functions()
    functions.create("greet", whole())
    stacks.recorder.take()
    busy = standing(LastUpdateStatus="InProgress")
    stacks.recorder.answers["get_function"] = [standing(), busy, standing(), busy]

    functions.update("greet", FunctionChange(code=zipped(), memory=256))

    assert stacks.recorder.take() == [
        "get_function",
        "update_function_code", "get_function", "get_function",
        "update_function_configuration", "get_function", "get_function",
    ]  # fmt: skip
    assert len(stacks.slept) == 2


def test_waiting_has_an_end_and_says_what_is_known(stacks: Stacks) -> None:
    pending = standing(State="Pending", LastUpdateStatus="InProgress")
    stacks.recorder.answers["get_function"] = [pending] * (PATIENCE + 1)

    with pytest.raises(
        FunctionsError, match=r"^after 45 s tickline-fn-greet is not ready yet \(state Pending"
    ):
        stacks.functions().create("greet", whole())

    assert len(stacks.slept) == PATIENCE


@pytest.mark.parametrize(
    ("configuration", "told"),
    [
        (
            {"State": "Failed", "StateReasonCode": "InvalidRuntime", "StateReason": "no such runtime"},
            "failed: InvalidRuntime: no such runtime",
        ),
        (
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "the key is gone"},
            "was not updated: the key is gone",
        ),
        ({"State": "Failed"}, "failed: AWS gives no reason"),
    ],
)
def test_a_function_that_fails_says_why(stacks: Stacks, configuration: dict[str, str], told: str) -> None:
    stacks.recorder.answers["get_function"] = [standing(**configuration)]

    with pytest.raises(FunctionsError, match=told):
        stacks.functions().create("greet", whole())

    assert stacks.slept == []


def test_a_role_that_is_new_is_tried_again(stacks: Stacks) -> None:
    stacks.recorder.answers["create_function"] = [NOT_YET, NOT_YET]

    made = stacks.functions().create("greet", whole())

    assert made.state == "active"
    assert len(stacks.slept) == 2


def test_a_role_that_never_comes_is_named(stacks: Stacks) -> None:
    stacks.recorder.answers["create_function"] = [NOT_YET] * (ROLE_PATIENCE + 1)

    with pytest.raises(FunctionsError, match=f"cannot assume the role {stacks.role}"):
        stacks.functions().create("greet", whole())

    assert len(stacks.slept) == ROLE_PATIENCE


@pytest.mark.parametrize("operation", ["update_function_code", "delete_function"])
def test_a_change_waits_for_one_that_is_under_way(stacks: Stacks, operation: str) -> None:
    functions = stacks.functions()
    functions.create("greet", whole())
    stacks.recorder.answers[operation] = [refusal("ResourceConflictException")]

    if operation == "delete_function":
        functions.delete("greet")
    else:
        functions.update("greet", FunctionChange(code=zipped()))

    assert len(stacks.slept) == 1


def test_a_change_that_never_ends_ends_the_waiting(stacks: Stacks) -> None:
    functions = stacks.functions()
    functions.create("greet", whole())
    stacks.recorder.answers["delete_function"] = [refusal("ResourceConflictException")] * (PATIENCE + 1)

    with pytest.raises(FunctionsError, match="still being changed by somebody else"):
        functions.delete("greet")


def test_a_second_create_is_told_that_the_function_is_there(stacks: Stacks) -> None:
    stacks.functions().create("greet", whole())

    with pytest.raises(FunctionExists):
        stacks.functions().create("greet", whole())


def test_the_client_is_made_for_the_region_when_it_is_first_needed(stacks: Stacks) -> None:
    from tickline.functions_aws.functions import LambdaFunctions

    functions = LambdaFunctions(role_arn=stacks.role, stack="Tickline", region="eu-central-1")

    before = functions._made
    assert functions.list() == []

    assert before is None
    assert functions._made.meta.region_name == "eu-central-1"
