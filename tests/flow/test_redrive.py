"""Redrive: a run that was given up gets another set of attempts, because a person asked for it."""

from dataclasses import replace

import pytest

from builders import DAY, HOUR, MINUTE, NOW, SECOND, run
from flow.redriving import ONCE, RETRY, SLOT, ask, given_up
from tickline.errors import InvalidRequest, JobNotFound
from tickline.model import Attempt, Cause, Failure, Result, RunState
from tickline.ports import Store
from tickline.records import LOGGED, log_attempt
from tickline.redrive import redrive
from world import FAILED, Crash, World, crash

READY, SUCCEEDED, DEAD = RunState.READY, RunState.SUCCEEDED, RunState.DEAD


def test_a_dead_run_is_tried_again_as_the_same_run(any_store: Store) -> None:
    world = given_up(any_store, Result(summary="at last"))

    answer = ask(world)
    world.step()

    [done] = world.runs()
    assert (answer["ok"], answer["state"], answer["attempt"]) == (True, "ready", 3)
    assert (done.state, done.result) == (SUCCEEDED, "at last")
    assert [tried.attempt for tried in done.attempts] == [1, 2, 3]
    assert set(world.targets.run_ids) == {f"report/{SLOT}"}
    assert world.pending() == []


def test_a_redriven_run_has_all_its_attempts_again_and_then_is_dead_again(any_store: Store) -> None:
    world = given_up(any_store, FAILED)

    ask(world)
    world.step()
    world.step(10 * SECOND)
    world.step(10 * HOUR)

    [done] = world.runs()
    assert (done.state, done.attempt, done.reason) == (DEAD, 4, "attempt 4 was the last one")
    assert world.pending() == []


def test_a_run_may_be_redriven_more_than_once(any_store: Store) -> None:
    world = given_up(any_store, FAILED, FAILED, Result())
    ask(world)
    world.step()
    world.step(10 * SECOND)

    ask(world)
    world.step()

    [done] = world.runs()
    assert (done.state, done.attempt) == (SUCCEEDED, 5)


def test_the_age_of_a_redriven_run_is_counted_from_the_redrive(any_store: Store) -> None:
    world = given_up(any_store, FAILED, Result(), retry=RETRY | {"max_age": "1h"})

    ask(world)
    world.step()
    waiting = world.runs()[0].state
    world.step(10 * SECOND)

    assert waiting is READY
    assert world.runs()[0].state is SUCCEEDED


def test_the_backoff_of_a_redriven_run_begins_anew(any_store: Store) -> None:
    world = given_up(any_store, FAILED, Result())

    ask(world)
    world.step()

    not_before = world.runs()[0].not_before
    assert not_before is not None
    assert not_before - world.clock.now() <= 10 * SECOND


def test_a_slot_far_behind_its_windows_is_run_when_a_person_asks(any_store: Store) -> None:
    world = given_up(any_store, Result())
    world.step(30 * DAY)

    ask(world)
    world.step()

    assert world.runs()[0].state is SUCCEEDED


def test_a_paused_job_s_run_can_be_redriven(any_store: Store) -> None:
    world = given_up(any_store, Result())
    world.admin.pause_job("report")

    ask(world)
    world.step()

    assert world.runs()[0].state is SUCCEEDED


def test_an_at_most_once_run_is_started_again_since_a_person_asked(any_store: Store) -> None:
    world = World(any_store, FAILED, Result())
    world.put(schedule=ONCE, delivery="at_most_once")
    world.step(MINUTE)

    ask(world)
    world.step(SECOND)

    assert [call.context.attempt for call in world.targets.calls] == [1, 2]
    assert world.runs()[0].state is SUCCEEDED


def test_a_redriven_run_whose_worker_dies_is_taken_up_again(any_store: Store) -> None:
    world = given_up(any_store, crash, Result())
    ask(world)
    with pytest.raises(Crash):
        world.step()

    world.step(HOUR)

    [done] = world.runs()
    assert (done.state, done.attempt) == (SUCCEEDED, 4)


def test_a_run_now_can_be_redriven(any_store: Store) -> None:
    world = World(any_store, FAILED, Result())
    world.put(schedule="at(2090-01-01T00:00:00)", retry={"max_attempts": 1})
    world.admin.run_job("report", token="t")
    world.step()

    ask(world, slot="m:t")
    world.step(SECOND)

    assert world.states() == {"m:t": SUCCEEDED}


def test_the_timeline_does_not_go_on_from_a_redriven_slot(world: World) -> None:
    world.targets.answers = [FAILED, Result()]
    world.put(retry={"max_attempts": 1})
    world.step(MINUTE, times=10)

    ask(world)
    world.step()

    assert len(world.runs()) == 10
    assert world.pending() == [("report", "2026-03-02T12:11:00Z")]


# who watches it


def test_the_history_says_that_a_person_asked(any_store: Store) -> None:
    world = given_up(any_store, Result())
    ask(world)
    waits = world.admin.explain("report", SLOT)["text"]
    world.step()

    view = world.admin.get_run("report", SLOT)
    text = world.admin.explain("report", SLOT)["text"]

    at = "2026-03-02T17:01:10.000Z"
    assert view["redriven_at"] == at
    assert waits == f"waits for attempt 3: Oops: no; redriven by hand at {at}"
    assert text == f"ran and succeeded at attempt 3, 0.000 s after it was due; redriven by hand at {at}"


