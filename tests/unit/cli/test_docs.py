"""What can be typed or written is in the documentation."""

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
import pytest

from tickline.cli import main
from tickline.document import FIELDS, RETRY_READERS
from tickline.model import Job, Json, Retry
from tickline.placeholders import VALUES
from tickline.readers import duration_text

DOCS = Path(__file__).parents[3] / "docs"
CLI = (DOCS / "cli.md").read_text()
JOBS = (DOCS / "jobs.md").read_text()


def commands(group: click.Group = main, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


ALL = dict(commands())


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_a_section_with_an_example_and_help(name: str) -> None:
    section = CLI.partition(f"\n## {name}\n")[2].partition("\n## ")[0]

    assert "```console\n$ " in section
    assert f"tickline {name}" in section
    assert ALL[name].help


def test_there_is_no_section_without_a_command() -> None:
    assert re.findall(r"^## (.+)$", CLI, flags=re.MULTILINE) == list(ALL)


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_explained_and_documented(name: str) -> None:
    for parameter in ALL[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.opts[0] in CLI, parameter.name


def defaults(source: Any) -> dict[str, str]:
    return {field.name: shown(getattr(source, field.name)) for field in fields(source)}


def shown(value: Json) -> str:
    """Write a default as the tables do."""
    if value in (None, "", ()):
        return ""
    if isinstance(value, timedelta):
        return "24h" if value == timedelta(days=1) else duration_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.value if isinstance(value, StrEnum) else str(value)


def row(name: str) -> list[str]:
    [line] = re.findall(rf"^\| `{name}` \|.*$", JOBS, flags=re.MULTILINE)
    return [cell.strip() for cell in str(line).split("|")[1:-1]]


@pytest.mark.parametrize("name", [*FIELDS, *RETRY_READERS])
def test_every_field_is_documented_with_its_default(name: str) -> None:
    known = defaults(Job(job_id="", schedule="", target="")) | defaults(Retry())

    _, default, meaning = row(name)

    assert meaning
    if known[name] and name not in ("retry", "retry_on"):
        assert default == f"`{known[name]}`"
    else:
        assert default


@pytest.mark.parametrize("name", VALUES)
def test_every_placeholder_is_documented(name: str) -> None:
    assert row(f"<{name}>")


def test_every_exit_code_is_documented() -> None:
    from tickline.cli import face

    for code in (0, face.FINDINGS, face.REFUSED, face.NO_SUCH_JOB, face.NO_STORE):
        assert f"\n| {code} | " in CLI
