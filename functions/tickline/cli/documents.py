"""A job document from the options of `job add`: one option for each field."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from tickline.cli.face import Command, refused
from tickline.model import CatchUp, Delivery, Json, OnComplete, Overlap, RetryOn

TEXTS = {
    "schedule": ("TEXT", "When: cron(...), rate(...), at(...), 5 fields, @hourly. Quote it."),
    "target": ("ADDRESS", "What: lambda:NAME, python:NAME, https://..."),
    "zone": ("ZONE", "Whose clock the schedule means; UTC."),
    "description": ("TEXT", "For people."),
    "group": ("NAME", "job list --group shows one group."),
    "start": ("TIME", "No slot before this instant."),
    "end": ("TIME", "No slot after this instant."),
    "catch_up_window": ("DURATION", "No run later than this; 24h."),
    "misfire_after": ("DURATION", "Later than this is missed; 5m."),
    "timeout": ("DURATION", "How long a call may take; 60s."),
    "window": ("DURATION", "Flexible time window: a fixed part of it is added to each slot."),
    "on_failure": ("ADDRESS", "A target that is told of dead runs."),
    "history": ("DURATION", "How long records of runs are kept; 90d."),
}
RETRY_TEXTS = {
    "backoff": ("DURATION", "Before attempt 2; doubles; 60s."),
    "max_backoff": ("DURATION", "The longest wait between attempts; 1h."),
    "max_age": ("DURATION", "No attempt later than this after the slot; 24h."),
}
CHOICES: dict[str, tuple[tuple[str, ...], str]] = {
    "catch_up": (tuple(CatchUp), "What becomes of missed slots."),
    "overlap": (tuple(Overlap), "What a slot does while an earlier run is open."),
    "delivery": (tuple(Delivery), "What a run does whose worker died."),
    "dst_gap": (("skip", "shift"), "A slot in the hour that the clock leaps over."),
    "dst_fold": (("first", "second", "both"), "A slot in the hour that comes twice."),
    "on_complete": (tuple(OnComplete), "What becomes of the job after its last run."),
}


def document_options(command: Command) -> Command:
    """Give a command an option for each field of the job document."""
    for option in reversed(list(_options())):
        command = option(command)
    return command


def _options() -> list[Callable[[Command], Command]]:
    return [
        *(click.option(_flag(name), metavar=kind, help=text) for name, (kind, text) in TEXTS.items()),
        click.option("--payload", metavar="JSON", help="What the target is given."),
        click.option("--tag", "tags", metavar="TEXT", multiple=True, help="A tag; may be repeated."),
        click.option("--paused", is_flag=True, help="Write enabled: false."),
        click.option("--run-on-create", is_flag=True, help="The first run at once."),
        click.option("--max-runs", metavar="N", help="No more runs than this."),
        *(_choice(name, words, text) for name, (words, text) in CHOICES.items()),
        click.option("--max-attempts", metavar="N", help="Attempts of one run, the first included; 3."),
        *(click.option(_flag(name), metavar=kind, help=text) for name, (kind, text) in RETRY_TEXTS.items()),
        click.option(
            "--retry-on",
            metavar="|".join(RetryOn),
            multiple=True,
            shell_complete=_words(tuple(RetryOn)),
            help="A kind of failure worth another attempt; may be repeated.",
        ),
        click.option("--no-wait", is_flag=True, help="Write wait: false: accepted is good enough."),
        click.option(
            "--set",
            "sets",
            metavar="NAME=JSON",
            multiple=True,
            help="Any field: --set retry='{\"max_attempts\": 5}'.",
        ),
    ]


def _choice(name: str, words: tuple[str, ...], text: str) -> Callable[[Command], Command]:
    return click.option(_flag(name), metavar="|".join(words), shell_complete=_words(words), help=text)


def _words(words: tuple[str, ...]) -> Callable[..., list[CompletionItem]]:
    return lambda _context, _parameter, incomplete: [
        CompletionItem(word) for word in words if word.startswith(incomplete)
    ]


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def document_of(job_id: str, options: Mapping[str, Any]) -> dict[str, Json]:
    """Return the document that the options write. What they hold is checked by whoever stores it."""
    document: dict[str, Json] = {"job_id": job_id}
    document |= {name: options[name] for name in (*TEXTS, *CHOICES) if options[name] is not None}
    if options["payload"] is not None:
        document["payload"] = _json("payload", options["payload"])
    if options["tags"]:
        document["tags"] = list(options["tags"])
    if options["max_runs"] is not None:
        document["max_runs"] = _number(options["max_runs"])
    flags = {"enabled": not options["paused"], "wait": not options["no_wait"]}
    document |= {name: False for name, value in flags.items() if not value}
    document |= {"run_on_create": True} if options["run_on_create"] else {}
    if retry := _retry(options):
        document["retry"] = retry
    for assignment in options["sets"]:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise refused(f"--set {assignment} is not NAME=JSON; for example --set 'zone=\"Europe/Paris\"'")
        document[name] = _json(name, value)
    return document


def _retry(options: Mapping[str, Any]) -> dict[str, Json]:
    retry = {name: options[name] for name in RETRY_TEXTS if options[name] is not None}
    if options["max_attempts"] is not None:
        retry["max_attempts"] = _number(options["max_attempts"])
    return retry | ({"retry_on": list(options["retry_on"])} if options["retry_on"] else {})


def _number(text: str) -> Json:
    """Return a number where there is one; the check of the document says what else is wrong."""
    try:
        return int(text)
    except ValueError:
        return text


def _json(name: str, text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError as error:
        example = """'{"path": "/in"}', or '"text"' with both kinds of quotes"""
        problem = {"field": name, "message": f"is not JSON: {error}", "example": example}
        raise refused("the job was not written:", field=name, problems=[problem]) from None
