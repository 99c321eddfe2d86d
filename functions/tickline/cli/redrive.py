"""`tickline redrive`: give runs that were given up another set of attempts."""

import json
from collections.abc import Iterator

import click

from tickline.cli.client import Answer
from tickline.cli.face import FINDINGS, Face, Refusal, asks, job_argument, refused
from tickline.cli.output import note
from tickline.model import Json, RunState

PAGE = 100
MOST_PAGES = 100
"""One command redrives no more than this many pages."""


@click.command()
@job_argument(required=False)
@click.option("--at", metavar="SLOT", help="The run of this slot: 2026-12-24T18:00:00Z, m:TOKEN.")
@click.option("--all-dead", is_flag=True, help="Every dead run of JOB, or of all jobs.")
@asks
def redrive(face: Face, job_id: str | None, at: str | None, *, all_dead: bool) -> None:
    """Give a dead run another set of attempts: of JOB the newest, the one of a slot, or all.

    It is the same run, with its history and its run_id. Mend what made it fail first.
    """
    if all_dead and not at:
        _all(face, job_id)
        return
    if job_id is None or all_dead:
        raise refused(
            "which run? tickline redrive JOB, JOB --at SLOT, JOB --all-dead, or --all-dead", field="at"
        )
    slot = at or _newest(face, job_id)
    face.show(face.ask("redrive_run", job_id=job_id, slot=slot), _print)


def _print(answer: Answer) -> None:
    click.echo(f"{answer['run_id']}: redriven, attempt {answer['attempt']} follows")


def _newest(face: Face, job_id: str) -> str:
    runs = face.ask("list_runs", job_id=job_id, state=RunState.DEAD.value, limit=1)["runs"]
    if not runs:
        raise refused(f"job {job_id!r} has no dead run; tickline runs {job_id} shows all", field="job_id")
    return str(runs[0]["slot"])


def _all(face: Face, job_id: str | None) -> None:
    """Redrive one after the other. One that cannot be is told and left; the others go on."""
    found = left = 0
    for dead in dead_runs(face, job_id):
        found += 1
        answer = face.client.call("redrive_run", job_id=dead["job_id"], slot=dead["slot"])
        if not answer["ok"] and answer["error"]["code"] == "store_error":
            raise Refusal(answer)
        if not answer["ok"]:
            left += 1
            _tell(face, dead, answer)
        else:
            face.show(answer, _print)
    if not found and not face.as_json:
        click.echo("no dead runs")
    if left:
        raise SystemExit(FINDINGS)


def _tell(face: Face, dead: Json, answer: Answer) -> None:
    if face.as_json:
        click.echo(json.dumps(answer))
    else:
        note(f"{dead['run_id']}: left as it is: {answer['error']['message'].splitlines()[0]}")


def dead_runs(
    face: Face, job_id: str | None, *, limit: int = PAGE, pages: int = MOST_PAGES
) -> Iterator[Json]:
    """Yield dead runs, page after page, the latest due first; say if there may be more than `pages`."""
    place = None
    for _ in range(pages):
        answer = face.ask("list_runs", job_id=job_id, state=RunState.DEAD.value, limit=limit, page=place)
        yield from answer["runs"]
        if "next_page" not in answer:
            return
        place = answer["next_page"]
    note(f"{pages * limit} runs, and there may be more: run this again")
