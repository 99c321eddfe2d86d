"""What may be asked of a function."""

from functools import cache
from typing import Any

import pytest
from botocore.session import get_session

from tickline.errors import InvalidRequest
from tickline.functions.arguments import (
    ENV_BYTES,
    RESERVED,
    RUNTIME,
    check_together,
    read_change,
    read_name,
)
from tickline.functions.model import FunctionChange

SECRET = "s3cret"  # noqa: S105 - stands for a value of the environment

SUPPORTED = {
    "python3.11", "python3.12", "python3.13", "python3.14", "python3.15",
    "nodejs22.x", "nodejs24.x", "nodejs26.x", "ruby3.3", "ruby3.4", "ruby4.0", "dotnet10",
    "java17", "java21", "java25", "java8.al2023", "java11.al2023", "java17.al2023", "provided.al2023",
}  # fmt: skip


@cache
def known() -> set[str]:
    shape: Any = get_session().get_service_model("lambda").shape_for("Runtime")
    return set(shape.enum)


def refusal(**given: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read_change(code=None, **given)
    assert "; for example " in str(caught.value)
    return caught.value


def test_of_the_runtimes_that_botocore_knows_those_in_support_are_taken() -> None:
    assert {runtime for runtime in known() if RUNTIME.fullmatch(runtime)} == SUPPORTED


def test_a_later_runtime_of_a_known_kind_is_left_to_aws() -> None:
    assert read_change(code=None, runtime="python3.21").runtime == "python3.21"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("runtime", "python2.7", 'runtime: "python2.7" is not a runtime that AWS supports'),
        ("runtime", "PYTHON3.13", "is not a runtime"),
        ("handler", "my handler", 'handler: "my handler" is not a handler'),
        ("handler", ".handler", "is not a handler"),
        ("handler", "h" * 129, "is not a handler"),
        ("memory", 127, "memory: 127 is not between 128 and 10240"),
        ("memory", 10241, "memory: 10241 is not between"),
        ("memory", "256", 'memory: "256" is not a whole number'),
        ("timeout", 0, "timeout: 0 is not between 1 and 900"),
        ("timeout", 901, "timeout: 901 is not between"),
        ("description", "x" * 257, "description: is 257 characters long; at most 256"),
    ],
)
def test_a_bad_value_is_named_with_its_field_and_an_example(name: str, value: Any, message: str) -> None:
    refused = refusal(**{name: value})

    assert refused.field == name
    assert message in str(refused)


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ([SECRET], "env: is not a map of texts"),
        (SECRET, "env: is not a map of texts"),
        ({"A B": SECRET}, 'env: "A B" is not two or more letters'),
        ({"A": SECRET}, 'env: "A" is not two or more letters'),
        ({"_HANDLER": SECRET}, 'env: "_HANDLER" is not two or more letters'),
        ({"AA": [SECRET]}, "env: the value of AA is not text"),
        ({"AA": None}, "env: the value of AA is not text"),
        ({"AA": "x" * (ENV_BYTES - 1)}, "env: has 4097 bytes; at most 4096"),
    ],
)
def test_a_bad_environment_is_refused_and_no_value_is_told(env: Any, message: str) -> None:
    refused = refusal(env=env)

    assert refused.field == "env"
    assert message in str(refused)
    assert SECRET not in str(refused)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_names_that_lambda_keeps_are_refused(name: str) -> None:
    assert f"env: {name} is kept by Lambda for itself" in str(refusal(env={name: "x"}))


def test_an_environment_of_the_largest_size_is_taken() -> None:
    env = {"AA": "x" * (ENV_BYTES - 2)}

    assert read_change(code=None, env=env).env == env


def test_what_is_not_given_is_not_changed() -> None:
    assert read_change(code=None, memory=None, env=None) == FunctionChange()


@pytest.mark.parametrize("name", ["a", "nightly-report_2", "x" * 52])
def test_names_are_letters_digits_dashes_and_underscores(name: str) -> None:
    assert read_name(name) == name
    assert len(f"tickline-fn-{name}") <= 64


@pytest.mark.parametrize("name", ["", "x" * 53, "a b", "a:1", "-a", "a.b", "tickline-fn-a", "naïve"])
def test_other_names_are_refused_with_an_example(name: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^name: .*for example nightly-report") as caught:
        read_name(name)

    assert caught.value.field == "name"


def test_a_handler_without_a_dot_is_no_handler_of_python() -> None:
    with pytest.raises(InvalidRequest, match=r'"handler" has no dot.*for example handler.handler'):
        check_together(FunctionChange(), handler="handler", runtime="python3.13")
    check_together(FunctionChange(), handler="bootstrap", runtime="provided.al2023")
