"""Jobs that change under way: paused, edited, deleted, completed, broken, healed."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from builders import HOUR, MINUTE, NOW, SECOND, definition, doorbell, run
from tickline import document, policy, tick
from tickline.model import Cause, Entry, Job, Result, Run, RunState
from tickline.policy import Decision
from tickline.ports import Store, Write
from tickline.tick import sweep
from world import FAILED, Crash, World, crash

READY, RUNNING, SUCCEEDED = RunState.READY, RunState.RUNNING, RunState.SUCCEEDED
DEAD, SKIPPED = RunState.DEAD, RunState.SKIPPED

# pause, delete, edit


def test_a_paused_job_records_that_it_did_not_run(world: World) -> None:
    world.put()
    world.admin.pause_job("report")

    world.step(MINUTE, times=3)

    [record] = world.runs()
    assert (record.state, record.cause, record.count) == (SKIPPED, Cause.PAUSED, 0)
    assert world.pending() == []


def test_a_resumed_job_goes_on_with_its_next_slot(world: World) -> None:
    world.put()
    world.admin.pause_job("report")
    world.step(MINUTE, times=3)

    world.admin.resume_job("report")
    world.step(MINUTE)

    assert world.states() == {"12:01:00": SKIPPED, "12:04:00": SUCCEEDED}


def test_a_pause_stops_a_doorbell_in_flight(world: World) -> None:
    world.put()
    world.clock.advance(MINUTE)
    world.tick()
    world.admin.pause_job("report")

    world.answer()
    world.step(MINUTE)

    assert world.targets.calls == []
    assert world.states()["12:01:00"] is SKIPPED


def test_an_open_run_of_a_paused_job_goes_on_to_its_end(any_store: Store) -> None:
    world = World(any_store, FAILED, Result())
    world.put(retry={"backoff": "1s"})
    world.step(MINUTE)
    world.admin.pause_job("report")

    world.step(MINUTE)

    assert world.states() == {"12:01:00": SUCCEEDED, "12:02:00": SKIPPED}


def test_a_deleted_job_runs_no_more_and_keeps_its_history(world: World) -> None:
    world.put()
    world.step(MINUTE)
    world.admin.delete_job("report")

    world.step(MINUTE, times=2)

    assert world.states() == {"12:01:00": SUCCEEDED, "12:02:00": SKIPPED}
    assert world.runs()[1].cause is Cause.DELETED
    assert world.pending() == []


@pytest.mark.parametrize("began", [FAILED, crash], ids=["waiting for its retry", "running"])
def test_an_open_run_of_a_deleted_job_is_given_up(any_store: Store, began: Result) -> None:
    world = World(any_store, began)
    world.put(schedule="at(2026-03-02T12:01:00)")
    with suppress(Crash):
        world.step(MINUTE)
    world.admin.delete_job("report")

    world.step(3 * MINUTE)

    [dead] = world.runs()
    assert dead.state is DEAD
    assert dead.reason == "given up while open: the job was deleted"


def test_a_job_that_is_made_anew_counts_anew(world: World) -> None:
    world.put(max_runs=1)
    world.step(MINUTE, times=2)
    world.admin.delete_job("report")

    world.admin.put_job({"job_id": "report", "schedule": "* * * * *", "target": "python:work", "max_runs": 1})
    world.step(MINUTE)

    assert world.states()["12:03:00"] is SUCCEEDED


def test_an_edit_neither_loses_nor_doubles_a_slot(world: World) -> None:
    world.put(schedule="*/2 * * * *")
    world.put(schedule="*/3 * * * *")

    world.step(MINUTE, times=6)

    assert world.targets.run_ids == ["report/2026-03-02T12:03:00Z", "report/2026-03-02T12:06:00Z"]
    assert world.runs()[0].cause is Cause.EDITED


def test_an_edit_that_keeps_a_due_slot_runs_it(world: World) -> None:
    world.put(schedule="*/2 * * * *")
    world.clock.advance(2 * MINUTE)

    world.put(schedule="* * * * *")
    world.step()

    assert world.states() == {"12:02:00": SUCCEEDED}


def test_an_edit_of_the_payload_alone_writes_nothing_to_the_timeline(world: World) -> None:
    world.put()

    world.put(payload=1)

    assert world.pending() == [("report", "2026-03-02T12:01:00Z")]


# completion


def test_a_completed_job_may_delete_itself(world: World) -> None:
    world.put(schedule="at(2026-03-02T12:01:00)", on_complete="delete")

    world.step(MINUTE)
    kept = world.store.job("report")
    world.step(SECOND)

    assert kept is not None
    assert world.store.job("report") is None
    assert world.pending() == []
    assert world.states() == {"12:01:00": SUCCEEDED}


def test_a_job_with_max_runs_deletes_itself_after_the_last(world: World) -> None:
    world.put(max_runs=2, on_complete="delete")

    world.step(MINUTE, times=4)

    assert world.store.job("report") is None
    assert [record.state for record in world.runs()][:2] == [SUCCEEDED, SUCCEEDED]


def test_a_job_is_not_deleted_while_a_run_of_it_is_open(any_store: Store) -> None:
    world = World(any_store, FAILED, Result())
    retry = {"backoff": "5h", "max_backoff": "5h"}
    world.put(end="2026-03-02T12:02:00Z", on_complete="delete", retry=retry)

    world.step(MINUTE, times=3)
    kept = world.store.job("report")
    world.step(HOUR, times=6)

    assert kept is not None
    assert world.store.job("report") is None
    assert world.states() == {"12:01:00": SUCCEEDED, "12:02:00": SUCCEEDED}


def test_a_job_is_not_deleted_before_its_last_slot_is_decided(world: World) -> None:
    world.put(end="2026-03-02T12:02:00Z", on_complete="delete", catch_up="all")
    world.clock.advance(HOUR)

    world.step(times=4)

    assert world.states() == {"12:01:00": SUCCEEDED, "12:02:00": SUCCEEDED}
    assert world.store.job("report") is None


# bad definitions


def test_a_bad_definition_is_set_aside_and_stops_nobody(world: World) -> None:
    world.put(job_id="good")
    world.put()
    world.store.put_job(definition(revision=2, schedule="every now and then"), revision=1)

    world.step(MINUTE)

    assert world.states("good") == {"12:01:00": SUCCEEDED}
    [record] = world.runs()
    assert (record.state, record.cause) == (SKIPPED, Cause.INVALID)
    assert "schedule" in record.reason


def test_a_definition_that_was_corrected_by_hand_runs_again(world: World) -> None:
    world.put()
    world.store.put_job(definition(revision=2, schedule="nonsense"), revision=1)
    world.step(MINUTE)
    world.store.put_job(definition(revision=3), revision=2)

    sweep(world.store, world.clock.now())
    world.step(MINUTE)

    assert world.states()["12:02:00"] is SUCCEEDED


def test_a_sweep_finds_jobs_that_were_written_by_hand(world: World) -> None:
    for name in ("a", "b", "c"):
        world.store.put_job(definition(name), revision=None)
    world.store.put_job(definition("broken", schedule="x"), revision=None)

    after = sweep(world.store, NOW, limit=2)
    rest = sweep(world.store, NOW, after=after, limit=3)

    assert (after, rest) == ("b", "")
    assert world.pending() == [(name, "2026-03-02T12:01:00Z") for name in ("a", "b", "c")]


def test_a_definition_that_no_check_foresaw_stops_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(job_id="good")
    world.put(job_id="cursed")
    real = document.read_job

    def read_job(given: Any) -> Job:
        if given["job_id"] == "cursed":
            raise OverflowError("a bug")
        return real(given)

    monkeypatch.setattr(tick, "read_job", read_job)

    world.step(MINUTE)
    sweep(world.store, world.clock.now())

    [record] = world.runs("cursed")
    assert world.states("good") == {"12:01:00": SUCCEEDED}
    assert (record.state, record.cause) == (SKIPPED, Cause.INVALID)
    assert "cannot be understood (OverflowError)" in record.reason


def test_an_entry_that_cannot_be_decided_stops_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put(job_id="good")
    world.put(job_id="cursed")
    real = policy.decide

    def decide(entry: Entry, *rest: Any, **named: Any) -> Decision:
        if entry.job_id == "cursed":
            raise RuntimeError("a bug")
        return real(entry, *rest, **named)

    monkeypatch.setattr(tick, "decide", decide)

    report = world.step(MINUTE + SECOND)

    assert report.failed == 1
    assert world.states("good") == {"12:01:00": SUCCEEDED}
    assert ("cursed", "2026-03-02T12:01:00Z") in world.pending()


def test_an_edit_of_the_window_neither_loses_nor_repeats_a_slot(world: World) -> None:
    world.put(schedule="0 * * * *", created_at="2026-03-02T00:00:00Z")
    world.clock.advance(HOUR - SECOND)

    world.put(schedule="0 * * * *", created_at="2026-03-02T00:00:00Z", window="50m")
    world.step(MINUTE, times=200)

    assert [record.slot[11:16] for record in world.runs()] == ["13:00", "14:00", "15:00"]
    assert all(record.state is SUCCEEDED for record in world.runs())


def test_an_edit_of_the_whole_schedule_within_its_window_goes_on(world: World) -> None:
    world.put(schedule="0 * * * *", window="50m", end="2026-03-02T14:00:00Z")
    world.clock.advance(HOUR)

    world.put(schedule="30 * * * *", window="50m", end="2026-03-02T15:00:00Z")
    world.step(MINUTE, times=240)

    ran = [record.slot[11:16] for record in world.runs() if record.state is SUCCEEDED]
    assert ran == ["13:30", "14:30"]


def test_a_decision_that_another_made_first_is_respected(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(catch_up="skip")
    world.clock.advance(HOUR)
    write_run = world.store.write_run

    def race(record: Run, **named: Any) -> Write:
        write_run(run(NOW + MINUTE, lease=world.clock.now() + MINUTE), replaces=None)
        return write_run(record, **named)

    monkeypatch.setattr(world.store, "write_run", race)
    world.step()

    assert world.states() == {"12:01:00": RUNNING}
    assert ("report", "2026-03-02T12:01:00Z") in world.pending()


def test_a_record_that_changes_all_the_time_waits_for_the_next_tick(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(catch_up="skip")
    world.clock.advance(HOUR)
    monkeypatch.setattr(world.store, "write_run", lambda *_, **__: Write(won=False))

    report = world.step()

    assert report.records == []
    assert world.pending() == [("report", "2026-03-02T12:01:00Z")]


def test_a_completed_job_that_was_just_edited_is_not_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(schedule="at(2026-03-02T12:01:00)", on_complete="delete")
    world.step(MINUTE)
    list_runs = world.store.list_runs

    def edit_first(*args: Any, **named: Any) -> Any:
        world.store.put_job(definition(revision=2), revision=1)
        return list_runs(*args, **named)

    monkeypatch.setattr(world.store, "list_runs", edit_first)
    world.step(SECOND)

    kept = world.store.job("report")
    assert kept is not None
    assert kept.revision == 2


def test_run_now_of_a_job_that_deletes_itself_leaves_it(world: World) -> None:
    world.put(on_complete="delete")
    world.admin.run_job("report", token="now")

    world.step()
    world.step()

    assert world.store.job("report") is not None
    assert world.states() == {"m:now": SUCCEEDED}


def test_a_job_that_was_broken_before_its_retry_is_given_up(any_store: Store) -> None:
    world = World(any_store, FAILED)
    world.put(schedule="at(2026-03-02T12:01:00)")
    world.step(MINUTE)
    [bell] = [replace(doorbell(), attempt=2)]
    world.store.put_job(definition(revision=2, schedule="x"), revision=1)

    assert world.answer(bell) == [None]
    world.step(MINUTE)
    assert world.runs()[0].reason == "given up while open: the job is not valid any more"


def test_a_decision_whose_maker_died_is_finished_in_the_same_pass(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(catch_up="skip")
    world.clock.advance(HOUR)
    write_run = world.store.write_run

    def race(record: Run, **named: Any) -> Write:
        write_run(record, **named)  # another tick decides the same, and dies
        return write_run(record, **named)

    monkeypatch.setattr(world.store, "write_run", race)
    world.tick()

    assert world.pending() == [("report", "2026-03-02T13:01:00Z")]
