"""Races on the real engine: whoever comes at the same time, one wins and the others are told."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Barrier
from typing import Any, TypeVar

import pytest

from backends import open_store
from builders import MINUTE, NOW, definition, entry, run
from tickline.errors import StoreBusy
from tickline.model import JobState, Run, RunState
from tickline.ports import Claim, Store, Write

RACERS = 8
ROUNDS = 25

SUCCEEDED, READY = RunState.SUCCEEDED, RunState.READY

T = TypeVar("T")
Race = Callable[[Sequence[Callable[[], T]]], list[T]]


@pytest.fixture(params=["sqlite", "dynamodb-local"])
def store(request: pytest.FixtureRequest) -> Store:
    return open_store(request)


@pytest.fixture
def race() -> Iterator[Race[Any]]:
    """Let all act at the same moment; return what each was told."""
    with ThreadPoolExecutor(RACERS) as pool:

        def run_all(acts: Sequence[Callable[[], T]]) -> list[T]:
            barrier = Barrier(len(acts))

            def run_one(act: Callable[[], T]) -> T:
                barrier.wait()
                return act()

            return list(pool.map(run_one, acts))

        yield run_all


def write(store: Store, record: Run, **how: Any) -> Write:
    """Write a run; come back when the store is busy, as ticks do."""
    while True:
        with suppress(StoreBusy):
            return store.write_run(record, **{"replaces": None, **how})


def winner_of(records: Sequence[Run], writes: Sequence[Write]) -> Run:
    [winner] = [record for record, written in zip(records, writes, strict=True) if written.won]
    return winner


def test_a_slot_is_started_by_one(store: Store, race: Race[Write]) -> None:
    for number in range(ROUNDS):
        records = [run(NOW + number * MINUTE, owner=f"{racer}") for racer in range(RACERS)]

        writes = race([partial(store.write_run, record, replaces=None) for record in records])

        winner = winner_of(records, writes)
        assert store.run("report", winner.slot) == winner
        assert all(told.current == winner for told in writes if not told.won)


def test_an_attempt_is_finished_or_taken_over_by_one(store: Store, race: Race[Write]) -> None:
    standing = run(owner="worker")
    store.write_run(standing, replaces=None)
    ends = [
        replace(standing, state=READY if racer % 2 else SUCCEEDED, attempt=2, reason=f"{racer}", owner="")
        for racer in range(RACERS)
    ]

    writes = race([partial(store.write_run, end, replaces=standing) for end in ends])

    winner = winner_of(ends, writes)
    assert store.run("report", standing.slot) == winner
    assert all(told.current is not None for told in writes if not told.won)


def test_a_definition_is_edited_by_one(store: Store, race: Race[bool]) -> None:
    store.put_job(definition(revision=1), revision=None)
    edits = [definition(revision=2, description=f"{racer}") for racer in range(RACERS)]

    won = race([partial(store.put_job, edit, revision=1) for edit in edits])

    assert won.count(True) == 1
    assert store.job("report") == edits[won.index(True)]


def test_no_more_runs_start_than_max_runs(store: Store, race: Race[Write]) -> None:
    records = [run(NOW + racer * MINUTE) for racer in range(RACERS)]

    writes = race([partial(write, store, record, claim=Claim(max_runs=3)) for record in records])

    assert sum(told.won for told in writes) == 3
    assert {told.blocked for told in writes if not told.won} == {JobState(started=3)}
    assert store.states(["report"]) == {"report": JobState(started=3)}
    assert len(store.list_runs("report")) == 3


def test_one_run_of_a_job_is_active_at_a_time(store: Store, race: Race[Write]) -> None:
    for number in range(5):
        records = [run(NOW + (number * RACERS + racer) * MINUTE) for racer in range(RACERS)]

        writes = race([partial(write, store, record, claim=Claim(exclusive=True)) for record in records])

        winner = winner_of(records, writes)
        assert {told.blocked for told in writes if not told.won} == {JobState(active=winner.slot)}
        assert write(store, replace(winner, state=SUCCEEDED), replaces=winner, release=True).won
        assert store.states(["report"]) == {"report": JobState()}


def test_entries_of_many_writers_are_all_there(store: Store, race: Race[None]) -> None:
    entries = [[entry(NOW, f"job-{racer}-{n:02}") for n in range(30)] for racer in range(RACERS)]

    race([partial(store.put_entries, mine) for mine in entries])
    race([partial(store.remove_entries, mine[:-1]) for mine in entries])

    assert store.due(NOW, limit=999) == [last for *_, last in entries]
