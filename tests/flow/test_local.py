"""Local mode: the loop on the machine's clock. Timing is waited for, never judged, but for one second."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from builders import SECOND, FakeTargets, definition, put
from tickline.admin import Admin
from tickline.clocks import SystemClock
from tickline.errors import StoreBusy
from tickline.local import Local, Observer
from tickline.model import Call, Failure, Result, Run, RunState
from tickline.store.sqlite import SqliteStore

EVERY_SECOND = "* * * ? * * *"
PATIENCE = 20.0
"""Seconds that a test waits for what happens within one or two on a quiet machine."""


class Watch:
    """Collects what local mode shows."""

    def __init__(self) -> None:
        self.runs: SimpleQueue[Run] = SimpleQueue()
        self.troubles: SimpleQueue[Exception] = SimpleQueue()

    def next(self) -> Run:
        return self.runs.get(timeout=PATIENCE)


@contextmanager
def running(store: SqliteStore, *answers: Result | Callable[[Call], Result]) -> Iterator[Watch]:
    watch = Watch()
    observer = Observer(run=watch.runs.put, trouble=watch.troubles.put)
    local = Local(
        store=store, targets=FakeTargets(*answers), clock=SystemClock(), observer=observer, workers=4
    )
    thread = threading.Thread(target=local.run)
    thread.start()
    try:
        yield watch
    finally:
        local.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        assert local.close(timeout=timedelta(seconds=PATIENCE))
        assert local.open_runs() == 0


def now() -> datetime:
    return datetime.now(UTC)


def test_each_second_has_its_run(store: SqliteStore) -> None:
    put(store, now(), schedule=EVERY_SECOND)

    with running(store) as watch:
        runs = [watch.next() for _ in range(3)]

    first = runs[0].due
    assert [run.due for run in runs] == [first, first + SECOND, first + 2 * SECOND]
    assert all(run.state is RunState.SUCCEEDED for run in runs)
    assert all(run.lateness is not None and run.lateness >= timedelta(0) for run in runs)


def test_a_retry_comes_at_its_time_without_waiting_for_a_minute(store: SqliteStore) -> None:
    failed = Result(failure=Failure.FUNCTION, error="no")
    put(store, now(), schedule="at(2020-01-01T00:00:00)", catch_up_window="365d", retry={"backoff": "1s"})
    put(store, now(), run_on_create=True, schedule="@yearly", retry={"backoff": "1s"}, job_id="once")

    with running(store, failed, Result()) as watch:
        first, second = watch.next(), watch.next()

    assert (first.state, second.state) == (RunState.READY, RunState.SUCCEEDED)
    assert second.attempt == 2


def test_a_job_from_another_process_runs_within_a_second(tmp_path: Path) -> None:
    mine, other = SqliteStore(tmp_path / "tickline.db"), SqliteStore(tmp_path / "tickline.db")
    with running(mine) as watch:
        put(other, now(), job_id="tick", schedule=EVERY_SECOND)
        watch.next()
        admin = Admin(store=other, clock=SystemClock())
        admin.put_job({"job_id": "new", "schedule": "@yearly", "target": "python:x"})
        asked = now()
        admin.run_job("new")

        run = watch.next()
        while run.job_id != "new":
            run = watch.next()

    assert run.started_at is not None
    assert run.started_at - asked < SECOND
    mine.close()
    other.close()


def test_a_job_written_by_hand_is_found(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "tickline.db")
    with running(store) as watch:
        by_hand = sqlite3.connect(tmp_path / "tickline.db")
        document = '{"job_id": "hand", "schedule": "rate(1 second)", "target": "python:x"}'
        by_hand.execute("INSERT INTO jobs (job_id, document) VALUES ('hand', ?)", (document,))
        by_hand.commit()
        by_hand.close()

        assert watch.next().job_id == "hand"
    store.close()


def test_skips_are_shown_as_well(store: SqliteStore) -> None:
    put(store, now() - timedelta(hours=1), schedule="* * * * *", catch_up="skip")

    with running(store) as watch:
        assert watch.next().state is RunState.SKIPPED


def test_the_loop_ends_at_its_time(store: SqliteStore) -> None:
    watch = Watch()
    observer = Observer(run=watch.runs.put, trouble=watch.troubles.put)
    local = Local(store=store, targets=FakeTargets(), clock=SystemClock(), observer=observer)

    local.run(until=now() + timedelta(milliseconds=50))

    assert local.close(timeout=timedelta(0))


def test_trouble_with_the_store_is_shown_and_outlived(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, now(), schedule=EVERY_SECOND)
    due, trouble = store.due, iter([StoreBusy("locked")])

    def sometimes(*args: Any, **named: Any) -> Any:
        for error in trouble:
            raise error
        return due(*args, **named)

    monkeypatch.setattr(store, "due", sometimes)
    with running(store) as watch:
        error = watch.troubles.get(timeout=PATIENCE)
        run = watch.next()

    assert str(error) == "locked"
    assert run.state is RunState.SUCCEEDED


def test_a_result_that_cannot_be_recorded_is_shown(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run = store.write_run

    def no_end(run: Run, **named: Any) -> Any:
        if run.state is RunState.SUCCEEDED:
            raise StoreBusy("locked")
        return write_run(run, **named)

    monkeypatch.setattr(store, "write_run", no_end)
    put(store, now(), schedule=EVERY_SECOND)
    with running(store) as watch:
        error = watch.troubles.get(timeout=PATIENCE)

    assert isinstance(error, StoreBusy)
    assert [run.state for run in store.list_runs("report", states=frozenset({RunState.RUNNING}))]


def test_open_runs_end_before_local_mode_does(store: SqliteStore) -> None:
    began, may_end = threading.Event(), threading.Event()

    def slow(_: Call) -> Result:
        began.set()
        may_end.wait(PATIENCE)
        return Result(summary="ended")

    store.put_job(definition(), revision=None)
    Admin(store=store, clock=SystemClock()).run_job("report")
    watch = Watch()
    observer = Observer(run=watch.runs.put, trouble=watch.troubles.put)
    local = Local(store=store, targets=FakeTargets(slow), clock=SystemClock(), observer=observer)
    thread = threading.Thread(target=local.run)
    thread.start()
    assert began.wait(PATIENCE)
    local.stop()
    thread.join(PATIENCE)

    hurried = local.close(timeout=timedelta(0))
    still_open = local.open_runs()
    may_end.set()

    assert not hurried
    assert still_open == 1
    assert local.close(timeout=timedelta(seconds=PATIENCE))
    assert watch.next().result == "ended"


def test_the_clock_of_the_machine_waits_and_is_aware() -> None:
    clock = SystemClock()
    instant = clock.now() + timedelta(milliseconds=20)

    clock.wait_until(instant)
    clock.wait_until(instant - SECOND)

    assert clock.now() >= instant
    assert clock.now().utcoffset() == timedelta(0)
