"""Missed slots: what the three policies do after an outage of any length, and what that may cost.

A tick that is off for a while is a clock that moves without ticks.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from builders import DAY, HOUR, MINUTE, NOW, SECOND
from tickline.model import Cause, RunState
from tickline.policy import CAP
from tickline.store.sqlite import SqliteStore
from world import World

SUCCEEDED, SKIPPED = RunState.SUCCEEDED, RunState.SKIPPED

OUTAGES = {"1m": MINUTE, "9h": 9 * HOUR, "30d": 30 * DAY}


def after_outage(world: World, outage: timedelta, **changes: Any) -> World:
    """Put a job of every minute, let it run once, stop ticking for `outage`, tick once."""
    world.put(**changes)
    world.step(MINUTE)
    world.step(outage)
    return world


def caught_up(world: World) -> int:
    """Return how many slots ran after the first."""
    return sum(run.state is SUCCEEDED for run in world.runs()) - 1


@pytest.mark.parametrize(
    ("outage", "policy", "ran", "skipped", "cause"),
    [
        # An outage shorter than misfire_after misses nothing, whatever the policy.
        ("1m", "skip", 1, 0, None),
        ("1m", "latest", 1, 0, None),
        ("1m", "all", 1, 0, None),
        # 540 slots are due; the first is as old as the outage.
        ("9h", "skip", 0, 540, Cause.MISSED),
        ("9h", "latest", 1, 539, Cause.MISSED),
        ("9h", "all", 100, 440, Cause.CAP),
        # 43,200 slots are due; most are older than the window of a day.
        ("30d", "skip", 0, 43_200, Cause.WINDOW),
        ("30d", "latest", 1, 43_199, Cause.WINDOW),
        ("30d", "all", 100, 43_100, Cause.WINDOW),
    ],
)
def test_each_policy_does_what_it_says_after_each_outage(
    world: World, outage: str, policy: str, ran: int, skipped: int, cause: Cause | None
) -> None:
    after_outage(world, OUTAGES[outage], catch_up=policy)

    records = [run for run in world.runs() if run.state is SKIPPED]
    assert caught_up(world) == ran
    assert sum(record.count for record in records) == skipped
    assert [record.cause for record in records] == ([] if cause is None else [cause])


@pytest.mark.parametrize("policy", ["skip", "latest", "all"])
@pytest.mark.parametrize("outage", ["1m", "9h", "30d"])
def test_every_slot_has_exactly_one_fate(world: World, outage: str, policy: str) -> None:
    after_outage(world, OUTAGES[outage], catch_up=policy)
    world.step(MINUTE)

    slots = world.tick_of.store.list_runs("report", limit=1000)
    fates = Counter({run.slot: 1 for run in slots if run.state is SUCCEEDED})
    ranges = [(run.slot, run.until) for run in slots if run.state is SKIPPED]

    expected = int((OUTAGES[outage] + 2 * MINUTE) / MINUTE)
    assert len(fates) + sum(run.count for run in slots if run.state is SKIPPED) == expected
    assert all(until is not None and not any(a <= slot < until for slot in fates) for a, until in ranges)
    assert world.pending() == [("report", (NOW + (expected + 1) * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ"))]


def test_the_latest_run_knows_how_many_it_stands_for(world: World) -> None:
    after_outage(world, 9 * HOUR)

    assert world.targets.calls[-1].context.missed_count == 539
    assert world.targets.calls[-1].context.scheduled_time == NOW + 9 * HOUR + MINUTE


def test_all_runs_the_newest_in_order(world: World) -> None:
    after_outage(world, 9 * HOUR, catch_up="all")

    ran = world.targets.run_ids[1:]
    assert len(ran) == CAP
    assert ran == sorted(ran)
    assert ran[-1] == "report/2026-03-02T21:01:00Z"


def test_all_runs_everything_that_fits(world: World) -> None:
    after_outage(world, 9 * HOUR, catch_up="all", schedule="0 * * * *")

    assert len(world.targets.calls) == 9
    assert all(run.state is SUCCEEDED for run in world.runs())


def test_all_stops_at_the_window(world: World) -> None:
    after_outage(world, 9 * HOUR, catch_up="all", schedule="0 * * * *", catch_up_window="4h")

    assert [run.slot[11:13] for run in world.runs() if run.state is SUCCEEDED] == ["18", "19", "20", "21"]
    [skipped] = [run for run in world.runs() if run.state is SKIPPED]
    assert (skipped.cause, skipped.count) == (Cause.WINDOW, 5)


def test_latest_runs_nothing_that_is_older_than_the_window(world: World) -> None:
    after_outage(world, 9 * HOUR, schedule="at(2026-03-02T13:00:00)", catch_up_window="4h")

    [record] = world.runs()
    assert (record.state, record.cause) == (SKIPPED, Cause.WINDOW)


def test_a_slot_later_than_misfire_after_is_missed(world: World) -> None:
    world.put(schedule="0 13 * * *", catch_up="skip", misfire_after="10m")

    world.step(HOUR + 10 * MINUTE)
    world.step(DAY + SECOND)

    assert [run.state for run in world.runs()] == [SUCCEEDED, SKIPPED]


def test_a_job_that_is_faster_than_the_tick_misses_nothing(world: World) -> None:
    world.put(schedule="rate(10 seconds)")

    world.step(MINUTE, times=3)

    assert len(world.runs()) == 18
    assert all(run.state is SUCCEEDED for run in world.runs())


def test_a_second_outage_during_the_catch_up_loses_nothing(world: World) -> None:
    world.put(catch_up="latest")
    world.step(MINUTE)
    world.clock.advance(9 * HOUR)
    world.tick()
    world.dispatcher.take()

    world.step(9 * HOUR)
    world.step()

    assert world.targets.run_ids[-1] == "report/2026-03-03T06:01:00Z"
    assert sum(run.count for run in world.runs()) + caught_up(world) == 18 * 60


def test_a_tick_that_died_after_its_decision_is_finished_by_the_next(world: World) -> None:
    world.put(catch_up="latest")
    world.clock.advance(9 * HOUR)
    put = world.store.put_entries

    def die(_: object) -> None:
        raise KeyboardInterrupt

    world.store.put_entries = die  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        world.tick()
    world.store.put_entries = put  # type: ignore[method-assign]
    decided = world.runs()

    world.step(SECOND)

    assert [run.state for run in decided] == [SKIPPED]
    assert [run.state for run in world.runs()] == [SKIPPED, SUCCEEDED]
    assert world.targets.calls[-1].context.missed_count == 539


class CountingStore(SqliteStore):
    """Counts what a tick asks for, and reads nothing that it would not."""

    calls = 0

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if callable(value) and not name.startswith("_"):
            type(self).calls += 1
        return value


@pytest.mark.parametrize("policy", ["skip", "latest"])
def test_the_first_tick_after_30_days_is_bounded(tmp_path: Any, policy: str) -> None:
    store = CountingStore(tmp_path / "tickline.db")
    world = World(store)
    jobs = 200
    for number in range(jobs):
        world.put(job_id=f"job-{number}", schedule="* * * ? * * *", catch_up=policy)
    world.clock.advance(30 * DAY)
    CountingStore.calls = 0

    report = world.tick()

    # Each job costs its entry, one record, and with `latest` the entry of its latest slot: 2,592,000
    # missed slots of each make no difference.
    assert report.entries <= 2 * jobs
    assert report.rung <= jobs
    assert len(report.records) == jobs
    assert CountingStore.calls <= 20 + jobs
    store.close()


def test_a_tick_that_runs_out_of_time_leaves_the_rest_due(world: World) -> None:
    for number in range(5):
        world.put(job_id=f"job-{number}")
    world.clock.advance(MINUTE)
    small = type(world.tick_of)(store=world.store, dispatcher=world.dispatcher, page=2)

    report = small(world.clock.now(), out_of_time=lambda: True)
    first = len(world.dispatcher.take())
    world.step()

    assert report.unfinished
    assert report.wake_at == world.clock.now()
    assert first == 2
    assert len(world.targets.calls) == 5
