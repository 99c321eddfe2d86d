"""Commands that ask and change nothing: explain, next, doctor, completion."""

from datetime import UTC, datetime

import click
from click.shell_completion import get_completion_class

from tickline.cli.client import Answer
from tickline.cli.face import FINDINGS, Face, asks, job_argument
from tickline.cli.output import Column, paragraph, print_table, print_warnings, state_cell
from tickline.cli.plain import counted, escaped
from tickline.cli.runs import attempts
from tickline.model import Json, instant_of

SHELLS = ("bash", "zsh", "fish")


@click.command()
@job_argument()
@click.option(
    "--at", required=True, metavar="TIME", help="2026-12-24T18:00:00; local in the job's zone, or with Z."
)
@asks
def explain(face: Face, job_id: str, at: str) -> None:
    """Say what happened or will happen, and why.

    The instant need not be a slot: then the nearest ones are named.
    """
    face.show(face.ask("explain", job_id=job_id, at=at), _print_explanation)


def _print_explanation(answer: Answer) -> None:
    word, style = state_cell(answer["verdict"])
    local = "" if instant_of(answer["local"]).utcoffset() == UTC.utcoffset(None) else f" ({answer['local']})"
    click.echo(f"{answer['job_id']} at {answer['at']}{local}")
    click.echo(f"{click.style(word.replace('_', ' '), fg=style or None)}: {escaped(answer['text'])}")
    rows = list(attempts(answer.get("run", {})))
    if rows:
        titles = ("try", "started", "took", "outcome")
        columns = [*(Column(title=title) for title in titles), Column(title="error", yields=True)]
        click.echo()
        print_table(columns, rows)


@click.command("next")
@click.argument("schedule", metavar="EXPR")
@click.option("--zone", default="UTC", show_default=True, metavar="ZONE", help="Whose clock is meant.")
@click.option("--after", metavar="TIME", help="Begin later than this; now.")
@click.option("--count", type=int, default=10, show_default=True, help="How many.")
@asks
def next_(face: Face, schedule: str, zone: str, after: str | None, count: int) -> None:
    """Say what a schedule means and when it is due.

    Nothing is stored. Quote EXPR: tickline next 'cron(30 2 * * ? *)' --zone Europe/Paris
    """
    answer = face.ask("next_times", schedule=schedule, zone=zone, after=after, count=count)
    face.show(answer, _print_times)


def _print_times(answer: Answer) -> None:
    click.echo(escaped(answer["describe"]))
    print_warnings(answer["warnings"])
    if not answer["times"]:
        click.echo("no slot to come")
        return
    click.echo()
    zone = answer["zone"]
    columns = [Column(title="" if zone == "UTC" else zone), Column(title="UTC")]
    rows = [[_local(time["local"]), _utc(time["utc"])] for time in answer["times"]]
    if zone == "UTC":
        columns, rows = columns[1:], [[_local(time["local"])] for time in answer["times"]]
    print_table(columns, rows)


def _local(text: str) -> str:
    """Write Mon 2026-11-23 08:00:00 +01:00; UTC needs no offset."""
    instant = datetime.fromisoformat(text)
    offset = "" if instant.utcoffset() == UTC.utcoffset(None) else f" {text[-6:]}"
    return f"{instant:%a %Y-%m-%d %H:%M:%S}{offset}"


def _utc(text: str) -> str:
    return f"{instant_of(text):%Y-%m-%d %H:%M:%S}"


@click.command()
@asks
def doctor(face: Face) -> None:
    """Look for what should not be.

    That is: bad jobs, jobs without an entry, overdue entries, lost runs, and runs that were given up in the
    last day. Exits with 1 if there is any.
    """
    answer = face.ask("doctor")
    face.show(answer, _print_findings)
    if not answer["healthy"]:
        raise SystemExit(FINDINGS)


def _print_findings(answer: Answer) -> None:
    if answer["healthy"]:
        click.secho("healthy: nothing found", fg="green")
        return
    for finding in answer["findings"]:
        _print_finding(finding)
    click.echo(counted(len(answer["findings"]), "finding"))


def _print_finding(finding: Json) -> None:
    about = f" {finding['job_id']}" if finding["job_id"] else ""
    click.echo(click.style(finding["code"], fg="red") + about)
    paragraph(finding["message"])
    paragraph(finding["advice"])
    click.echo()


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash  eval "$(tickline completion bash)"       in ~/.bashrc
    zsh   eval "$(tickline completion zsh)"        in ~/.zshrc
    fish  tickline completion fish | source        in ~/.config/fish/config.fish

    Ids of jobs are completed from the store.
    """  # noqa: D301 - click's mark for lines that stay as they are
    kind = get_completion_class(shell)
    assert kind is not None, "click knows the shells of SHELLS"
    click.echo(kind(context.find_root().command, {}, "tickline", "_TICKLINE_COMPLETE").source())
