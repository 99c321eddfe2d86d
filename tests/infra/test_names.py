"""The deployment imports nothing of the package, so here it is held against it."""

import importlib
import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

import tickline
from infra.options import Options
from infra.targets import Pattern
from synthesized import Synthesized, flat
from tickline.addresses import Home
from tickline.allowed import FUNCTIONS, Allowed
from tickline.settings import Precision, Settings
from tickline.store.dynamodb_tables import Tables, create_tables

HANDLERS = ("tick", "invoke", "admin", "admit")


class Recorder:
    """Stands for a DynamoDB client, and remembers the tables that it is asked to make."""

    def __init__(self) -> None:
        self.tables: dict[str, Any] = {}

    def create_table(self, *, TableName: str, **rest: Any) -> None:  # noqa: N803 - boto3's
        self.tables[TableName] = rest

    def update_time_to_live(self, *, TableName: str, TimeToLiveSpecification: Any) -> None:  # noqa: N803
        self.tables[TableName]["TimeToLiveSpecification"] = TimeToLiveSpecification


@pytest.mark.parametrize("name", HANDLERS)
def test_every_function_gets_the_settings_that_the_package_reads(stack: Synthesized, name: str) -> None:
    function = stack.by("FunctionName", "Lambda::Function")[f"Tickline-{name}"]

    variables = function["Environment"]["Variables"]
    assert set(variables) == {f"TICKLINE_{field.name.upper()}" for field in fields(Settings)}
    topic = "arn:aws:sns:eu-west-1:123456789012:Tickline-doorbells"
    read = Settings.from_env(
        {key: value if isinstance(value, str) else topic for key, value in variables.items()}
    )
    assert (read.stack, read.shards, read.precision) == ("Tickline", 4, Precision.SECOND)
    assert (read.targets, read.functions_role) == (Options().targets, "")


@pytest.mark.parametrize("name", HANDLERS)
def test_every_function_has_a_handler_that_is_there(stack: Synthesized, name: str) -> None:
    function = stack.by("FunctionName", "Lambda::Function")[f"Tickline-{name}"]

    module, _, attribute = function["Handler"].rpartition(".")
    assert importlib.util.find_spec(module) is not None
    assert (module, attribute) == (f"tickline.handlers.{name}", "handler")


@pytest.mark.parametrize("table", ["jobs", "timeline", "runs"])
def test_tables_are_as_the_store_makes_them(stack: Synthesized, table: str) -> None:
    recorder = Recorder()
    create_tables(recorder, Tables(jobs="Tickline-jobs", timeline="Tickline-timeline", runs="Tickline-runs"))

    made = recorder.tables[f"Tickline-{table}"]
    deployed = stack.by("TableName", "DynamoDB::Table")[f"Tickline-{table}"]
    assert {key: deployed.get(key) for key in made} | {"AttributeDefinitions": ()} == made | {
        "AttributeDefinitions": ()
    }
    assert _types(deployed) == _types(made)


@pytest.mark.parametrize(
    "pattern",
    [
        "lambda:tickline-*", "lambda:*", "lambda:", "lambda:a:1", "lambda:a.b", "lambda:a:*", "lamda:a",
        "*", "a", "lambda:arn:aws:lambda:eu-west-1:210987654321:function:a-*",
        "lambda:arn:aws:lambda:*:*:function:a", "lambda:arn:aws:sqs:eu-west-1:210987654321:a",
        "lambda:arn:aws:lambda:eu-west-1:x:function:a", "python:*", "python:a.b-c_d", "python:a b",
        "python:a/b", "sqs:a", "sqs:a.fifo", "sqs:a.b", "sns:a.fifo",
        "sqs:https://sqs.eu-west-1.amazonaws.com/210987654321/a", "events:default", "events:a/b",
        "events:a.b", "events:arn:aws:events:eu-west-1:210987654321:event-bus/a", "states:a", "states:a@b",
        "states:a:b", "states:arn:aws:states:eu-west-1:210987654321:stateMachine:a", "https:*", "https://*",
        "https://a.b/*", "https://*.a.b/", "https://a.b*", "https://a*.b/", "https://a.b:8443/x?y=*",
        "https://a.b/#x", "http://a.b/", "https:", "https://", "https://[::1]/", "https://a.b:*/",
    ],
)  # fmt: skip
def test_a_pattern_of_targets_is_one_to_both_or_to_none(pattern: str) -> None:
    """What the deployment let through and the functions refused would stop all four of them."""
    assert _taken(Pattern.parse, pattern) == _taken(_allowed, pattern)


def test_the_functions_are_called_what_the_package_takes_them_to_be_called() -> None:
    assert set(HANDLERS) == set(FUNCTIONS)


def test_the_command_line_finds_admin_and_version(stack: Synthesized) -> None:
    parameter = stack.the("SSM::Parameter")

    assert parameter["Name"] == "/tickline/Tickline"
    address = json.loads(flat(parameter["Value"]))
    assert address["version"] == tickline.__version__
    assert address["admin"].startswith("<AdminFunction")


def _taken(read: Callable[[str], object], pattern: str) -> bool:
    try:
        read(pattern)
    except ValueError:
        return False
    return True


def _allowed(pattern: str) -> Allowed:
    home = Home(account="123456789012", region="eu-west-1")
    return Allowed.of(pattern, home=home, stack="Tickline")


def _types(table: Any) -> dict[str, str]:
    return {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
