"""Local mode: the core on one machine. SQLite is the store, threads are the dispatcher, a loop is the timer.

The loop sleeps until the next instant at which something is due, or until a run ends. What other processes do
to the file it notices by SQLite's change counter, which is looked at twice a second and reads no table.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tickline.dispatch.direct import DirectDispatcher
from tickline.errors import StoreError
from tickline.invoke import Invoke
from tickline.model import Run
from tickline.ports import Clock, Targets
from tickline.store.sqlite import SqliteStore
from tickline.tick import Report, Tick, sweep

log = logging.getLogger(__name__)

GLANCE = timedelta(milliseconds=500)
"""How often the change counter is looked at."""

SWEEP_EVERY = timedelta(seconds=1)
SWEEP_JOBS = 100
IDLE = timedelta(milliseconds=50)
"""A sweep starts only with this much time before the next due instant, so that it makes nothing late."""

STARVED = timedelta(seconds=10)
"""After this long without a sweep it starts all the same."""

AFTER_TROUBLE = timedelta(seconds=1)

LEASE_MARGIN = timedelta(seconds=5)
"""Shorter than in AWS: here the invoke cannot be frozen, it can only die with the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Who watches local mode: `run` hears of every record written, `trouble` of every error outlived."""

    run: Callable[[Run], None]
    trouble: Callable[[Exception], None]


class Local:
    """Runs the jobs of one store until told to stop. `run` belongs to one thread, `stop` to any."""

    def __init__(
        self, *, store: SqliteStore, targets: Targets, clock: Clock, observer: Observer, workers: int = 32
    ) -> None:
        self._store = store
        self._clock = clock
        self._observer = observer
        invoke = Invoke(store=store, targets=targets, clock=clock, lease_margin=LEASE_MARGIN)
        self._dispatcher = DirectDispatcher(invoke, workers=workers, done=self._answered)
        # Reading a record costs next to nothing here, so that a retry need not wait for the grace to pass.
        self._tick = Tick(store=store, dispatcher=self._dispatcher, grace=timedelta(0))
        self._woken = threading.Event()
        self._stopped = False
        self._swept_at: datetime | None = None
        self._swept_counter = -1
        self._sweep_after = ""

    def run(self, *, until: datetime | None = None) -> None:
        """Tick whenever something is due, until `until` or `stop`."""
        while not self._stopped:
            now = self._clock.now()
            if until is not None and now >= until:
                return
            self._woken.clear()
            try:
                # Read before the pass: what changes while it goes on ends the sleep after it.
                counter = self._store.change_counter()
                self._sleep(self._pass(now, counter).wake_at, until, counter)
            except StoreError as error:
                self._observer.trouble(error)
                self._woken.wait(AFTER_TROUBLE.total_seconds())

    def stop(self) -> None:
        """End `run` soon. Safe in a signal handler."""
        self._stopped = True
        self._woken.set()

    def close(self, *, timeout: timedelta) -> bool:
        """Let open runs end, for `timeout` at most; say whether all did. A lease finds what is left."""
        return self._dispatcher.close(timeout=timeout.total_seconds())

    def open_runs(self) -> int:
        """Return how many runs are going on or wait for a thread."""
        return self._dispatcher.ringing()

    def _pass(self, now: datetime, counter: int) -> Report:
        report = self._tick(now, out_of_time=lambda: self._stopped)
        for record in report.records:
            self._observer.run(record)
        if counter != self._swept_counter or self._sweep_after:
            self._sweep_when_idle(now, counter, report)
        return report

    def _sweep_when_idle(self, now: datetime, counter: int, report: Report) -> None:
        """Look for jobs written by hand, at most once a second and not when something is about to be due."""
        rested = now - (self._swept_at or now - STARVED)
        busy = report.wake_at is not None and report.wake_at - now < IDLE
        if timedelta(0) <= rested < SWEEP_EVERY or (busy and rested < STARVED):
            report.wake(now + max(SWEEP_EVERY - rested, IDLE))
            return
        self._swept_at, self._swept_counter = now, counter
        self._sweep_after = sweep(self._store, now, after=self._sweep_after, limit=SWEEP_JOBS)
        self._store.purge(now)
        report.wake(self._store.next_due(now))

    def _sleep(self, wake_at: datetime | None, until: datetime | None, counter: int) -> None:
        """Return at the first of: `wake_at`, `until`, a run's end, a change of the file, `stop`."""
        while not self._stopped:
            glance = self._clock.now() + GLANCE
            nearest = min([glance, *(instant for instant in (wake_at, until) if instant is not None)])
            left = (nearest - self._clock.now()).total_seconds()
            if self._woken.wait(max(left, 0)) or nearest is not glance:
                return
            if self._store.change_counter() != counter:
                return

    def _answered(self, run: Run | None, error: Exception | None) -> None:
        """Show what an invoke did, and look at the timeline again: a retry or a queued run may follow."""
        if run is not None:
            self._observer.run(run)
        if error is not None:
            self._observer.trouble(error)
        self._woken.set()
