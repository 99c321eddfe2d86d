"""The deployment imports nothing of the package, so here it is held against it."""

import importlib
import json
from dataclasses import fields
from typing import Any

import pytest

import tickline
from infra.options import Options
from synthesized import Synthesized, flat
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


def test_the_command_line_finds_admin_and_version(stack: Synthesized) -> None:
    parameter = stack.the("SSM::Parameter")

    assert parameter["Name"] == "/tickline/Tickline"
    address = json.loads(flat(parameter["Value"]))
    assert address["version"] == tickline.__version__
    assert address["admin"].startswith("<AdminFunction")


def _types(table: Any) -> dict[str, str]:
    return {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
