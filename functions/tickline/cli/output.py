"""Tables and lists on stdout. rich is imported when the first one is printed."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from tickline.cli.plain import STYLES, clock_time, counted, escaped, lateness, result_text
from tickline.model import Json, instant_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPE_WIDTH = 10_000
"""Lines that no terminal shows are never cut."""

WIDE = 100
"""From this width on there is room for two spaces between columns."""

NARROWEST = 8
WARNINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table. One that yields is cut where the terminal is too narrow for all."""

    title: str
    right: bool = False
    yields: bool = False


Cell = str | tuple[str, str]
"""A text, or a text and its style."""


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
    """Print a table without lines: the titles dim, each row in one line."""
    from rich.text import Text  # noqa: PLC0415 - only tables pay for rich

    console = _console()
    cells = [[_styled(cell) for cell in row] for row in rows]
    natural = [
        max(len(column.title), *(len(row[index][0]) for row in cells)) for index, column in enumerate(columns)
    ]
    table = _grid(console)
    gutter = table.padding[1]
    widths = _fitted(natural, columns, console.width - gutter * len(columns))
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            width=width, justify="right" if column.right else "left", no_wrap=True, overflow="ellipsis"
        )
    table.add_row(*(Text(column.title, style="dim") for column in columns))
    for row in cells:
        table.add_row(*(Text(text, style=style) for text, style in row))
    _print(console, table)


def print_pairs(pairs: Iterable[tuple[str, Cell]]) -> None:
    """Print names and values, one pair a line; long values go on below."""
    from rich.text import Text  # noqa: PLC0415 - only tables pay for rich

    console = _console()
    table = _grid(console)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, cell in pairs:
        text, style = _styled(cell)
        table.add_row(name, Text(text, style=style))
    _print(console, table)


def _styled(cell: Cell) -> tuple[str, str]:
    text, style = (cell, "") if isinstance(cell, str) else cell
    return escaped(text), style


def _fitted(widths: Sequence[int], columns: Sequence[Column], room: int) -> list[int]:
    """Take width from the columns that yield, the widest first, until all fit or nothing is left to take."""
    fitted = list(widths)
    while sum(fitted) > room:
        yielding = [index for index, column in enumerate(columns) if column.yields]
        widest = max(yielding, key=lambda index: fitted[index], default=None)
        if widest is None or fitted[widest] <= NARROWEST:
            break
        fitted[widest] -= 1
    return fitted


def _grid(console: "Console") -> "Table":
    from rich.table import Table  # noqa: PLC0415 - only tables pay for rich

    gutter = 2 if console.width >= WIDE else 1
    return Table(box=None, pad_edge=False, padding=(0, gutter, 0, 0), show_header=False)


def _print(console: "Console", table: "Table") -> None:
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _console() -> "Console":
    from rich.console import Console  # noqa: PLC0415 - only tables pay for rich

    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def paragraph(text: str) -> None:
    """Print a sentence, indented; on a terminal broken between words."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        click.echo(click.wrap_text(escaped(text), width, initial_indent="  ", subsequent_indent="  "))
    else:
        click.echo(f"  {escaped(text)}")


def note(text: str) -> None:
    """Print a line beside the answer: for people, not for a pipe."""
    click.secho(escaped(text), dim=True, err=True)


def print_warnings(warnings: Sequence[str]) -> None:
    """Print what the author of a schedule may not expect; of many the first."""
    for warning in warnings[:WARNINGS]:
        click.secho(f"warning: {escaped(warning)}", fg="yellow")
    if (more := len(warnings) - WARNINGS) > 0:
        click.secho(f"and {counted(more, 'more warning')}; --json has all", fg="yellow")


def state_cell(state: str) -> tuple[str, str]:
    """Return a state in its colour."""
    return state, STYLES.get(state, "")


def zone_of(name: Json) -> ZoneInfo:
    """Return the zone of a job; UTC for one that has a bad zone."""
    try:
        return ZoneInfo(name if isinstance(name, str) else "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def zoned(text: str, zone: ZoneInfo, *, today: datetime) -> str:
    """Write a stored instant by a zone's clock, and say whose it is: 25 Oct 02:30:00 CEST."""
    instant = instant_of(text)
    return f"{clock_time(instant, zone, today=today)} {instant.astimezone(zone):%Z}"


def outcome(run: Json) -> str:
    """Say in one line what came of a run: its result, error, or why it has none."""
    return " · ".join(part for part in (*_outcome(run), _redriven(run)) if part)


def _outcome(run: Json) -> Iterator[str]:
    state = run["state"]
    if state == "skipped":
        yield run.get("reason", "")
        return
    if state == "running":
        return
    yield result_text(run.get("result", "")) if state == "succeeded" else run.get("error", "")
    if state == "ready" and "not_before" in run:
        when = instant_of(run["not_before"])
        yield f"again at {clock_time(when, today=when, ms=True)}"
    yield run.get("reason", "")
    if run.get("missed_count"):
        yield f"stands for {counted(run['missed_count'], 'missed slot')}"


def _redriven(run: Json) -> str:
    if "redriven_at" not in run:
        return ""
    return f"redriven by hand at {clock_time(instant_of(run['redriven_at']), today=instant_of(run['due']))}"


def late(run: Json) -> str:
    """Write a run's lateness; empty for one that never started."""
    return lateness(run.get("lateness_ms"))
