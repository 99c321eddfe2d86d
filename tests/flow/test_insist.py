"""An invoke sees a run's next attempts through when they follow soon, and leaves the others to a tick."""

from datetime import datetime, timedelta

import pytest

from builders import MINUTE, NOW, SECOND
from tickline.model import Call, Result, RunState
from world import FAILED, World

RETRY = {"max_attempts": 3, "backoff": "20s"}


def insist(
    world: World, *, patience: timedelta, deadline: datetime | None = None, bell: int = 0
) -> list[RunState]:
    """Tick, and answer one of the bells that are rung; return the state after each attempt."""
    world.clock.advance(MINUTE)
    world.tick()
    rung = world.dispatcher.take()[bell]
    return [run.state for run in world.invoke.insist(rung, patience=patience, deadline=deadline)]


@pytest.fixture
def failing(world: World) -> World:
    world.targets.answers = [FAILED]
    world.put(retry=RETRY, timeout="10s")
    return world


def test_attempts_that_follow_soon_are_made_at_once(failing: World) -> None:
    states = insist(failing, patience=MINUTE)

    [run] = failing.runs()
    assert states == [RunState.READY, RunState.READY, RunState.DEAD]
    assert [attempt.attempt for attempt in run.attempts] == [1, 2, 3]


def test_each_attempt_waits_for_its_time(failing: World) -> None:
    failing.clock.advance(MINUTE)
    failing.tick()
    [bell] = failing.dispatcher.take()

    waits = [run.not_before for run in failing.invoke.insist(bell, patience=MINUTE)]

    [_, *starts] = [attempt.started_at for attempt in failing.runs()[0].attempts]
    # Records keep milliseconds.
    assert [
        wait and start - wait < timedelta(milliseconds=1) for start, wait in zip(starts, waits, strict=False)
    ] == [True] * 2


def test_an_attempt_that_follows_late_is_left_to_a_tick(failing: World) -> None:
    states = insist(failing, patience=timedelta(milliseconds=1))

    assert states == [RunState.READY]
    assert failing.runs()[0].attempt == 2


def test_a_run_that_succeeds_is_over(world: World) -> None:
    world.put()

    assert insist(world, patience=MINUTE) == [RunState.SUCCEEDED]


def test_a_queued_run_is_not_waited_for(world: World) -> None:
    world.put(overlap="queue")
    world.clock.advance(MINUTE)
    world.tick()
    [first] = world.dispatcher.take()
    states: list[RunState] = []

    def next_slot_comes_due(_: Call) -> Result:
        states.extend(insist(world, patience=MINUTE, bell=-1))
        return Result()

    world.targets.answers = [next_slot_comes_due]
    world.invoke(first)

    assert states == [RunState.READY]
    assert [run.state for run in world.runs()] == [RunState.SUCCEEDED, RunState.READY]


def test_nothing_starts_that_might_not_end_in_time(failing: World) -> None:
    states = insist(failing, patience=MINUTE, deadline=NOW + MINUTE + 15 * SECOND)

    assert states == []
    assert failing.runs() == []


def test_a_next_attempt_that_might_not_end_in_time_is_left_to_a_tick(failing: World) -> None:
    states = insist(failing, patience=MINUTE, deadline=NOW + MINUTE + 20 * SECOND)

    assert states[0] is RunState.READY
    assert len(states) < 3
    assert failing.runs()[0].state is RunState.READY
