"""The command as people call it, and records for its store."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from tickline.cli import main
from tickline.cli.client import Client
from tickline.model import Attempt, Cause, Run, RunState, slot_of
from tickline.ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickline:
    """Calls commands with one store.

    `store` opens it beside the command. `running`: while it is entered, somebody ticks, and targets answer.
    """

    db: Path
    environment: Mapping[str, str]
    store: Callable[[], AbstractContextManager[Store]]
    running: Callable[..., AbstractContextManager[None]]
    stacks: Callable[[str], Client] | None = None

    def __call__(self, *arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(
            main, arguments, input=stdin, env=self.environment, obj=self.stacks, catch_exceptions=False
        )

    def json(self, *arguments: str, stdin: str | None = None) -> Any:
        return json.loads(self(*arguments, "--json", stdin=stdin).stdout)

    def add(self, job_id: str = "report", schedule: str = "rate(1 hour)", *options: str) -> Result:
        return self("job", "add", job_id, "--schedule", schedule, "--target", "python:work", *options)

    def write(self, *runs: Run) -> None:
        """Write records straight into the store."""
        with self.store() as store:
            for run in runs:
                assert store.write_run(run, replaces=None).won


DUE = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


def succeeded(job_id: str = "report", due: datetime = DUE, **changes: Any) -> Run:
    started = due + timedelta(milliseconds=1500)
    ended = started + timedelta(seconds=2)
    tried = Attempt(attempt=1, started_at=started, ended_at=ended, outcome="succeeded")
    values: dict[str, Any] = {
        "job_id": job_id, "slot": slot_of(due), "due": due, "attempt": 1, "state": RunState.SUCCEEDED,
        "started_at": started, "ended_at": ended, "result": '"42 rows"', "attempts": (tried,),
    }  # fmt: skip
    return Run(**(values | changes))


def dead(job_id: str = "report", due: datetime = DUE, **changes: Any) -> Run:
    tried = Attempt(attempt=1, started_at=due, ended_at=due, outcome="function", error="KeyError: 'x'")
    values: dict[str, Any] = {
        "job_id": job_id, "slot": slot_of(due), "due": due, "attempt": 1, "state": RunState.DEAD,
        "started_at": due, "ended_at": due, "error": "KeyError: 'x'", "reason": "attempt 1 was the last one",
        "attempts": (tried,),
    }  # fmt: skip
    return Run(**(values | changes))


def skipped(job_id: str = "report", due: datetime = DUE, **changes: Any) -> Run:
    values: dict[str, Any] = {
        "job_id": job_id, "slot": slot_of(due), "due": due, "state": RunState.SKIPPED, "cause": Cause.PAUSED,
        "reason": "the job is paused", "count": 1, "ended_at": due,
    }  # fmt: skip
    return Run(**(values | changes))
