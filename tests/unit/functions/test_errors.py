"""Every error that Lambda may answer with has its place."""

import re
from functools import cache
from pathlib import Path

import pytest
from botocore import exceptions as aws
from botocore import xform_name
from botocore.session import get_session

from tickline.errors import FunctionNotFound, FunctionsError, InvalidRequest
from tickline.functions_aws import errors, functions
from tickline.functions_aws.errors import InTheWay, NotAssumable, translated

OPERATIONS = (
    "CreateFunction", "GetFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "DeleteFunction",
    "ListFunctions",
)  # fmt: skip
OWN = {errors.MISSING: FunctionNotFound, errors.IN_THE_WAY: InTheWay, errors.REFUSED: InvalidRequest}
SECRET = "s3cret"  # noqa: S105 - stands for a value of the environment


@cache
def listed() -> set[str]:
    model = get_session().get_service_model("lambda")
    return {shape.name for name in OPERATIONS for shape in model.operation_model(name).error_shapes}


def answer(code: str, message: str = f"the value {SECRET} is wrong") -> aws.ClientError:
    return aws.ClientError({"Error": {"Code": code, "Message": message}}, "CreateFunction")


def raised(error: Exception) -> Exception:
    expected = (FunctionNotFound, FunctionsError, InvalidRequest, InTheWay, NotAssumable)
    with pytest.raises(expected) as caught, translated("create_function", "greet"):
        raise error
    return caught.value


def test_these_are_the_operations_in_use() -> None:
    used = re.findall(r'"(\w+_functions?(?:_\w+)?)"', Path(functions.__file__).read_text())

    assert set(used) == {xform_name(name) for name in OPERATIONS}


def test_the_installed_model_lists_no_error_that_is_not_known() -> None:
    assert listed() - errors.BUSY - set(errors.FAULTS) == set(OWN)


def test_no_error_is_in_two_places() -> None:
    places = [errors.BUSY, set(errors.FAULTS), set(OWN)]

    assert sum(map(len, places)) == len(set().union(*places))


@pytest.mark.parametrize("code", sorted(listed() - set(OWN) | {"AccessDeniedException", "SomethingNew", ""}))
def test_every_other_error_names_operation_function_and_code_and_no_value(code: str) -> None:
    error = raised(answer(code))

    assert type(error) is FunctionsError
    assert str(error).startswith(f"Lambda create_function of tickline-fn-greet: {code}")
    assert SECRET not in str(error)
    assert ("may succeed later" in str(error)) == (code in errors.BUSY)
    assert error.__suppress_context__


@pytest.mark.parametrize(("code", "kind"), OWN.items())
def test_what_the_adapter_decides_by_is_told_apart(code: str, kind: type[Exception]) -> None:
    assert type(raised(answer(code))) is kind


def test_a_role_that_cannot_be_assumed_is_no_fault_of_the_caller() -> None:
    error = answer(errors.REFUSED, "The role defined for the function cannot be assumed by Lambda.")

    assert type(raised(error)) is NotAssumable


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("Value python3.99 at 'runtime' failed to satisfy constraint", "runtime"),
        ("'MemorySize' value failed to satisfy constraint", "memory"),
        ("Unzipped size must be smaller than 262144000 bytes", "code"),
        ("Lambda was unable to configure your environment variables", "env"),
        ("no", ""),
    ],
)
def test_what_aws_does_not_accept_is_told_with_its_field(message: str, field: str) -> None:
    error = raised(answer(errors.REFUSED, message))

    assert isinstance(error, InvalidRequest)
    assert error.field == field
    assert str(error) == f"AWS does not accept it: {message}"


@pytest.mark.parametrize(
    "error",
    [
        aws.NoCredentialsError(),
        aws.EndpointConnectionError(endpoint_url="http://x"),
        aws.ReadTimeoutError(endpoint_url="http://x"),
        aws.ParamValidationError(report=SECRET),
    ],
)
def test_no_answer_at_all_names_the_kind_of_error_only(error: Exception) -> None:
    ours = raised(error)

    assert type(ours) is FunctionsError
    assert type(error).__name__ in str(ours)
    assert SECRET not in str(ours)
