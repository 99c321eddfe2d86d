"""What `tickline dev` shows: a line for each record as it is written, and the sum of them at the end."""

import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import click

from tickline.cli.plain import (
    STYLES,
    clock_time,
    counted,
    escaped,
    lateness,
    result_text,
    seconds_text,
    shortened,
)
from tickline.errors import StoreError
from tickline.model import Run, RunState, SlotKind, slot_kind

MILLISECOND = timedelta(milliseconds=1)
WIDE = 100
LONGEST_JOB = {True: 28, False: 16}
SAME_TROUBLE = 10.0
"""Seconds for which the same trouble is not told again."""

PUNCTUAL = frozenset({SlotKind.SCHEDULED, SlotKind.MANUAL})
"""Runs whose lateness tells something: a creation, for one, is known to the second only."""

MARKS = {SlotKind.MANUAL: "run now", SlotKind.CREATED: "run on create", SlotKind.FAILURE: "failure notice"}


@dataclass(slots=True)
class Tally:
    """What happened, in numbers. `late` counts runs by the milliseconds of their lateness."""

    succeeded: int = 0
    failed: int = 0
    dead: int = 0
    skipped: int = 0
    late: Counter[int] = field(default_factory=Counter)

    def add(self, run: Run) -> None:
        """Take in one record."""
        self.succeeded += run.state is RunState.SUCCEEDED
        self.dead += run.state is RunState.DEAD
        self.failed += bool(run.attempts) and run.attempts[-1].outcome != "succeeded"
        if run.state is RunState.SKIPPED:
            self.skipped += max(run.count, 1)
        elif len(run.attempts) == 1 and run.lateness is not None and slot_kind(run.slot) in PUNCTUAL:
            self.late[run.lateness // MILLISECOND] += 1

    def percentile(self, share: float) -> int:
        """Return the lateness that `share` of the runs did not exceed."""
        wanted = share * self.late.total()
        seen = 0
        for milliseconds in sorted(self.late):
            seen += self.late[milliseconds]
            if seen >= wanted:
                return milliseconds
        return 0

    def __str__(self) -> str:
        text = (
            f"{self.succeeded} succeeded, {counted(self.failed, 'failed attempt')}, "
            f"{self.dead} dead, {self.skipped} skipped"
        )
        if not self.late:
            return text
        shares = (("p50", self.percentile(0.5)), ("p99", self.percentile(0.99)), ("max", max(self.late)))
        return f"{text}; lateness " + ", ".join(f"{name} {lateness(ms)}" for name, ms in shares)


class Screen:
    """Prints lines, whole ones, from any thread."""

    def __init__(self, *, widest_job: int, attempts: Callable[[str], int | None]) -> None:
        """`attempts` tells how many attempts a job's runs have."""
        self.tally = Tally()
        self._attempts = attempts
        self._lock = threading.RLock()  # a signal may come while its own thread prints
        self._begun = time.monotonic()
        self._troubles: dict[str, float] = {}
        self._width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        wide = self._width is None or self._width >= WIDE
        self._gutter = "  " if wide else " "
        self._job_width = max(3, min(widest_job, LONGEST_JOB[wide]))

    def titles(self) -> None:
        """Print the names of the columns."""
        cells = ("time", "state", "job", "slot", "late", "try", "result, error or reason")
        self._print(click.style(self._joined(cells), dim=True))

    def run(self, run: Run) -> None:
        """Show a record that has been written."""
        with self._lock:
            self._show(run, datetime.now(UTC))

    def _show(self, run: Run, now: datetime) -> None:
        word = _word(run)
        tried = run.attempts[-1].attempt if run.attempts else None
        cells = (
            clock_time(now, today=now, ms=True),
            word,
            shortened(run.job_id, self._job_width),
            clock_time(run.due, today=now),
            lateness(None if run.lateness is None else run.lateness // MILLISECOND),
            "" if tried is None else f"{tried}/{self._most(run)}",
            escaped(" · ".join(part for part in _story(run) if part)),
        )
        self.tally.add(run)
        self._print(self._joined(cells, STYLES[word]))

    def trouble(self, error: Exception) -> None:
        """Show an error that did not stop anything."""
        text = str(error) if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"
        self.say("trouble", text)

    def say(self, word: str, text: str) -> None:
        """Show something that is no record. The same again within seconds is left out."""
        with self._lock:
            now = time.monotonic()
            if now - self._troubles.get(text, -SAME_TROUBLE) < SAME_TROUBLE:
                return
            self._troubles = {text: now}
            clock = clock_time(at := datetime.now(UTC), today=at, ms=True)
            state = click.style(f"{word:<9}", fg=STYLES.get(word))
            self._print(self._gutter.join((clock, state, escaped(text))))

    def after_interrupt(self) -> None:
        """Begin a new line after the ^C that a terminal shows."""
        if self._width is not None:
            self._print("")

    def sum_up(self) -> None:
        """Print what happened, in one line."""
        length = timedelta(seconds=time.monotonic() - self._begun)
        self._print(f"{seconds_text(length)}: {self.tally}")

    def _most(self, run: Run) -> str:
        most = self._attempts(run.job_id)
        return "?" if most is None else str(run.attempts_before + most)

    def _joined(self, cells: tuple[str, ...], style: str | None = None) -> str:
        clock, word, job, slot, late, tried, story = cells
        front = [
            f"{clock:<12}",
            f"{word:<9}",
            f"{job:<{self._job_width}}",
            f"{slot:<8}",
            f"{late:>6}",
            f"{tried:>3}",
        ]
        used = len(self._gutter.join([*front, ""]))
        if self._width is not None:
            story = shortened(story, max(self._width - used, 12))
        front[1] = click.style(front[1], fg=style)
        return self._gutter.join([*front, story]).rstrip()

    def _print(self, line: str) -> None:
        with self._lock:
            try:
                click.echo(line, color=False if os.environ.get("NO_COLOR") else None)
            except BrokenPipeError:
                # Nobody reads any more, as in `tickline dev | head`: end as for a signal, and say nothing.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                os.kill(os.getpid(), signal.SIGTERM)


class Listener(logging.Handler):
    """Shows what the core warns of, with the ids it names."""

    def __init__(self, screen: Screen) -> None:
        super().__init__(logging.WARNING)
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler.emit."""
        ids = [str(value) for name in ("run_id", "job_id", "slot") if (value := vars(record).get(name))]
        error = record.exc_info[1] if record.exc_info else None
        parts = [record.getMessage(), " ".join(ids), f"{type(error).__name__}: {error}" if error else ""]
        self._screen.say("trouble", ": ".join(part for part in parts if part))


def _word(run: Run) -> str:
    """Return the word for a record: its state, but a failed attempt that has another to come is `failed`."""
    return "failed" if run.state is RunState.READY and run.attempts else run.state.value


def _story(run: Run) -> Iterator[str]:
    yield MARKS.get(slot_kind(run.slot), "")
    if run.redriven_at is not None:
        yield "redriven"
    if run.missed:
        yield f"stands for {counted(run.missed, 'missed slot')}"
    if run.state is RunState.SUCCEEDED:
        yield result_text(run.result)
    else:
        yield run.error
    yield run.reason
    if run.state is RunState.READY and run.not_before is not None:
        yield f"again at {clock_time(run.not_before, today=run.not_before, ms=True)}"
