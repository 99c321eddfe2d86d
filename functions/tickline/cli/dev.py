"""`tickline dev`: local mode, live on the terminal."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tickline.cli.face import NO_STORE, Refusal, local
from tickline.cli.files import read_file
from tickline.cli.live import Listener, Screen
from tickline.cli.options import length_of
from tickline.cli.plain import clock_time, counted, escaped
from tickline.model import Json, RunState

if TYPE_CHECKING:
    from tickline.jobsfile import JobsFile
    from tickline.local import Local
    from tickline.policy import Known
    from tickline.store.sqlite import SqliteStore

EPOCH = datetime.fromtimestamp(0, UTC)
GRACE = timedelta(seconds=2)
"""What a run may need beyond its timeout until its end is recorded."""


class _StopNow(Exception):
    """The second Ctrl-C."""


@click.command()
@click.argument("jobs_file", required=False, type=click.Path(path_type=Path))
@click.option("--for", "length", callback=length_of, metavar="DURATION", help="Stop after this time.")
@click.option(
    "--handlers",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="A Python file that registers handlers; may be repeated.",
)
@click.option("--workers", type=click.IntRange(1, 1000), default=32, show_default=True, help="Runs at once.")
@local
def dev(
    jobs_file: Path | None, length: timedelta | None, handlers: tuple[Path, ...], workers: int, db: Path
) -> None:
    """Run jobs on this machine, and show each run as it happens.

    JOBS_FILE is written to the store first; jobs that are the same already are left untouched. Jobs that
    other terminals add or change are picked up within a second. The first Ctrl-C lets open runs end, the
    second stops at once.
    """
    from tickline.errors import StoreError  # noqa: PLC0415 - `tickline --help` needs none of this
    from tickline.jobsfile import JobsFile  # noqa: PLC0415
    from tickline.wiring.local import local_store, local_targets  # noqa: PLC0415

    file = read_file(jobs_file) if jobs_file else JobsFile(jobs=())
    files = [*file.handlers, *(path.resolve() for path in handlers)]
    try:
        with local_store(db) as store, local_targets(files, file.functions) as targets:
            session = _Session(store, file)
            session.open(db, handlers=bool(files))
            session.run(targets, length, workers)
    except StoreError as error:
        click.echo(f"Error: {escaped(str(error))}", err=True)
        raise SystemExit(NO_STORE) from None


class _Session:
    """One stretch of local mode, from the first line to the sum."""

    def __init__(self, store: "SqliteStore", file: "JobsFile") -> None:
        from tickline.admin import Admin  # noqa: PLC0415 - as above
        from tickline.clocks import SystemClock  # noqa: PLC0415

        self._store = store
        self._file = file
        self._clock = SystemClock()
        self._admin = Admin(store=store, clock=self._clock)
        self._screen = Screen(widest_job=0, attempts=self._attempts)
        self._stops = 0

    def open(self, db: Path, *, handlers: bool) -> None:
        """Write the file's jobs, and say what there is to run."""
        written, left_out = self._write_jobs()
        jobs = dict(self._jobs())
        self._screen = Screen(widest_job=max(map(len, jobs), default=0), attempts=self._attempts)
        click.echo(f"{counted(len(jobs), 'job')} in {db}{written}; {self._next_due()}. Ctrl-C stops.")
        for job_id, known in jobs.items():
            for problem in known.invalid.problems if known.invalid else ():
                click.secho(escaped(f"set aside: {job_id}: {problem}"), fg="red")
        for refusal in left_out:
            click.secho(escaped(f"left out: {refusal}"), fg="red")
        orphans = sum(
            known.job is not None and known.job.target.startswith("python:") for known in jobs.values()
        )
        if orphans and not handlers:
            text = f"no handlers: {counted(orphans, 'job')} with python: targets will be given up;"
            click.secho(f"{text} name files of handlers in the jobs file, or with --handlers", fg="yellow")
        click.echo()
        self._screen.titles()

    def run(self, targets: Any, length: timedelta | None, workers: int) -> None:
        """Run until the time is over or somebody stops it; then let open runs end."""
        from tickline.local import Local, Observer  # noqa: PLC0415 - as above

        observer = Observer(run=self._screen.run, trouble=self._screen.trouble)
        local = Local(
            store=self._store, targets=targets, clock=self._clock, observer=observer, workers=workers
        )
        ended = False
        try:
            with _listening(self._screen), self._stopped_by_signals(local):
                local.run(until=None if length is None else self._clock.now() + length)
                if self._stops:
                    self._screen.after_interrupt()
                ended = self._close(local)
        except _StopNow:
            self._screen.after_interrupt()
            click.echo("stopped; open runs are given back when their lease is over")
        self._screen.sum_up()
        if not ended:
            # Threads that still wait for their targets would keep the process, so it ends without them.
            # What they hold is in the store as running; the next tick after its lease takes it up.
            sys.stdout.flush()
            os._exit(0)

    # the jobs

    def _write_jobs(self) -> tuple[str, list[str]]:
        """Write what is new or changed; return how much that was, and what the store refused."""
        from tickline.admin import handle  # noqa: PLC0415 - as above

        made = changed = 0
        left_out: list[str] = []
        for document in self._file.jobs:
            if self._same(document):
                continue
            answer = handle(self._admin, {"action": "put_job", "job": document})
            if answer["ok"]:
                made += answer["created"]
                changed += not answer["created"]
            elif answer["error"]["code"] == "store_error":
                raise Refusal(answer)
            else:
                problems = answer["error"].get("problems", [answer["error"]])
                left_out += [f"{document['job_id']}: {p['field']}: {p['message']}" for p in problems]
        words = [f"{made} new" if made else "", f"{changed} changed" if changed else ""]
        told = ", ".join(word for word in words if word)
        return f" ({told})" if told else "", left_out

    def _same(self, document: dict[str, Json]) -> bool:
        """Tell whether the store has this document already, apart from when it was made."""
        stored = self._store.job(document["job_id"])
        if stored is None or not isinstance(stored.document, dict):
            return False
        return {**document, "created_at": None} == {**stored.document, "created_at": None}

    def _jobs(self) -> "Iterator[tuple[str, Known]]":
        """Yield each job of the store, checked."""
        from tickline.tick import understand  # noqa: PLC0415 - as above

        after = ""
        while definitions := self._store.list_jobs(after=after):
            after = definitions[-1].job_id
            for definition in definitions:
                yield definition.job_id, understand(definition)

    def _next_due(self) -> str:
        now = self._clock.now()
        instant = self._store.next_due(EPOCH)
        if instant is None:
            return "nothing is due"
        first = self._store.due(instant, limit=1)[0]
        when = "now" if instant <= now else clock_time(instant, today=now)
        return f"next due {when} ({first.job_id})"

    def _attempts(self, job_id: str) -> int | None:
        """Return how many attempts a run of the job has, None if nobody can say."""
        from tickline.errors import StoreError  # noqa: PLC0415 - as above
        from tickline.tick import understand  # noqa: PLC0415

        try:
            job = understand(self._store.job(job_id)).job
        except StoreError:
            return None
        return None if job is None else job.retry.max_attempts

    # the end

    def _close(self, local: "Local") -> bool:
        """Let open runs end, at most until their timeouts; say whether all did."""
        if not local.open_runs():
            return local.close(timeout=GRACE)
        longest = max(self._longest(), timedelta(0)) + GRACE
        runs = counted(local.open_runs(), "open run")
        click.echo(f"waiting for {runs}, at most {longest.total_seconds():.0f} s; Ctrl-C again stops at once")
        return local.close(timeout=longest)

    def _longest(self) -> timedelta:
        """Return how long the open runs may still take: until the last lease is over."""
        running = self._store.list_runs(states=frozenset({RunState.RUNNING}), limit=1000)
        now = self._clock.now()
        return max((run.lease - now for run in running if run.lease), default=timedelta(0))

    @contextmanager
    def _stopped_by_signals(self, local: "Local") -> Iterator[None]:
        """Stop at the first SIGINT or SIGTERM, give up everything at the second."""

        def stop(_number: int, _frame: object) -> None:
            self._stops += 1
            if self._stops > 1:
                raise _StopNow
            local.stop()

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _listening(screen: Screen) -> Iterator[None]:
    """Show the warnings of the package's loggers on the screen, and nowhere else."""
    logger, listener = logging.getLogger("tickline"), Listener(screen)
    logger.addHandler(listener)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = True
        logger.removeHandler(listener)
