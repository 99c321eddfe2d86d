import json
import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from infra.options import InvalidOption, Options
from infra.targets import InvalidPattern, Pattern, permissions

ROOT = Path(__file__).parents[2]
HERE = {"partition": "aws", "region": "eu-west-1", "account": "123456789012"}


def test_cdk_json_has_every_option_at_its_default() -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]

    assert context == asdict(Options())


def test_the_documentation_has_every_option_with_its_default() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text()

    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`|empty) \|", text, re.MULTILINE))
    assert rows == {option.name: json.dumps(option.default).strip('"') for option in fields(Options)}


def test_the_command_line_may_give_text_for_everything() -> None:
    given = {"shards": "8", "ticks": "2", "functions": "true", "retain": "false", "precision": "minute"}

    options = Options.from_context(given.get)

    assert options == Options(shards=8, ticks=2, functions=True, retain=False, precision="minute")


@pytest.mark.parametrize(
    ("name", "value", "example"),
    [
        ("stack", "9lives", "stack=Tickline"),
        ("stack", "a" * 51, "stack=Tickline"),
        ("stack", "under_score", "stack=Tickline"),
        ("stack", "tickline-fn-x", "stack=Tickline"),
        ("stack", "", "stack=Tickline"),
        ("shards", 0, "shards=4"),
        ("shards", "four", "shards=4"),
        ("shards", True, "shards=4"),
        ("shards", 4.5, "shards=4"),
        ("shards", 257, "shards=4"),
        ("ticks", 5, "ticks=1"),
        ("ticks", 0, "ticks=1"),
        ("precision", "hour", "precision=second"),
        ("targets", "lamda:x", "targets="),
        ("targets", "lambda:", "targets="),
        ("targets", "lambda:x:1", "targets="),
        ("targets", "sqs:arn:aws:sns:eu-west-1:123456789012:x", "targets="),
        ("targets", "https://example.com*", "targets="),
        ("targets", "http://example.com/", "targets="),
        ("targets", ["python:*"], "targets="),
        ("handlers", "/no/such/folder", "handlers=handlers"),
        ("functions", "yes", "functions=false"),
        ("retain", 1, "retain=true"),
        ("alarm_email", "me", "alarm_email=oncall@example.com"),
        ("log_retention_days", 31, "log_retention_days=30"),
        ("tick_memory", 64, "tick_memory=256"),
        ("invoke_memory", 20_000, "invoke_memory=512"),
    ],
)
def test_a_bad_value_is_refused_with_its_option_and_a_right_one(name: str, value: Any, example: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        Options.from_context({name: value}.get)

    said = str(refused.value)
    assert said.startswith(f"option {name}: ")
    assert (value.split()[0] if isinstance(value, str) and value else repr(value)) in said
    assert example in said


def test_functions_made_on_the_fly_may_be_called_where_they_may_be_made() -> None:
    assert Options(targets="python:*").allowed_targets == "python:*"
    assert Options(targets="python:*", functions=True).allowed_targets == "python:* lambda:tickline-fn-*"


def test_patterns_become_permissions_of_their_kind() -> None:
    allowed = "lambda:a-* sqs:q.fifo sns:t events:bus states:m python:* https://example.com/*"

    found = permissions(allowed, **HERE)

    place = "eu-west-1:123456789012"
    assert found == [
        (
            "lambda:InvokeFunction",
            [f"arn:aws:lambda:{place}:function:a-*", f"arn:aws:lambda:{place}:function:a-*:*"],
        ),
        ("sqs:SendMessage", [f"arn:aws:sqs:{place}:q.fifo"]),
        ("sns:Publish", [f"arn:aws:sns:{place}:t"]),
        ("events:PutEvents", [f"arn:aws:events:{place}:event-bus/bus"]),
        (
            "states:StartExecution",
            [f"arn:aws:states:{place}:stateMachine:m", f"arn:aws:states:{place}:stateMachine:m:*"],
        ),
    ]


def test_a_pattern_of_another_account_stays_there() -> None:
    arn = "arn:aws:lambda:us-east-1:210987654321:function:reports-*"

    assert permissions(f"lambda:{arn}", **HERE) == [("lambda:InvokeFunction", [arn, f"{arn}:*"])]


def test_what_a_wider_pattern_has_is_not_said_twice() -> None:
    [(_, arns)] = permissions("sqs:a-* sqs:a-b sqs:a-* sqs:b", **HERE)

    assert [arn.rpartition(":")[2] for arn in arns] == ["a-*", "b"]


@pytest.mark.parametrize(
    "text", ["", "lambda", "lambda:", ":x", "python:a b", "sqs:a.b", "https:", "https://"]
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(InvalidPattern):
        Pattern.parse(text)
