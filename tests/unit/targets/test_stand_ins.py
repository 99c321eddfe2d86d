"""A Python file stands in for a Lambda function, and is called as Lambda would call it."""

from pathlib import Path

import pytest

from tickline.model import Call, Failure, Result
from tickline.targets.python import LocalLambda, PythonTarget
from unit.targets.peers import call, value

FUNCTION = """
def main(event, context):
    return {"event": event, "id": context.aws_request_id, "name": context.function_name,
            "version": context.function_version, "arn": context.invoked_function_arn,
            "memory": context.memory_limit_in_mb, "left": context.get_remaining_time_in_millis(),
            "custom": context.client_context and context.client_context.custom}
"""


@pytest.fixture
def function(tmp_path: Path) -> str:
    path = tmp_path / "function_of_a_test.py"
    path.write_text(FUNCTION)
    return f"{path}:main"


def test_a_file_stands_in_for_a_lambda_function(function: str) -> None:
    with PythonTarget([], {"nightly": function}) as target:
        said = value(target.call(call("lambda:nightly", {"a": 1}, timeout=30)))

    left = said.pop("left")
    assert isinstance(left, int)
    assert 20_000 < left <= 30_000
    assert said == {
        "event": {"a": 1},
        "id": "6f1c",
        "name": "nightly",
        "version": "$LATEST",
        "arn": "arn:aws:lambda:local:000000000000:function:nightly",
        "memory": "128",
        "custom": {
            "run_id": "report/2026-11-23T07:00:00Z",
            "job_id": "report",
            "scheduled_time": "2026-11-23T07:00:00Z",
            "attempt": "2",
            "attempt_id": "6f1c",
            "missed_count": "3",
        },
    }


def test_a_stand_in_is_called_like_lambda_calls_it_when_nobody_waits(function: str) -> None:
    with PythonTarget([], {"nightly": function}) as target:
        said = value(target.call(call("lambda:nightly:live", wait=False)))

    assert (said["event"], said["custom"], said["version"]) == ({}, None, "live")


ARN = "arn:aws:lambda:eu-west-1:123456789012:function:nightly:live"


def test_a_function_is_known_by_name_by_qualifier_and_by_arn(function: str) -> None:
    with PythonTarget([], {"nightly": function, "nightly:old": "gone.py:main"}) as target:
        assert value(target.call(call(ARN)))["arn"] == ARN
        assert target.stands_in_for("lambda:nightly:any")
        assert not target.stands_in_for("lambda:other")
        result = target.call(call("lambda:nightly:old"))

    assert result.failure is Failure.PERMANENT
    assert result.error.endswith("gone.py: there is no such file")


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("lambda:other", "no file stands in for function 'other'; functions with a file: nightly"),
        ("lambda:a b", "not the address of a Python handler or a Lambda function; for example python:NAME"),
        ("https://example.com", "not the address of a Python handler or a Lambda function; "),
    ],
)
def test_a_function_without_a_file_fails_for_good(function: str, address: str, error: str) -> None:
    with PythonTarget([], {"nightly": function}) as target:
        result = target.call(call(address))

    assert result.failure is Failure.PERMANENT
    assert result.error.startswith(error)


def test_local_mode_leaves_functions_without_a_file_to_another_target(function: str) -> None:
    class Elsewhere:
        def call(self, call: Call) -> Result:
            return Result(summary=f"elsewhere: {call.target}")

    with PythonTarget([], {"nightly": function}) as stand_ins:
        target = LocalLambda(stand_ins, otherwise=Elsewhere())

        assert value(target.call(call("lambda:nightly")))["name"] == "nightly"
        assert target.call(call("lambda:other")).summary == "elsewhere: lambda:other"
