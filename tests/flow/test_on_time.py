"""Slots that come due: each runs once, whatever becomes of doorbells and clocks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import DAY, HOUR, MINUTE, NOW, SECOND, FakeDispatcher
from tickline.model import RunState
from world import World

READY, RUNNING, SUCCEEDED = RunState.READY, RunState.RUNNING, RunState.SUCCEEDED
DEAD, SKIPPED = RunState.DEAD, RunState.SKIPPED

# on time


def test_a_due_slot_runs_once_and_the_timeline_goes_on(world: World) -> None:
    world.put()

    world.step(MINUTE)
    world.step(SECOND)

    assert world.targets.run_ids == ["report/2026-03-02T12:01:00Z"]
    assert world.states() == {"12:01:00": SUCCEEDED}
    assert world.pending() == [("report", "2026-03-02T12:02:00Z")]


def test_nothing_runs_before_its_instant(world: World) -> None:
    world.put()

    report = world.step(MINUTE - SECOND)

    assert report.entries == 0
    assert report.wake_at == NOW + MINUTE
    assert world.targets.calls == []


def test_a_doorbell_that_comes_early_waits_for_the_instant(world: World) -> None:
    world.put()
    world.clock.advance(MINUTE - SECOND)
    early = World(world.store).tick_of
    bells = FakeDispatcher()
    type(early)(store=world.store, dispatcher=bells, lead=2 * SECOND)(world.clock.now())

    [done] = world.answer(*bells.take())

    assert done is not None
    assert done.started_at == NOW + MINUTE
    assert done.lateness == timedelta(0)


def test_the_target_is_told_about_its_run(world: World) -> None:
    world.put(payload={"at": "<aws.scheduler.scheduled-time>", "n": ["<aws.scheduler.attempt-number>", 7]})

    world.step(MINUTE)

    [call] = world.targets.calls
    assert call.payload == {"at": "2026-03-02T12:01:00Z", "n": ["1", 7]}
    assert call.context.run_id == "report/2026-03-02T12:01:00Z"
    assert call.context.scheduled_time == NOW + MINUTE
    assert call.context.attempt == 1


def test_a_one_time_job_runs_once_and_leaves_the_timeline(world: World) -> None:
    world.put(schedule="at(2026-03-02T12:00:30)")

    world.step(MINUTE)
    world.step(MINUTE)

    assert world.states() == {"12:00:30": SUCCEEDED}
    assert world.pending() == []


def test_a_window_moves_every_run_of_a_job_by_the_same_time(world: World) -> None:
    world.put(schedule="0 * * * *", window="30m")
    [offset] = {e.due - HOUR - NOW for e in world.store.due(NOW + DAY, limit=9)}

    world.step(HOUR + offset - SECOND)
    before = len(world.targets.calls)
    world.step(SECOND)
    world.step(HOUR)

    assert timedelta(0) < offset < 30 * MINUTE
    assert before == 0
    assert [run.due - offset for run in world.runs()] == [NOW + HOUR, NOW + 2 * HOUR]
    assert [run.slot for run in world.runs()] == ["2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z"]
    assert all(run.lateness == timedelta(0) for run in world.runs())


def test_a_job_runs_only_between_start_and_end(world: World) -> None:
    world.put(start="2026-03-02T12:02:00Z", end="2026-03-02T12:04:00Z")

    world.step(MINUTE, times=8)

    assert list(world.states()) == ["12:02:00", "12:03:00", "12:04:00"]


# doorbells may be lost, doubled and late


def test_a_doubled_doorbell_starts_nothing(world: World) -> None:
    world.put()
    world.clock.advance(MINUTE)
    world.tick()
    [bell] = world.dispatcher.take()

    first, second = world.answer(bell, bell)

    assert first is not None
    assert second is None
    assert len(world.targets.calls) == 1


def test_two_ticks_at_once_start_a_slot_once(world: World) -> None:
    world.put()
    world.clock.advance(MINUTE)

    world.tick()
    world.tick()
    world.answer()

    assert len(world.targets.calls) == 1


def test_a_lost_doorbell_is_rung_again(world: World) -> None:
    world.put()
    world.clock.advance(MINUTE)
    world.tick()
    world.dispatcher.take()

    world.step(SECOND)

    assert world.states() == {"12:01:00": SUCCEEDED}


def test_a_doorbell_older_than_an_hour_decides_nothing(world: World) -> None:
    world.put(schedule="0 * * * *")
    world.clock.advance(HOUR)
    world.tick()
    [bell] = world.dispatcher.take()

    world.clock.advance(HOUR + SECOND)

    assert world.answer(bell) == [None]
    assert world.runs() == []


def test_a_doorbell_past_the_catch_up_window_decides_nothing(world: World) -> None:
    world.put(catch_up_window="5m")
    world.clock.advance(MINUTE)
    world.tick()
    [bell] = world.dispatcher.take()

    world.clock.advance(5 * MINUTE + SECOND)

    assert world.answer(bell) == [None]


def test_a_late_doorbell_of_an_ended_run_only_tidies_up(world: World) -> None:
    world.put(schedule="at(2026-03-02T12:01:00)")
    world.clock.advance(MINUTE)
    world.tick()
    [bell] = world.dispatcher.take()
    world.answer(bell)

    assert world.answer(bell) == [None]
    assert len(world.targets.calls) == 1
    assert world.pending() == []


# the clock


def test_a_clock_that_jumps_back_starts_nothing_twice(world: World) -> None:
    world.put()
    world.step(MINUTE, times=3)

    world.clock.advance(-2 * MINUTE)
    world.step(SECOND, times=4)
    world.step(MINUTE, times=3)

    assert len(world.targets.run_ids) == len(set(world.targets.run_ids))
    assert list(world.states()) == ["12:01:00", "12:02:00", "12:03:00", "12:04:00"]


def test_a_clock_that_jumps_ahead_catches_up_by_policy(world: World) -> None:
    world.put(schedule="0 * * * *", catch_up="latest")

    world.step(5 * HOUR + MINUTE)
    world.step()

    assert world.targets.run_ids == ["report/2026-03-02T17:00:00Z"]


@pytest.mark.parametrize(
    ("history", "window", "days"), [("90d", "24h", 90), ("1d", "24h", 2), ("7d", "30d", 31)]
)
def test_a_record_is_kept_for_the_history_and_as_long_as_its_slot_might_start(
    world: World, history: str, window: str, days: int
) -> None:
    world.put(history=history, catch_up_window=window)

    world.step(MINUTE)

    [done] = world.runs()
    assert done.expires_at == world.clock.now() + days * DAY


@pytest.mark.parametrize("page", [1, 2, 3, 6, 7])
def test_what_is_due_is_rung_in_pages_of_any_size(world: World, page: int) -> None:
    for number in range(6):
        world.put(job_id=f"job-{number}", schedule="quartz(0/20 * * ? * *)")
    world.tick_of = replace(world.tick_of, page=page)

    world.step(MINUTE)

    assert sorted(world.targets.run_ids) == sorted(
        f"job-{number}/2026-03-02T12:{slot}Z" for number in range(6) for slot in ("00:20", "00:40", "01:00")
    )
