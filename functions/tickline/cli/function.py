"""The commands of `tickline function`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tickline.cli.client import Answer
from tickline.cli.face import Command, Face, asks, refused
from tickline.cli.output import Cell, Column, print_table
from tickline.model import Json

if TYPE_CHECKING:
    from tickline.cli.bundle import Bundle

FILE = click.Path(path_type=Path, exists=True, readable=True)


@click.group()
def function() -> None:
    """Make Lambda functions for jobs to call, where the stack was deployed with functions=true."""


def settings_options(command: Command) -> Command:
    """Give a command an option for each setting of a function."""
    for option in reversed(_options()):
        command = option(command)
    return command


def _options() -> list[Callable[[Command], Command]]:
    return [
        click.option(
            "--handler", metavar="MODULE.FUNCTION", help="What Lambda calls; found in a single file."
        ),
        click.option("--runtime", metavar="NAME", help="python3.13; nodejs24.x for a .js or .mjs file."),
        click.option("--memory", metavar="MB", type=int, help="128 to 10240; 128."),
        click.option("--timeout", metavar="SECONDS", type=int, help="1 to 900; 60."),
        click.option(
            "--env", metavar="K=V", multiple=True, help="A variable of its environment; may be repeated."
        ),
        click.option("--description", metavar="TEXT", help="For people."),
    ]


@function.command()
@click.argument("name")
@click.option("--file", type=FILE, required=True, help="A .py, .js or .mjs file, a folder, or a .zip file.")
@settings_options
@asks
def create(face: Face, name: str, file: Path, **options: Any) -> None:
    """Make a function and wait until it can be called.

    \b
    tickline function create greet --file greet.py
    tickline job add greeting --schedule 'rate(1 hour)' --target lambda:tickline-fn-greet
    """  # noqa: D301 - click's mark for lines that stay as they are
    made = _bundle(file)
    given = {"handler": options["handler"] or made.handler, "code": made.text} | _given(options)
    if made.runtime:
        given.setdefault("runtime", made.runtime)
    face.show(face.ask("create_function", name=name, **given), _print_written)


@function.command()
@click.argument("name")
@click.option("--file", type=FILE, help="New code: a .py, .js or .mjs file, a folder, or a .zip file.")
@settings_options
@click.option("--clear-env", is_flag=True, help="Leave no variable in its environment.")
@asks
def update(face: Face, name: str, file: Path | None, *, clear_env: bool, **options: Any) -> None:
    """Change a function and wait until it can be called again.

    What is not given stays. --env replaces the whole environment.
    """
    given = _given(options)
    if clear_env:
        if "env" in given:
            raise refused("--clear-env and --env contradict each other; give one of them", field="env")
        given["env"] = {}
    if file is not None:
        given["code"] = _bundle(file).text
    face.show(face.ask("update_function", name=name, **given), _print_written)


def _print_written(answer: Answer) -> None:
    word = "made" if answer["created"] else "changed"
    click.echo(f"{answer['name']}: {word}, {answer['state']}; jobs call it as {answer['target']}")


@function.command("list")
@asks
def list_(face: Face) -> None:
    """Show the functions that this stack made."""
    face.show(face.ask("list_functions"), _print_functions)


def _print_functions(answer: Answer) -> None:
    if not answer["functions"]:
        click.echo("no functions")
        return
    columns = [
        Column(title="function"),
        Column(title="target", yields=True),
        Column(title="runtime"),
        Column(title="handler", yields=True),
        Column(title="MB", right=True),
        Column(title="timeout", right=True),
        Column(title="size", right=True),
        Column(title="state"),
        Column(title="description", yields=True),
    ]
    print_table(columns, (_row(view) for view in answer["functions"]))


def _row(view: Json) -> list[Cell]:
    return [
        view["name"],
        view["target"],
        view["runtime"],
        view["handler"],
        str(view["memory"]),
        f"{view['timeout']}s",
        f"{view['code_size']:,}",
        (view["state"], "green" if view["state"] == "active" else "yellow"),
        view["description"],
    ]


@function.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Also when jobs still call it; their runs then fail for good.")
@asks
def delete(face: Face, name: str, *, yes: bool, force: bool) -> None:
    """Delete a function. Refused while jobs still call it."""
    if not yes:
        face.ask("get_function", name=name)
        click.confirm(f"Delete function {name}?", abort=True, err=True)
    answer = face.ask("delete_function", name=name, force=force)
    face.show(answer, lambda _: click.echo(f"{name}: deleted"))


def _given(options: dict[str, Any]) -> dict[str, Json]:
    """Return the settings that were given, as the action takes them."""
    given = {name: value for name, value in options.items() if value is not None and name != "env"}
    if options["env"]:
        given["env"] = dict(_assignment(text) for text in options["env"])
    return given


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise refused("an --env has no equals sign; for example --env STAGE=prod", field="env")
    return name, value


def _bundle(file: Path) -> "Bundle":
    from tickline.cli.bundle import bundle  # noqa: PLC0415 - `tickline --help` needs none of this

    return bundle(file)
