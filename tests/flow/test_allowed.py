"""A target that is not allowed is refused where the job is made, and told where a person looks."""

from dataclasses import replace
from typing import Any

import pytest

from builders import document
from tickline.addresses import Home
from tickline.admin import handle
from tickline.allowed import Allowed
from tickline.model import Failure, RunState
from tickline.store.sqlite import SqliteStore
from tickline.targets import TargetsByScheme
from world import World

FENCE = Allowed.of(
    "lambda:tickline-* python:*", home=Home(account="123456789012", region="eu-west-1"), stack="Tickline"
)
REASON = (
    "lambda:payments is not among the allowed targets (lambda:tickline-* python:*); "
    'deploy with -c targets="lambda:tickline-* python:* lambda:payments"'
)


@pytest.fixture
def world(store: SqliteStore) -> World:
    world = World(store)
    world.admin = replace(world.admin, allowed=FENCE)
    world.invoke = replace(world.invoke, targets=TargetsByScheme({"lambda": world.targets}, allowed=FENCE))
    return world


def ask(world: World, action: str, **arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = handle(world.admin, {"action": action, **arguments})
    return answer


def test_a_job_with_an_allowed_target_is_written(world: World) -> None:
    job = document(target="lambda:tickline-report", on_failure="python:x")

    assert ask(world, "put_job", job=job)["ok"]
    assert "not_allowed" not in ask(world, "get_job", job_id="report")
    assert ask(world, "doctor")["healthy"]


@pytest.mark.parametrize("field", ["target", "on_failure"])
def test_a_job_with_another_target_is_refused_and_not_written(world: World, field: str) -> None:
    job = document(target="lambda:tickline-report") | {field: "lambda:payments"}

    error = ask(world, "put_job", job=job)["error"]

    assert (error["code"], error["field"]) == ("invalid_job", field)
    assert error["problems"] == [{"field": field, "message": REASON, "example": ""}]
    assert world.store.job("report") is None


def test_all_that_is_wrong_with_a_job_is_told_at_once(world: World) -> None:
    job = document(target="lambda:payments", on_failure="nobody", overlap="never")

    error = ask(world, "put_job", job=job)["error"]

    assert [problem["field"] for problem in error["problems"]] == ["on_failure", "overlap", "target"]


def test_a_job_made_by_hand_with_another_target_is_valid_and_told(world: World) -> None:
    world.put(target="lambda:payments")

    view = ask(world, "get_job", job_id="report")
    [finding] = ask(world, "doctor")["findings"]

    assert view["valid"]
    assert view["not_allowed"] == [{"field": "target", "message": REASON, "example": ""}]
    assert ask(world, "list_jobs")["jobs"][0]["not_allowed"] == view["not_allowed"]
    assert (finding["code"], finding["job_id"]) == ("not_allowed", "report")
    assert finding["message"] == f"target: {REASON}"


def test_the_runs_of_such_a_job_are_given_up_with_that_reason_and_nothing_is_called(world: World) -> None:
    world.put(target="lambda:payments")
    slot = ask(world, "run_job", job_id="report")["slot"]

    world.step()

    run = world.store.run("report", slot)
    assert run is not None
    assert (run.state, run.error) == (RunState.DEAD, REASON)
    assert run.attempts[0].outcome == Failure.PERMANENT
    assert world.targets.calls == []


def test_without_a_list_everything_is_allowed(store: SqliteStore) -> None:
    world = World(store)

    assert ask(world, "put_job", job=document(target="lambda:payments"))["ok"]
    assert "not_allowed" not in ask(world, "get_job", job_id="report")
