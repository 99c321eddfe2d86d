"""Limits on runs (max_runs, overlap), and runs beside the schedule (run now, run on create)."""

from typing import Any

import pytest

from builders import DAY, MINUTE, NOW
from tickline.model import Cause, Result, Run, RunState
from tickline.ports import Store, Write
from tickline.records import skipped
from tickline.tick import sweep
from world import FAILED, Crash, World, crash

READY, RUNNING, SUCCEEDED = RunState.READY, RunState.RUNNING, RunState.SUCCEEDED
DEAD, SKIPPED = RunState.DEAD, RunState.SKIPPED

# max_runs


def test_max_runs_is_exact_and_says_so(world: World) -> None:
    world.put(max_runs=2)

    world.step(MINUTE, times=5)

    records = world.runs()
    assert [record.state for record in records] == [SUCCEEDED, SUCCEEDED, SKIPPED]
    assert records[-1].cause is Cause.MAX_RUNS
    assert world.pending() == []


def test_max_runs_counts_a_crashed_run_once(any_store: Store) -> None:
    world = World(any_store, crash, Result())
    world.put(max_runs=2)
    with pytest.raises(Crash):
        world.step(MINUTE)

    world.step(MINUTE, times=6)

    assert [record.state for record in world.runs()][:2] == [SUCCEEDED, SUCCEEDED]
    assert sum(record.state is SUCCEEDED for record in world.runs()) == 2


def test_max_runs_holds_for_doorbells_in_flight(world: World) -> None:
    world.put(max_runs=1)
    for _ in range(2):
        world.clock.advance(MINUTE)
        world.tick()

    world.answer()

    assert len(world.targets.calls) == 1
    assert [record.state for record in world.runs()] == [SUCCEEDED, SKIPPED]


def test_run_now_does_not_count(world: World) -> None:
    world.put(max_runs=1)
    world.admin.run_job("report", token="now")

    world.step()
    world.step(MINUTE)

    assert world.states() == {"m:now": SUCCEEDED, "12:01:00": SUCCEEDED}


def test_a_sweep_leaves_a_job_alone_that_has_had_its_runs(world: World) -> None:
    world.put(max_runs=1)
    world.step(MINUTE, times=2)

    sweep(world.store, world.clock.now())
    healthy = world.admin.doctor()["healthy"]
    world.step(MINUTE, times=2)

    assert [record.state for record in world.runs()] == [SUCCEEDED, SKIPPED]
    assert world.pending() == []
    assert healthy


# run on create, run now


def test_a_new_job_may_run_at_once(world: World) -> None:
    world.put(run_on_create=True, created_at="2026-03-02T12:00:00Z")

    world.step()
    world.step(MINUTE)
    world.put(run_on_create=True, created_at="2026-03-02T12:00:00Z")
    world.step()

    assert world.states() == {"c:2026-03-02T12:00:00Z": SUCCEEDED, "12:01:00": SUCCEEDED}


def test_a_job_made_by_hand_may_run_at_once_and_only_once(world: World) -> None:
    world.put(run_on_create=True)

    world.step()
    sweep(world.store, world.clock.now())
    world.step(MINUTE)

    assert world.states() == {"c:by-hand": SUCCEEDED, "12:01:00": SUCCEEDED}
    kept = world.store.run("report", "c:by-hand")
    assert kept is not None
    assert kept.expires_at is None


def test_a_job_that_was_made_long_ago_is_not_new(world: World) -> None:
    world.put(run_on_create=True, created_at="2026-02-01T00:00:00Z")

    assert world.pending() == [("report", "2026-03-02T12:01:00Z")]


def test_run_now_works_while_paused_and_keeps_the_schedule(world: World) -> None:
    world.put(enabled=False)
    world.admin.run_job("report", token="now")
    world.admin.run_job("report", token="now")

    world.step()
    world.admin.run_job("report", token="now")
    world.step()

    assert world.states() == {"m:now": SUCCEEDED}
    assert world.pending() == []


def test_run_now_does_not_wait_for_ever(world: World) -> None:
    world.put()
    world.admin.run_job("report", token="now")

    world.clock.advance(2 * DAY)
    world.step()

    late = world.store.run("report", "m:now")
    assert late is not None
    assert late.cause is Cause.WINDOW


# overlap