def test_a_redriven_run_is_no_dead_run_and_is_not_forgotten(any_store: Store) -> None:
    world = given_up(any_store)

    ask(world)

    [waiting] = world.runs()
    assert world.admin.list_runs(state="dead")["runs"] == []
    assert (waiting.expires_at, waiting.ended_at) == (None, None)


def test_a_run_that_is_dead_again_is_told_of_again(any_store: Store) -> None:
    world = given_up(any_store, Result(), FAILED, FAILED, Result(), on_failure="python:alarm")
    ask(world)
    for _ in range(3):
        world.step(10 * SECOND)

    notices = [call for call in world.targets.calls if call.target == "python:alarm"]

    assert [notice.payload["attempts"] for notice in notices] == [2, 4]
    assert {notice.payload["run_id"] for notice in notices} == {f"report/{SLOT}"}
    assert world.pending() == []


def test_the_log_of_very_many_attempts_keeps_the_first_and_the_newest() -> None:
    tried = Attempt(attempt=1, started_at=NOW, ended_at=NOW, outcome="function")
    full = run(attempt=LOGGED + 1, attempts=tuple(replace(tried, attempt=n + 1) for n in range(LOGGED)))

    log = log_attempt(full, NOW, Failure.FUNCTION, "")

    assert len(log) == LOGGED
    assert [attempt.attempt for attempt in log[:2]] == [1, 3]
    assert log[-1].attempt == LOGGED + 1


# limits


def test_a_redriven_run_is_not_counted_twice_by_max_runs(world: World) -> None:
    world.targets.answers = [FAILED, Result()]
    world.put(max_runs=2, retry={"max_attempts": 1})
    world.step(MINUTE)

    ask(world)
    world.step(MINUTE, times=3)

    assert list(world.states().values())[:2] == [SUCCEEDED, SUCCEEDED]
    assert world.store.states(["report"])["report"].started == 2


@pytest.mark.parametrize("overlap", ["skip", "queue"])
def test_a_redriven_run_waits_for_the_open_one_whatever_overlap_says(any_store: Store, overlap: str) -> None:
    world = World(any_store, FAILED, crash, Result())
    world.put(overlap=overlap, retry={"max_attempts": 1}, timeout="10m")
    world.step(MINUTE)
    with pytest.raises(Crash):
        world.step(MINUTE)

    ask(world)
    rung = world.step().rung
    meanwhile = world.runs()[0].state
    world.step(12 * MINUTE)
    world.step(SECOND)

    assert (rung, meanwhile) == (0, READY)
    assert len(world.targets.calls) > 2
    assert world.runs()[0].state is SUCCEEDED
    assert not world.store.states(["report"])["report"].active


def test_a_doorbell_that_meets_an_open_run_leaves_the_redriven_one_waiting(any_store: Store) -> None:
    world = World(any_store, FAILED, crash)
    world.put(overlap="skip", retry={"max_attempts": 1}, timeout="10m")
    world.step(MINUTE)
    ask(world)
    world.clock.advance(MINUTE)
    world.tick()
    redriven, other = sorted(world.dispatcher.take(), key=lambda bell: bell.slot)
    with pytest.raises(Crash):
        world.answer(other)

    world.answer(redriven)

    waiting = world.runs()[0]
    assert (waiting.state, waiting.attempt) == (READY, 2)


def test_no_other_run_starts_beside_a_redriven_one(any_store: Store) -> None:
    world = World(any_store, FAILED, crash)
    world.put(overlap="skip", retry={"max_attempts": 1}, timeout="10m")
    world.step(MINUTE)
    ask(world)
    with pytest.raises(Crash):
        world.step()

    world.step(MINUTE)

    assert [record.cause for record in world.runs()] == [None, Cause.OVERLAP]


def test_a_redriven_run_of_a_job_that_is_deleted_meanwhile_is_given_up(any_store: Store) -> None:
    world = given_up(any_store)
    ask(world)
    world.admin.delete_job("report")

    world.step()

    [gone] = world.runs()
    assert (gone.state, gone.reason) == (DEAD, "given up while open: the job was deleted")
    assert world.pending() == []


# refusals


def test_only_a_dead_run_can_be_redriven(world: World) -> None:
    world.put(schedule=ONCE)
    world.step(MINUTE)

    answer = ask(world)

    assert answer["error"]["code"] == "invalid_request"
    assert answer["error"]["message"] == f"run report/{SLOT} is succeeded; only a dead run can be redriven"


def test_a_run_of_a_deleted_job_cannot_be_redriven(any_store: Store) -> None:
    world = given_up(any_store)
    world.admin.delete_job("report")

    with pytest.raises(JobNotFound):
        redrive(world.store, "report", SLOT, world.clock.now())


@pytest.mark.parametrize(
    ("slot", "message"),
    [
        ("2026-03-02T12:05:00Z", "there is no record of run report/2026-03-02T12:05:00Z"),
        ("m:nosuch", "there is no record of run report/m:nosuch"),
        ("x:y", "there is no slot 'x:y'"),
        ("noon", 'slot: "noon" is not a date and time'),
    ],
)
def test_a_slot_without_a_run_is_refused(world: World, slot: str, message: str) -> None:
    world.put()

    with pytest.raises(InvalidRequest) as refused:
        redrive(world.store, "report", slot, NOW)

    assert str(refused.value).startswith(message)


def test_a_slot_may_be_written_by_the_clock_of_the_job_s_zone(any_store: Store) -> None:
    world = given_up(any_store, zone="Europe/Berlin", schedule="at(2026-03-02T13:01:00)")

    assert redrive(world.store, "report", "2026-03-02T13:01:00", world.clock.now()).slot == SLOT
