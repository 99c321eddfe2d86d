"""Requests for a redrive that die anywhere, are sent twice, or meet each other."""

from typing import Any

import pytest

from builders import HOUR, MINUTE, SECOND
from flow.redriving import SLOT, ask, given_up
from tickline.errors import InvalidRequest, StoreBusy
from tickline.model import Result, Run, RunState
from tickline.ports import Store, Write
from tickline.redrive import GUARD, redrive
from world import FAILED, World

SUCCEEDED, READY, DEAD = RunState.SUCCEEDED, RunState.READY, RunState.DEAD


class Frail:
    """A store that answers reads, and a number of writes."""

    def __init__(self, store: Store, left: int = 0) -> None:
        self._store = store
        self.left = left

    def __getattr__(self, name: str) -> Any:
        if name in ("put_entries", "remove_entries", "write_run"):
            if self.left == 0:
                raise StoreBusy("gone")
            self.left -= 1
        return getattr(self._store, name)


@pytest.mark.parametrize("writes", [0, 1, 2, 3])
def test_a_request_that_dies_anywhere_leaves_the_run_dead_or_runs_it(any_store: Store, writes: int) -> None:
    world = given_up(any_store, Result())
    with pytest.raises(StoreBusy):
        redrive(Frail(world.store, writes), "report", SLOT, world.clock.now())
    left = world.runs()[0].state

    world.step()
    world.step(GUARD)
    world.step(SECOND)

    assert left is (DEAD if writes < 2 else READY)
    assert world.runs()[0].state is (DEAD if writes < 2 else SUCCEEDED)
    assert len(world.targets.calls) == (2 if writes < 2 else 3)
    assert world.pending() == []


def test_a_guard_that_comes_due_does_not_carry_the_timeline_on(any_store: Store) -> None:
    world = World(any_store, FAILED, Result(), grace=90 * SECOND)
    world.put(retry={"max_attempts": 1}, end="2026-03-02T12:01:30")
    world.step(MINUTE)
    world.step(5 * HOUR)
    world.put(retry={"max_attempts": 1})
    with pytest.raises(StoreBusy):
        redrive(Frail(world.store, 2), "report", SLOT, world.clock.now())

    world.clock.advance(GUARD)
    bells = [bell for _ in [world.tick()] for bell in world.dispatcher.take() if bell.slot == SLOT]

    assert [bell.attempt for bell in bells] == [2]
    assert ("report", "2026-03-02T12:02:00Z") not in world.pending()


def test_a_redrive_that_is_sent_twice_is_one(any_store: Store) -> None:
    world = given_up(any_store, Result())

    first, second = ask(world), ask(world)
    world.step()
    world.step()

    assert first == second
    assert len(world.targets.calls) == 3
    assert world.pending() == []


class Meeting:
    """A store in which somebody else changes a run just before our write."""

    def __init__(self, store: Store, before: Any) -> None:
        self._store = store
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write_run(self, changed: Run, **arguments: Any) -> Write:
        self._before()
        return self._store.write_run(changed, **arguments)


def test_two_redrives_that_meet_are_one(any_store: Store) -> None:
    world = given_up(any_store, Result())
    now = world.clock.now()
    meeting = Meeting(world.store, lambda: redrive(world.store, "report", SLOT, now - SECOND))

    record = redrive(meeting, "report", SLOT, now)  # type: ignore[arg-type]
    world.step()
    world.step(GUARD)

    assert record.redriven_at == now - SECOND
    assert len(world.targets.calls) == 3
    assert world.pending() == []


def test_a_redrive_that_comes_too_late_is_refused_and_leaves_nothing(any_store: Store) -> None:
    world = given_up(any_store, Result())
    now = world.clock.now()

    def run_it() -> None:
        redrive(world.store, "report", SLOT, now)
        world.step()

    with pytest.raises(InvalidRequest, match="is succeeded"):
        redrive(Meeting(world.store, run_it), "report", SLOT, now)  # type: ignore[arg-type]
    world.step(GUARD)

    assert len(world.targets.calls) == 3
    assert world.pending() == []


def test_a_record_that_vanished_meanwhile_is_no_run(any_store: Store) -> None:
    world = given_up(any_store)
    meeting = Meeting(world.store, lambda: None)
    lost = Write(won=False, current=None)
    meeting.write_run = lambda *_, **__: lost  # type: ignore[method-assign]

    with pytest.raises(InvalidRequest, match="there is no record"):
        redrive(meeting, "report", SLOT, world.clock.now())  # type: ignore[arg-type]
