"""Explain: for any instant, what happened or will happen, and why."""

import pytest

from builders import HOUR, MINUTE, definition
from tickline.admin import handle
from tickline.model import Call, Failure, Result
from tickline.store.sqlite import SqliteStore
from world import World


@pytest.fixture
def world(store: SqliteStore) -> World:
    return World(store)


def verdict(world: World, at: str) -> tuple[str, str]:
    answer = handle(world.admin, {"action": "explain", "job_id": "report", "at": at})
    assert answer["ok"], answer
    return answer["verdict"], answer["text"]


def put(world: World, **changes: object) -> None:
    job = {"job_id": "report", "schedule": "* * * * *", "target": "python:work"} | changes
    answer = handle(world.admin, {"action": "put_job", "job": job})
    assert answer["ok"], answer


def test_a_run_that_succeeded(world: World) -> None:
    put(world)
    world.step(MINUTE)

    assert verdict(world, "2026-03-02T12:01:00Z") == (
        "succeeded", "ran and succeeded at attempt 1, 0.000 s after it was due"
    )  # fmt: skip


def test_a_run_that_waits_and_one_that_was_given_up(store: SqliteStore) -> None:
    world = World(store, Result(failure=Failure.FUNCTION, error="Oops: no"))
    put(world, retry={"max_attempts": 2, "backoff": "5h", "max_backoff": "5h"})
    world.step(MINUTE)
    waiting = verdict(world, "2026-03-02T12:01:00Z")
    world.step(6 * HOUR)

    assert waiting == ("ready", "waits for attempt 2: Oops: no")
    assert verdict(world, "2026-03-02T12:01:00Z") == (
        "dead", "was given up at attempt 2: Oops: no; attempt 2 was the last one"
    )  # fmt: skip


def test_a_run_that_is_going_on(world: World) -> None:
    put(world)
    seen: list[tuple[str, str]] = []

    def look(_: Call) -> Result:
        seen.append(verdict(world, "2026-03-02T12:01:00Z"))
        return Result()

    world.targets.answers = [look]

    world.step(MINUTE)

    assert seen == [("running", "is running, attempt 1, since 2026-03-02T12:01:00.000Z")]


def test_a_queued_run_says_behind_which(store: SqliteStore) -> None:
    world = World(store, Result(failure=Failure.FUNCTION, error="Oops"))
    put(world, overlap="queue", retry={"backoff": "5h", "max_backoff": "5h"})
    world.step(MINUTE, times=2)

    assert (
        verdict(world, "2026-03-02T12:02:00Z")[1] == "waits for attempt 1: queued behind 2026-03-02T12:01:00Z"
    )


def test_a_missed_slot_and_those_that_were_skipped_with_it(world: World) -> None:
    put(world)
    world.step(MINUTE)
    world.step(9 * HOUR)

    first, inside = verdict(world, "2026-03-02T12:02:00Z"), verdict(world, "2026-03-02T15:00:00Z")
    assert first == ("skipped", "did not run: 539 slots were not started in time; catch_up=latest")
    assert inside[0] == "skipped"
    assert inside[1].startswith("skipped together with 2026-03-02T12:02:00Z: 539 slots were not started")


def test_a_slot_while_the_job_was_paused(world: World) -> None:
    put(world)
    handle(world.admin, {"action": "pause_job", "job_id": "report"})
    world.step(MINUTE, times=5)
    handle(world.admin, {"action": "run_job", "job_id": "report"})
    world.step()

    assert verdict(world, "2026-03-02T12:04:00Z") == (
        "skipped", "skipped together with 2026-03-02T12:01:00Z: the job is paused"
    )  # fmt: skip
    assert verdict(world, "2026-03-02T13:00:00Z")[0] == "will_be_skipped"


def test_a_slot_to_come(world: World) -> None:
    put(world)

    assert verdict(world, "2026-03-03T00:00:00Z") == ("will_run", "will run")


def test_a_slot_to_come_within_a_window(world: World) -> None:
    put(world, schedule="0 * * * *", window="30m")

    assert verdict(world, "2026-03-03T00:00:00Z")[1].endswith("later within its window")


def test_a_slot_to_come_of_a_job_that_has_had_its_runs(world: World) -> None:
    put(world, max_runs=1)
    will = verdict(world, "2026-03-02T12:05:00Z")
    world.step(MINUTE)

    assert will == ("will_run", "will run")
    assert verdict(world, "2026-03-02T12:05:00Z") == (
        "will_be_skipped", "will not run: max_runs=1 is reached"
    )  # fmt: skip


def test_an_instant_that_is_no_slot_is_told_its_neighbours(world: World) -> None:
    put(world)

    word, text = verdict(world, "2026-03-02T12:00:30Z")
    assert word == "not_a_slot"
    assert "the last one is 2026-03-02T12:00:00Z and the next one is 2026-03-02T12:01:00Z" in text


def test_an_instant_outside_start_and_end(world: World) -> None:
    put(world, start="2026-03-03T00:00:00Z", end="2026-03-04T00:00:00Z")

    assert verdict(world, "2026-03-02T12:01:00Z")[1] == "is before the job's start, 2026-03-03T00:00:00Z"
    assert verdict(world, "2026-03-05T12:01:00Z")[1] == "is after the job's end, 2026-03-04T00:00:00Z"


def test_a_schedule_without_any_slot(world: World) -> None:
    put(world, schedule="0 0 30 2 *")

    assert verdict(world, "2026-03-02T12:01:00Z")[1] == "is not a slot of 0 0 30 2 *; it has none at all"


def test_a_local_time_that_does_not_exist(world: World) -> None:
    put(world, schedule="30 2 * * *", zone="America/New_York")

    assert verdict(world, "2026-03-08T02:30:00") == (
        "no_such_time",
        "2026-03-08T02:30:00 does not exist in America/New_York: the clocks go forward over it",
    )


def test_a_local_time_is_read_in_the_zone_of_the_job(world: World) -> None:
    put(world, schedule="30 9 * * *", zone="America/New_York")

    assert verdict(world, "2026-03-09T09:30:00") == ("will_run", "will run")


def test_a_slot_before_the_job_was_made(world: World) -> None:
    put(world)

    assert verdict(world, "2026-03-01T00:00:00Z") == (
        "before_creation", "the job was made later, at 2026-03-02T12:00:00Z"
    )  # fmt: skip


def test_a_slot_that_no_tick_has_looked_at(world: World) -> None:
    put(world)
    world.clock.advance(MINUTE)

    assert verdict(world, "2026-03-02T12:01:00Z")[0] == "due"


def test_a_slot_whose_record_has_expired(world: World) -> None:
    put(world, history="7d", created_at="2026-01-01T00:00:00Z")

    assert verdict(world, "2026-02-01T00:00:00Z") == (
        "forgotten", "the history of this job is kept for 7d"
    )  # fmt: skip


def test_a_slot_that_was_none_at_its_time(world: World) -> None:
    put(world, created_at="2026-03-01T00:00:00Z")

    assert verdict(world, "2026-03-02T11:00:00Z")[0] == "unknown"


def test_a_job_that_is_broken_or_gone(world: World) -> None:
    put(world)
    world.step(MINUTE)
    world.store.put_job(definition(revision=2, schedule="x"), revision=1)
    broken = verdict(world, "2026-03-02T12:02:00Z")
    handle(world.admin, {"action": "delete_job", "job_id": "report"})

    assert broken[0] == "invalid"
    assert verdict(world, "2026-03-02T12:02:00Z")[0] == "deleted"
    assert verdict(world, "2026-03-02T12:01:00Z")[0] == "succeeded"
