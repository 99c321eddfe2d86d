"""Attempts that fail, and workers that die: retries, leases, giving up."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import MINUTE, NOW, SECOND, entry, job, run
from tickline.invoke import failure_notice
from tickline.model import Call, Failure, Result, Run, RunState
from tickline.ports import Store, Write
from tickline.records import retry_delay
from world import FAILED, Crash, World, crash

READY, RUNNING, SUCCEEDED = RunState.READY, RunState.RUNNING, RunState.SUCCEEDED
DEAD, SKIPPED = RunState.DEAD, RunState.SKIPPED

# failures


def test_a_failed_attempt_is_followed_by_others_until_one_succeeds(any_store: Store) -> None:
    world = World(any_store, FAILED, FAILED, Result(summary="at last"))
    world.put(schedule="at(2026-03-02T12:01:00)", retry={"backoff": "10s"})

    world.step(MINUTE)
    world.step(MINUTE, times=3)

    [done] = world.runs()
    assert done.state is SUCCEEDED
    assert done.attempt == 3
    assert done.result == "at last"
    assert [tried.outcome for tried in done.attempts] == ["function", "function", "succeeded"]
    assert len(set(world.targets.run_ids)) == 1
    assert world.pending() == []


def test_a_retry_is_not_rung_before_its_time(any_store: Store) -> None:
    world = World(any_store, FAILED)
    world.put(schedule="at(2026-03-02T12:01:00)", retry={"backoff": "10m"})
    world.step(MINUTE)
    [waiting] = world.runs()
    assert waiting.not_before is not None

    report = world.step(waiting.not_before - world.clock.now() - SECOND)
    calls = len(world.targets.calls)
    world.step(SECOND)

    assert report.wake_at == waiting.not_before
    assert (calls, len(world.targets.calls)) == (1, 2)


def test_a_run_is_given_up_after_its_last_attempt(any_store: Store) -> None:
    world = World(any_store, FAILED)
    world.put(schedule="at(2026-03-02T12:01:00)", retry={"max_attempts": 2, "backoff": "1s"})

    world.step(MINUTE, times=4)

    [dead] = world.runs()
    assert dead.state is DEAD
    assert dead.attempt == 2
    assert dead.error == "Oops: no"
    assert dead.reason == "attempt 2 was the last one"
    assert world.pending() == []


@pytest.mark.parametrize(
    ("failure", "changes", "reason"),
    [
        (Failure.PERMANENT, {}, "another attempt cannot succeed"),
        (Failure.FUNCTION, {"retry": {"retry_on": ["transport"]}}, "retry_on does not list function"),
        (Failure.NOT_STARTED, {"retry": {"retry_on": ["function"]}}, "retry_on does not list transport"),
        (
            Failure.FUNCTION,
            {"delivery": "at_most_once"},
            "delivery=at_most_once, and the target may have run",
        ),
        (
            Failure.UNKNOWN,
            {"delivery": "at_most_once"},
            "delivery=at_most_once, and the target may have run",
        ),
        (
            Failure.UNKNOWN,
            {"retry": {"max_age": "60s"}},
            "the next attempt would be later than retry.max_age (0:01:00)",
        ),
    ],
)
def test_some_failures_are_final(
    any_store: Store, failure: Failure, changes: dict[str, object], reason: str
) -> None:
    world = World(any_store, Result(failure=failure, error="no"))
    world.put(**changes)

    world.step(MINUTE)

    [dead] = world.runs()
    assert dead.state is DEAD
    assert dead.reason == reason


def test_what_did_not_start_is_tried_again_even_at_most_once(any_store: Store) -> None:
    world = World(any_store, Result(failure=Failure.NOT_STARTED, error="throttled"), Result())
    world.put(schedule="at(2026-03-02T12:01:00)", delivery="at_most_once", retry={"backoff": "1s"})

    world.step(MINUTE, times=2)

    assert world.states() == {"12:01:00": SUCCEEDED}


def test_an_attempt_of_unknown_end_is_not_followed_within_its_lease(any_store: Store) -> None:
    world = World(any_store, Result(failure=Failure.UNKNOWN, error="read timeout"))
    world.put(timeout="10m", retry={"backoff": "1s"})

    world.step(MINUTE)

    [waiting] = world.runs()
    assert waiting.state is READY
    assert waiting.not_before == NOW + MINUTE + 11 * MINUTE


def test_a_dead_run_rings_its_failure_target_once(any_store: Store) -> None:
    world = World(any_store, FAILED, Result())
    world.put(
        schedule="at(2026-03-02T12:01:00)",
        on_failure="python:alarm",
        retry={"max_attempts": 1},
        payload="secret",
    )

    world.step(MINUTE)
    world.step(SECOND, times=3)

    assert [call.target for call in world.targets.calls] == ["python:work", "python:alarm"]
    notice = world.targets.calls[1].payload
    assert notice["run_id"] == "report/2026-03-02T12:01:00Z"
    assert notice["error"] == "Oops: no"
    assert "secret" not in str(notice)
    assert world.pending() == []


def test_a_failure_notice_that_fails_rings_no_other(any_store: Store) -> None:
    world = World(any_store, FAILED)
    world.put(schedule="at(2026-03-02T12:01:00)", on_failure="python:alarm", retry={"max_attempts": 1})

    world.step(MINUTE, times=5)

    assert list(world.states()) == ["12:01:00", "f:2026-03-02T12:01:00Z"]
    assert world.pending() == []


# workers that die


def test_a_run_whose_worker_died_is_tried_again_after_its_lease(any_store: Store) -> None:
    world = World(any_store, crash, Result())
    world.put(schedule="at(2026-03-02T12:01:00)", timeout="30s")
    with pytest.raises(Crash):
        world.step(MINUTE)

    report = world.step(89 * SECOND)
    calls = len(world.targets.calls)
    world.step(2 * SECOND)

    [done] = world.runs()
    assert report.wake_at == NOW + MINUTE + 90 * SECOND
    assert calls == 1
    assert (done.state, done.attempt) == (SUCCEEDED, 2)
    assert done.attempts[0].outcome == "unknown"


def test_a_run_whose_worker_died_is_given_up_at_most_once(any_store: Store) -> None:
    world = World(any_store, crash)
    world.put(schedule="at(2026-03-02T12:01:00)", delivery="at_most_once")
    with pytest.raises(Crash):
        world.step(MINUTE)

    world.step(3 * MINUTE)

    [dead] = world.runs()
    assert dead.state is DEAD
    assert "at_most_once" in dead.reason
    assert len(world.targets.calls) == 1
    assert world.pending() == []


def test_a_run_whose_worker_dies_each_time_is_given_up(any_store: Store) -> None:
    world = World(any_store, crash)
    world.put(schedule="at(2026-03-02T12:01:00)", retry={"max_attempts": 2})
    for _ in range(2):
        with pytest.raises(Crash):
            world.step(3 * MINUTE)

    world.step(3 * MINUTE)

    assert world.states() == {"12:01:00": DEAD}


def test_a_worker_that_outlived_its_lease_changes_nothing(any_store: Store) -> None:
    world = World(any_store)

    def freeze(_: Call) -> Result:
        world.clock.advance(10 * MINUTE)
        world.tick()
        return Result(summary="too late")

    world.targets.answers = [freeze, Result(summary="second")]
    world.put(schedule="at(2026-03-02T12:01:00)")
    world.clock.advance(MINUTE)
    world.tick()

    world.answer(world.dispatcher.take()[0])
    world.step(SECOND)

    [done] = world.runs()
    assert (done.state, done.attempt, done.result) == (SUCCEEDED, 2, "second")


def test_a_worker_that_was_frozen_before_its_call_does_not_call(world: World) -> None:
    world.put()
    world.clock.advance(MINUTE)
    world.tick()
    now = world.clock.now
    instants = iter([now(), now(), now() + 6 * SECOND])
    world.clock.now = lambda: next(instants)  # type: ignore[method-assign]

    assert world.answer() == [None]
    assert world.targets.calls == []


def test_a_run_without_a_lease_counts_as_lost(world: World) -> None:
    world.put(schedule="at(2026-03-02T12:01:00)")
    world.clock.advance(MINUTE)
    world.tick()
    world.store.write_run(run(NOW + MINUTE, lease=None), replaces=None)
    world.dispatcher.take()

    world.step(SECOND)

    [done] = world.runs()
    assert (done.state, done.attempt) == (SUCCEEDED, 2)


def test_a_doorbell_of_an_earlier_attempt_starts_nothing(any_store: Store) -> None:
    world = World(any_store, FAILED)
    world.put(schedule="at(2026-03-02T12:01:00)", retry={"backoff": "1s", "max_attempts": 9})
    world.step(MINUTE)
    world.clock.advance(MINUTE)
    world.tick()
    [second] = world.dispatcher.take()
    world.answer(second)

    assert world.answer(second) == [None]
    assert [run.attempt for run in world.runs()] == [3]


def test_a_doorbell_whose_retry_is_gone_starts_nothing(any_store: Store) -> None:
    world = World(any_store, FAILED, Result())
    world.put(schedule="at(2026-03-02T12:01:00)", retry={"backoff": "1s"})
    world.step(MINUTE)
    world.clock.advance(MINUTE)
    world.tick()
    [second] = world.dispatcher.take()
    world.answer(second)
    world.store.put_entries([entry(NOW + MINUTE)])

    assert world.answer(second) == [None]
    assert world.pending() == []
    assert world.answer(replace(second, slot="2026-03-02T12:02:00Z")) == [None]


def test_a_start_whose_answer_was_lost_is_still_this_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put()
    write_run = world.store.write_run

    def twice(record: Run, **named: Any) -> Write:
        write_run(record, **named)
        return write_run(record, **named)

    world.clock.advance(MINUTE)
    world.tick()
    monkeypatch.setattr(world.store, "write_run", lambda record, **named: (
        twice(record, **named) if record.state is RUNNING else write_run(record, **named)
    ))  # fmt: skip
    world.answer()

    assert world.states() == {"12:01:00": SUCCEEDED}


@pytest.mark.parametrize(("backoff", "longest"), [("0s", 0), ("1s", 60), ("1d", 60)])
def test_delays_grow_to_their_ceiling_and_no_further(backoff: str, longest: int) -> None:
    checked = job(retry={"backoff": backoff, "max_backoff": "1h", "max_attempts": 186})

    delays = [retry_delay(checked, run(attempt=attempt)) for attempt in range(1, 187)]

    assert all(timedelta(0) <= delay <= longest * MINUTE for delay in delays)
    assert max(delays) >= 0.9 * longest * MINUTE


def test_delays_are_spread_like_chance_and_never_change() -> None:
    checked = job(retry={"backoff": "60s"})
    delays = [retry_delay(checked, run(NOW + i * MINUTE)) / MINUTE for i in range(1000)]

    assert 0.45 < sum(delays) / 1000 < 0.55
    assert sum(delay < 0.1 for delay in delays) in range(60, 140)
    assert retry_delay(checked, run()) == retry_delay(checked, run(owner="other"))


def test_a_failure_notice_without_a_record_says_what_it_can() -> None:
    assert failure_notice(None) == {"state": "dead"}
