"""The admin face: every action from JSON to JSON, and every mistake answered."""

from typing import Any

import pytest

from builders import DAY, HOUR, MINUTE, NOW, SECOND, definition, document, entry, run
from tickline.admin import ACTIONS, MAX_PAGE, handle
from tickline.errors import StoreBusy
from tickline.model import Failure, Result, RunState
from tickline.store.sqlite import SqliteStore
from world import World


@pytest.fixture
def world(store: SqliteStore) -> World:
    return World(store)


def ask(world: World, action: str, **arguments: Any) -> dict[str, Any]:
    """Ask and expect an answer."""
    answer: dict[str, Any] = handle(world.admin, {"action": action, **arguments})
    assert answer.pop("ok") is True, answer
    return answer


def refuse(world: World, action: str, **arguments: Any) -> dict[str, Any]:
    """Ask and expect a refusal."""
    answer = handle(world.admin, {"action": action, **arguments})
    assert answer["ok"] is False
    error: dict[str, Any] = answer["error"]
    return error


# requests


@pytest.mark.parametrize(
    ("request_", "field", "message"),
    [
        (None, "", 'null is not an object; for example {"action": "list_jobs"}'),
        ({}, "action", "null is not an action; one of: put_job"),
        ({"action": ["x"]}, "action", '["x"] is not an action'),
        ({"action": "get_job"}, "job_id", "get_job needs job_id"),
        ({"action": "get_job", "job": "x"}, "job", 'get_job takes no "job"; it takes: job_id, upcoming'),
        ({"action": "doctor", "x": 1}, "x", 'doctor takes no "x"; it takes: nothing'),
        ({"action": "get_job", "job_id": 5}, "job_id", "job_id is 5; it must be text"),
        ({"action": "list_jobs", "limit": "5"}, "limit", 'limit is "5"; it must be a whole number'),
        ({"action": "list_jobs", "limit": True}, "limit", "limit is true; it must be a whole number"),
        ({"action": "put_job", "job": {}, "create": 1}, "create", "create is 1; it must be true or false"),
        ({"action": "list_runs", "limit": 0}, "limit", f"0 is not between 1 and {MAX_PAGE}"),
        ({"action": "list_runs", "page": "x"}, "page", '"x" is not a next_page of an earlier answer'),
        ({"action": "list_runs", "state": "lost"}, "state", '"lost" is not one of: ready, running'),
        ({"action": "run_job", "job_id": "a", "token": "a b"}, "token", 'token "a b" is not 1 to 64'),
        ({"action": "explain", "job_id": "a", "at": "now"}, "at", "at: "),
        ({"action": "next_times", "schedule": "* * * * *", "after": "x"}, "after", "after: "),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(
    world: World, request_: object, field: str, message: str
) -> None:
    world.put(job_id="a")

    answer = handle(world.admin, request_)

    assert answer["ok"] is False
    assert answer["error"]["code"] == "invalid_request"
    assert answer["error"]["field"] == field
    assert answer["error"]["message"].startswith(message)


def test_a_store_that_does_not_answer_is_said_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise StoreBusy("locked")

    monkeypatch.setattr(world.store, "list_jobs", busy)

    assert refuse(world, "list_jobs") == {"code": "store_error", "message": "locked", "field": ""}


def test_every_action_that_names_a_job_knows_when_there_is_none(world: World) -> None:
    for action in ("get_job", "delete_job", "pause_job", "resume_job", "run_job", "list_runs"):
        assert refuse(world, action, job_id="nobody")["code"] == "job_not_found", action
    assert refuse(world, "explain", job_id="nobody", at="2026-01-01T00:00:00Z")["code"] == "job_not_found"


def test_every_action_has_a_promise() -> None:
    assert all(action.__doc__ for action in ACTIONS.values())


# jobs


def test_a_new_job_is_told_when_it_runs(world: World) -> None:
    answer = ask(world, "put_job", job=document())

    assert answer["created"] is True
    assert answer["revision"] == 1
    assert answer["next"][0] == "2026-03-02T12:01:00Z"
    assert world.pending() == [("report", "2026-03-02T12:01:00Z")]


def test_an_invalid_job_is_refused_whole_with_all_its_problems(world: World) -> None:
    error = refuse(world, "put_job", job=document(enabled=1, timeout=1))

    assert error["code"] == "invalid_job"
    assert error["field"] == "enabled"
    assert [problem["field"] for problem in error["problems"]] == ["enabled", "timeout"]
    assert world.store.job("report") is None


def test_a_job_is_created_only_once_when_asked(world: World) -> None:
    ask(world, "put_job", job=document(), create=True)

    assert refuse(world, "put_job", job=document(), create=True)["code"] == "job_exists"


def test_an_edit_keeps_the_creation_and_moves_the_revision(world: World) -> None:
    ask(world, "put_job", job=document())
    world.clock.advance(HOUR)

    answer = ask(world, "put_job", job=document(zone="Europe/Paris"))

    stored = world.store.job("report")
    assert stored is not None
    assert stored.document["created_at"] == "2026-03-02T12:00:00Z"
    assert (answer["created"], answer["revision"]) == (False, 2)


def test_an_edit_that_changes_nothing_writes_nothing(world: World) -> None:
    ask(world, "put_job", job=document())

    assert ask(world, "put_job", job=document())["revision"] == 1


def test_an_edit_may_be_bound_to_the_revision_it_read(world: World) -> None:
    ask(world, "put_job", job=document())

    assert refuse(world, "put_job", job=document(zone="Asia/Tokyo"), revision=7)["code"] == "conflict"
    assert refuse(world, "put_job", job=document("new"), revision=1)["code"] == "conflict"
    assert ask(world, "put_job", job=document(zone="Asia/Tokyo"), revision=1)["revision"] == 2


def test_an_edit_that_races_another_reads_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(world, "put_job", job=document())
    put_job = world.store.put_job
    lost = iter([False])
    monkeypatch.setattr(world.store, "put_job", lambda *a, **k: next(lost, None) is None and put_job(*a, **k))

    assert ask(world, "put_job", job=document(zone="Asia/Tokyo"))["revision"] == 2


def test_an_edit_that_always_loses_is_a_conflict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(world, "put_job", job=document())
    monkeypatch.setattr(world.store, "put_job", lambda *_, **__: False)

    assert refuse(world, "put_job", job=document(zone="Asia/Tokyo"))["code"] == "conflict"
    assert refuse(world, "pause_job", job_id="report")["code"] == "conflict"


def test_a_one_time_job_that_would_never_run_is_refused(world: World) -> None:
    error = refuse(world, "put_job", job=document(schedule="at(2026-02-01T00:00:00)"))

    assert error["code"] == "invalid_job"
    assert "it would never run" in error["message"]


def test_a_one_time_job_whose_time_has_just_passed_runs_late(world: World) -> None:
    ask(world, "put_job", job=document(schedule="at(2026-03-02T11:59:00)"))

    world.step()

    assert world.states() == {"11:59:00": RunState.SUCCEEDED}


def test_a_schedule_that_surprises_is_warned_of(world: World) -> None:
    job = document(schedule="30 2 * * *", zone="America/New_York")

    answer = ask(world, "put_job", job=job)

    assert any("2026-03-08" in warning for warning in answer["warnings"])


def test_a_job_is_shown_with_its_meaning_and_its_newest_run(world: World) -> None:
    ask(world, "put_job", job=document(payload={"secret": 1}))
    world.step(MINUTE)

    answer = ask(world, "get_job", job_id="report")

    assert answer["valid"] is True
    assert answer["describe"] == "Every minute, UTC"
    assert answer["next"][0] == "2026-03-02T12:02:00Z"
    assert answer["last_run"]["state"] == "succeeded"
    assert answer["document"]["payload"] == {"secret": 1}


def test_jobs_are_listed_in_pages_and_by_group(world: World) -> None:
    for name in ("a", "b", "c"):
        ask(world, "put_job", job=document(name, group="x" if name == "b" else "y"))

    first = ask(world, "list_jobs", limit=2)
    rest = ask(world, "list_jobs", limit=2, after=first["next_page"])

    assert [job["job_id"] for job in first["jobs"] + rest["jobs"]] == ["a", "b", "c"]
    assert "next_page" not in rest
    assert [job["job_id"] for job in ask(world, "list_jobs", group="x")["jobs"]] == ["b"]


@pytest.mark.parametrize("broken", [{"schedule": "nonsense"}, {"shedule": "* * * * *"}])
def test_a_broken_job_is_listed_with_its_reason(world: World, broken: dict[str, Any]) -> None:
    world.store.put_job(definition(**broken), revision=None)

    [shown] = ask(world, "list_jobs")["jobs"]

    assert shown["valid"] is False
    assert shown["problems"][0]["field"] in broken
    assert refuse(world, "run_job", job_id="report")["code"] == "invalid_job"
    assert refuse(world, "pause_job", job_id="report")["code"] == "invalid_job"


def test_a_row_that_is_no_document_at_all_stops_nobody(world: World, store: SqliteStore) -> None:
    with store._transaction() as connection:
        connection.execute("INSERT INTO jobs (job_id, document) VALUES ('bad', 'not json'), ('worse', '[]')")
    ask(world, "put_job", job=document())

    listed = ask(world, "list_jobs", group="")["jobs"] + ask(world, "list_jobs")["jobs"]
    repaired = ask(world, "put_job", job=document("bad"))

    assert [job["job_id"] for job in listed if not job["valid"]] == ["bad", "worse"]
    assert repaired["revision"] == 2


def test_pause_and_resume_change_only_that(world: World) -> None:
    ask(world, "put_job", job=document(payload=1))

    paused = ask(world, "pause_job", job_id="report")
    resumed = ask(world, "resume_job", job_id="report")

    stored = world.store.job("report")
    assert stored is not None
    assert (paused["enabled"], paused["next"]) == (False, [])
    assert (resumed["enabled"], resumed["next"][0]) == (True, "2026-03-02T12:01:00Z")
    assert stored.document["payload"] == 1


# runs


def test_run_now_gives_each_request_its_own_run(world: World) -> None:
    ask(world, "put_job", job=document())

    runs = {ask(world, "run_job", job_id="report")["run_id"] for _ in range(3)}
    world.step()

    assert len(runs) == 3
    assert set(world.targets.run_ids) == runs


def test_a_run_is_shown_with_everything_that_is_known(store: SqliteStore) -> None:
    world = World(store, Result(failure=Failure.FUNCTION, error="Oops: no"), Result(summary="fine"))
    ask(world, "put_job", job=document(retry={"backoff": "1s"}))
    world.clock.advance(SECOND / 2)
    world.step(MINUTE)
    world.step(SECOND)

    shown = ask(world, "get_run", job_id="report", slot="2026-03-02T12:01:00Z")

    assert shown["scheduled_time"] == "2026-03-02T12:01:00Z"
    assert shown["lateness_ms"] == 500
    assert shown["kind"] == "scheduled"
    assert shown["result"] == "fine"
    assert [tried["outcome"] for tried in shown["attempts"]] == ["function", "succeeded"]
    assert refuse(world, "get_run", job_id="report", slot="x")["code"] == "invalid_request"


def test_runs_are_listed_in_pages_and_by_state(world: World) -> None:
    ask(world, "put_job", job=document())
    world.step(MINUTE, times=3)
    ask(world, "pause_job", job_id="report")
    world.step(MINUTE)

    first = ask(world, "list_runs", limit=3)
    rest = ask(world, "list_runs", limit=3, page=first["next_page"])

    slots = [shown["slot"][14:16] for shown in first["runs"] + rest["runs"]]
    assert slots == ["04", "03", "02", "01"]
    assert [shown["cause"] for shown in ask(world, "list_runs", state="skipped")["runs"]] == ["paused"]
    assert ask(world, "list_runs", job_id="report", limit=1)["runs"][0]["slot"].endswith("12:04:00Z")


def test_runs_of_a_deleted_job_are_still_listed(world: World) -> None:
    ask(world, "put_job", job=document())
    world.step(MINUTE)
    ask(world, "delete_job", job_id="report")

    assert len(ask(world, "list_runs", job_id="report")["runs"]) == 1


# questions


def test_next_times_are_shown_in_both_clocks(world: World) -> None:
    answer = ask(
        world, "next_times", schedule="cron(30 9 ? * MON-FRI *)", zone="America/New_York",
        after="2026-03-06T09:30:00", count=2,
    )  # fmt: skip

    assert answer["times"] == [
        {"utc": "2026-03-09T13:30:00Z", "local": "2026-03-09T09:30:00-04:00"},
        {"utc": "2026-03-10T13:30:00Z", "local": "2026-03-10T09:30:00-04:00"},
    ]
    assert "New_York" in answer["describe"] or "New York" in answer["describe"]


def test_next_times_of_a_bad_schedule_name_the_place(world: World) -> None:
    error = refuse(world, "next_times", schedule="60 * * * *")

    assert error["code"] == "invalid_schedule"
    assert error["field"] == "minute"


def test_next_times_may_end(world: World) -> None:
    assert len(ask(world, "next_times", schedule="at(2027-01-01T00:00:00)")["times"]) == 1


# doctor


def test_a_healthy_store_has_no_findings(world: World) -> None:
    ask(world, "put_job", job=document())
    world.step(MINUTE)

    assert ask(world, "doctor") == {"healthy": True, "findings": []}


def test_the_doctor_finds_what_should_not_be(world: World) -> None:
    world.store.put_job(definition("broken", schedule="x"), revision=None)
    world.store.put_job(definition("unknown"), revision=None)
    world.store.put_entries([entry(NOW - HOUR, job_id) for job_id in ("late", "dead", "lost")])
    lost = run(NOW - HOUR, job_id="lost", lease=NOW - 30 * MINUTE)
    world.store.write_run(lost, replaces=None)
    dead = run(NOW - HOUR, RunState.DEAD, job_id="dead", ended_at=NOW, error="Oops", reason="no more")
    world.store.write_run(dead, replaces=None)
    old = run(NOW - 3 * DAY, RunState.DEAD, job_id="dead", ended_at=NOW - 3 * DAY)
    world.store.write_run(old, replaces=None)

    findings = ask(world, "doctor")["findings"]

    assert [(found["code"], found["job_id"]) for found in findings] == [
        ("invalid_job", "broken"),
        ("not_admitted", "unknown"),
        ("overdue", ""),
        ("lost_run", "lost"),
        ("dead_run", "dead"),
    ]
    assert all(found["message"] and found["advice"] for found in findings)


def test_a_one_time_job_that_is_done_is_no_finding(world: World) -> None:
    ask(world, "put_job", job=document(schedule="at(2026-03-02T12:00:30)"))
    world.step(MINUTE)

    assert ask(world, "doctor")["healthy"]
