"""The commands of `tickline job`."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tickline.cli.client import Answer, all_jobs
from tickline.cli.documents import document_of, document_options
from tickline.cli.face import Face, Refusal, asks, job_argument, problem_text
from tickline.cli.files import read_documents
from tickline.cli.output import (
    Cell,
    Column,
    late,
    outcome,
    print_pairs,
    print_table,
    print_warnings,
    state_cell,
    zone_of,
    zoned,
)
from tickline.cli.plain import clock_time, escaped
from tickline.model import Json, instant_of


@click.group()
def job() -> None:
    """Write, show and hold jobs."""


@job.command()
@click.argument("job_id", metavar="JOB_ID")
@document_options
@asks
def add(face: Face, job_id: str, **options: Any) -> None:
    """Make a new job. One with this id that is there already is left as it is.

    \b
    tickline job add report --schedule 'cron(30 2 * * ? *)' --target lambda:report
    """  # noqa: D301 - click's mark for lines that stay as they are
    answer = face.ask("put_job", job=document_of(job_id, options), create=True)
    face.show(answer, _print_written)


@job.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@asks
def put(face: Face, file: Any) -> None:
    """Write the jobs of FILE (- is stdin): one job document, or a jobs file. YAML or JSON.

    New jobs are made, others replaced; one that is the same already is left untouched. Nothing is written
    unless every job of the file is valid.
    """
    name = getattr(file, "name", "-")
    folder = Path.cwd() if file is sys.stdin or name == "<stdin>" else Path(name).parent
    for document in read_documents(file.read(), name=name, folder=folder):
        face.show(face.ask("put_job", job=document), _print_written)


def _print_written(answer: Answer) -> None:
    word = "made" if answer["created"] else f"stored, revision {answer['revision']}"
    following = f"next at {answer['next'][0]}" if answer["next"] else "no slot to come"
    click.echo(f"{answer['job_id']}: {word}, {following}")
    print_warnings(answer["warnings"])


@job.command("list")
@click.option("--group", metavar="NAME", help="Only the jobs of this group.")
@asks
def list_(face: Face, group: str | None) -> None:
    """Show all jobs, with the next slot and the newest run. What cannot be read is shown with its reason."""
    face.show(face.accept(all_jobs(face.client, group)), _print_jobs)


def _print_jobs(answer: Answer) -> None:
    if not answer["jobs"]:
        click.echo("no jobs")
        return
    now = datetime.now(UTC)
    columns = [
        Column(title="job"),
        Column(title="schedule", yields=True),
        Column(title="target", yields=True),
        Column(title="next"),
        Column(title="last run", yields=True),
    ]
    print_table(columns, (_row(view, now) for view in answer["jobs"]))
    for view in answer["jobs"]:
        for problem in (*view.get("problems", ()), *view.get("not_allowed", ())):
            click.secho(escaped(f"{view['job_id']}: {problem_text(problem)}"), fg="red")


def _row(view: Json, now: datetime) -> list[Cell]:
    document = view["document"] if isinstance(view["document"], dict) else {}
    return [
        view["job_id"],
        _short(document.get("schedule", "")),
        _short(document.get("target", "")),
        _next(view, document, now),
        _last(view, document, now),
    ]


def _short(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _next(view: Json, document: dict[str, Json], now: datetime) -> Cell:
    if not view["valid"]:
        return "not valid", "red"
    if not view["enabled"]:
        return "paused", "yellow"
    if not view["next"]:
        return "none", "bright_black"
    return zoned(view["next"][0], zone_of(document.get("zone")), today=now)


def _last(view: Json, document: dict[str, Json], now: datetime) -> Cell:
    run = view.get("last_run")
    if run is None:
        return ""
    text, style = state_cell(run["state"])
    return f"{text} {clock_time(instant_of(run['due']), zone_of(document.get('zone')), today=now)}", style


@job.command()
@job_argument()
@asks
def show(face: Face, job_id: str) -> None:
    """Show one job: what its schedule means, the next slots, its document and its newest run."""
    face.show(face.ask("get_job", job_id=job_id), lambda answer: print_pairs(_facts(answer)))


def _facts(answer: Answer) -> Iterator[tuple[str, Cell]]:
    now = datetime.now(UTC)
    document = (
        answer["document"] if isinstance(answer["document"], dict) else {"document": answer["document"]}
    )
    zone = zone_of(document.get("zone"))
    yield "job", (answer["job_id"], "bold")
    for problem in answer.get("problems", ()):
        yield "not valid", (problem_text(problem), "red")
    for problem in answer.get("not_allowed", ()):
        yield "not allowed", (problem_text(problem), "red")
    if answer["valid"]:
        yield "means", answer["describe"]
        for index, slot in enumerate(answer["next"]):
            yield "" if index else "next", zoned(slot, zone, today=now)
    if run := answer.get("last_run"):
        parts = [run["state"], zoned(run["due"], zone, today=now), late(run), outcome(run)]
        yield "last run", " · ".join(part for part in parts if part)
    for name, value in document.items():
        if name != "job_id":
            yield name, value if isinstance(value, str) else json.dumps(value)
    yield "revision", str(answer["revision"])


@job.command()
@job_argument()
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks
def delete(face: Face, job_id: str, *, yes: bool) -> None:
    """Delete a job. Its runs stay in the history; what is due is recorded as skipped."""
    if not yes:
        face.ask("get_job", job_id=job_id)
        click.confirm(f"Delete job {job_id}?", abort=True, err=True)
    face.show(face.ask("delete_job", job_id=job_id), lambda _: click.echo(f"{job_id}: deleted"))


@job.command()
@job_argument(several=True)
@asks
def pause(face: Face, job_ids: tuple[str, ...]) -> None:
    """Hold jobs: what comes due is recorded as skipped. Open runs go on, and so does `tickline run`."""
    _each(face, "pause_job", job_ids, lambda answer: click.echo(f"{answer['job_id']}: paused"))


@job.command()
@job_argument(several=True)
@asks
def resume(face: Face, job_ids: tuple[str, ...]) -> None:
    """Let paused jobs go on, with their first slot later than now."""
    _each(face, "resume_job", job_ids, _print_written)


def _each(face: Face, action: str, job_ids: tuple[str, ...], text: Callable[[Answer], None]) -> None:
    """Ask for each job, whatever became of the others; the first refusal decides the exit code."""
    refusals: list[Refusal] = []
    for job_id in job_ids:
        try:
            face.show(face.ask(action, job_id=job_id), text)
        except Refusal as refusal:
            refusals.append(refusal)
    for other in refusals[1:]:
        other.show()
    if refusals:
        raise refusals[0]
