"""`tickline run` and `tickline runs`: start one now, and see what has become of all."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click

from tickline.cli.client import Answer
from tickline.cli.face import FINDINGS, Face, asks, job_argument
from tickline.cli.options import length_of
from tickline.cli.output import Cell, Column, late, note, outcome, print_table, state_cell
from tickline.cli.plain import clock_time, lateness, seconds_text
from tickline.model import Json, RunState, instant_of

PATIENCE = timedelta(seconds=3)
"""A run that has not begun by then makes us say that somebody must be there to start it."""


@click.command()
@job_argument()
@click.option("--token", metavar="TEXT", help="The same token again is the same run, not another.")
@click.option("--wait", is_flag=True, help="Wait for the end; exit with 1 if it is not a success.")
@click.option(
    "--timeout",
    callback=length_of,
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="Wait no longer.",
)
@asks
def run(face: Face, job_id: str, token: str | None, *, wait: bool, timeout: timedelta) -> None:
    """Run a job now, paused or not.

    Somebody must be there to start it: tickline dev, or the stack. With --wait the exit code tells how it
    ended.
    """
    asked = face.ask("run_job", job_id=job_id, token=token)
    if not wait:
        face.show(asked, lambda answer: click.echo(f"{answer['run_id']}: asked for"))
        return
    answer = _end_of(face, asked, timeout)
    if answer is None:
        note(f"{asked['run_id']} has not ended within {seconds_text(timeout)}")
        face.show(asked, lambda _: None)
        raise SystemExit(FINDINGS)
    face.show(answer, _print_end)
    if answer["state"] != RunState.SUCCEEDED:
        raise SystemExit(FINDINGS)


def _end_of(face: Face, asked: Answer, timeout: timedelta) -> Answer | None:
    """Look at the run until it has ended, and return its record; None when `timeout` is over."""
    begun = time.monotonic()
    told = False
    while (waited := time.monotonic() - begun) < timeout.total_seconds():
        answer = face.client.call("get_run", job_id=asked["job_id"], slot=asked["slot"])
        if answer["ok"] and RunState(answer["state"]).final:
            return answer
        if not answer["ok"] and answer["error"]["code"] == "store_error":
            return face.accept(answer)
        if not answer["ok"] and not told and waited > PATIENCE.total_seconds():
            note(face.client.not_begun)
            told = True
        time.sleep(face.client.look_every)
    return None


def _print_end(answer: Answer) -> None:
    parts = [answer["state"], f"attempt {answer['attempt']}", outcome(answer)]
    click.echo(f"{answer['run_id']}: " + " · ".join(part for part in parts if part))


@click.command()
@job_argument(required=False)
@click.option("--state", metavar="|".join(RunState), help="Only runs in this state.")
@click.option("--limit", type=int, default=20, show_default=True, help="How many.")
@click.option("--page", metavar="TEXT", help="Go on where an earlier answer ended.")
@asks
def runs(face: Face, job_id: str | None, state: str | None, limit: int, page: str | None) -> None:
    """Show runs, the latest due first: of one job, or of all."""
    answer = face.ask("list_runs", job_id=job_id, state=state, limit=limit, page=page)
    face.show(answer, _print_runs)


def _print_runs(answer: Answer) -> None:
    if not answer["runs"]:
        click.echo("no runs")
        return
    now = datetime.now(UTC)
    columns = [
        Column(title="job"),
        Column(title=f"scheduled, {now.astimezone():%Z}"),
        Column(title="started"),
        Column(title="late", right=True),
        Column(title="try", right=True),
        Column(title="state"),
        Column(title="result, error or reason", yields=True),
    ]
    print_table(columns, (_row(view, now) for view in answer["runs"]))
    if "next_page" in answer:
        note(f"older ones: tickline runs --page '{answer['next_page']}'")


def _row(view: Json, now: datetime) -> list[Cell]:
    started = view.get("started_at")
    return [
        view["job_id"],
        clock_time(instant_of(view["scheduled_time"]), today=now) + _mark(view),
        clock_time(instant_of(started), today=instant_of(view["due"]), ms=True) if started else "",
        late(view),
        str(view["attempt"] or ""),
        state_cell(view["state"]),
        outcome(view),
    ]


def _mark(view: Json) -> str:
    """Mark a run that no slot of the schedule asked for."""
    return {"manual": " now", "created": " create", "failure": " notice"}.get(view["kind"], "")


def attempts(view: Json) -> Iterator[list[Cell]]:
    """Yield a row for each finished attempt of a run."""
    for tried in view.get("attempts", ()):
        begun, over = instant_of(tried["started_at"]), instant_of(tried["ended_at"])
        took = lateness((over - begun) // timedelta(milliseconds=1))
        word = "succeeded" if tried["outcome"] == "succeeded" else "failed"
        cell = word if word == tried["outcome"] else f"{word}, {tried['outcome']}"
        yield [
            str(tried["attempt"]),
            clock_time(begun, today=datetime.now(UTC), ms=True),
            took,
            (cell, state_cell(word)[1]),
            tried["error"],
        ]