def slow(world: World) -> None:
    """Begin a run and leave it going on."""
    world.clock.advance(MINUTE)
    world.tick()
    [bell] = world.dispatcher.take()
    world.targets.answers = [crash]
    with pytest.raises(Crash):
        world.answer(bell)
    world.targets.answers = [Result(summary="done")]


def test_overlap_allow_starts_beside_an_open_run(world: World) -> None:
    world.put(timeout="10m")
    slow(world)

    world.step(MINUTE)

    assert world.states() == {"12:01:00": RUNNING, "12:02:00": SUCCEEDED}


def test_overlap_skip_lets_the_slot_go_and_names_the_open_run(world: World) -> None:
    world.put(timeout="10m", overlap="skip")
    slow(world)

    world.step(MINUTE)

    records = world.runs()
    assert [record.state for record in records] == [RUNNING, SKIPPED]
    assert records[1].reason == "the run of 2026-03-02T12:01:00Z was still open; overlap=skip"
    assert world.pending() == [("report", "2026-03-02T12:01:00Z"), ("report", "2026-03-02T12:03:00Z")]


def test_overlap_skip_counts_a_run_that_waits_for_its_retry_as_open(any_store: Store) -> None:
    world = World(any_store, FAILED)
    world.put(overlap="skip", retry={"backoff": "5h", "max_backoff": "5h"})

    world.step(MINUTE, times=2)

    assert [record.state for record in world.runs()] == [READY, SKIPPED]


def test_overlap_queue_starts_the_slot_when_the_open_run_has_ended(world: World) -> None:
    world.put(timeout="2m", overlap="queue", retry={"max_attempts": 1})
    slow(world)

    world.step(MINUTE)
    queued = world.states()
    world.step(MINUTE, times=3)

    assert queued == {"12:01:00": RUNNING, "12:02:00": READY}
    assert world.states()["12:01:00"] is DEAD
    assert world.states()["12:02:00"] is SUCCEEDED
    assert world.states()["12:03:00"] is SUCCEEDED


def test_queued_runs_start_one_at_a_time_in_order(world: World) -> None:
    world.put(timeout="5m", overlap="queue", retry={"max_attempts": 1}, end="2026-03-02T12:04:00Z")
    slow(world)

    world.step(MINUTE, times=12)

    assert world.targets.run_ids == [f"report/2026-03-02T12:0{minute}:00Z" for minute in (1, 2, 3, 4)]
    assert world.pending() == []


def test_a_queued_run_does_not_wait_longer_than_the_catch_up_window(world: World) -> None:
    world.put(timeout="14m", overlap="queue", catch_up_window="5m", end="2026-03-02T12:02:00Z")
    slow(world)

    world.step(MINUTE, times=8)

    assert world.states() == {"12:01:00": RUNNING, "12:02:00": SKIPPED}


def test_a_queued_run_that_is_rung_too_early_stays_queued(world: World) -> None:
    world.put(timeout="10m", overlap="queue")
    slow(world)
    world.clock.advance(MINUTE)
    world.tick()
    [bell] = [bell for bell in world.dispatcher.take() if bell.slot.endswith("12:02:00Z")]
    world.answer(bell)

    assert world.answer(bell) == [None]
    assert world.states() == {"12:01:00": RUNNING, "12:02:00": READY}


def test_a_slot_that_another_decided_meanwhile_is_not_queued(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(timeout="10m", overlap="queue")
    slow(world)
    world.clock.advance(MINUTE)
    world.tick()
    bells = world.dispatcher.take()
    write_run = world.store.write_run

    def race(record: Run, **named: Any) -> Write:
        if record.state is READY:
            write_run(skipped(bells[-1], None, Cause.MISSED, "meanwhile", now=NOW), replaces=None)
        return write_run(record, **named)

    monkeypatch.setattr(world.store, "write_run", race)

    assert world.answer(bells[-1]) == [None]
    assert world.states()["12:02:00"] is SKIPPED


def test_a_queued_run_is_not_rung_while_the_other_is_open(world: World) -> None:
    world.put(timeout="10m", overlap="queue", end="2026-03-02T12:02:00Z")
    slow(world)
    world.step(MINUTE)

    report = world.tick()

    assert report.rung == 0
    assert world.dispatcher.bells == []
