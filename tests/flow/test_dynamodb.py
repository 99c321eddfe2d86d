"""What only DynamoDB brings: jobs that people put into the table, and shards that are raised."""

import json
from typing import Any

import pytest

from backends import dynamo_store, fresh_tables
from builders import MINUTE, NOW, SECOND
from recorder import Recorder
from tickline.model import RunState
from tickline.store.dynamodb import DynamoStore
from tickline.tick import sweep
from world import World

SUCCEEDED, SKIPPED = RunState.SUCCEEDED, RunState.SKIPPED

BY_HAND = {
    "job_id": {"S": "report"},
    "schedule": {"S": "* * * * *"},
    "target": {"S": "python:work"},
}


@pytest.fixture
def table(moto: Any) -> Recorder:
    return Recorder(moto)


@pytest.fixture
def world(table: Recorder) -> World:
    return World(dynamo_store(table))


def test_an_item_with_three_fields_is_a_job_that_runs(world: World, table: Recorder) -> None:
    table.put("jobs", BY_HAND)

    sweep(world.store, world.clock.now())
    world.step(MINUTE, times=2)

    assert world.states() == {"12:01:00": SUCCEEDED, "12:02:00": SUCCEEDED}


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"payload": {"B": b"\x00\xff"}}, "payload: a binary value (B)"),
        ({"payload": {"M": {"ids": {"NS": ["1", "2"]}}}}, "payload: a number set (NS)"),
        ({"payload": {"N": "9007199254740993"}}, "payload: a number with more digits"),
        ({"schedule": {"L": [{"S": "* * * * *"}]}}, "schedule: "),
        ({"enabled": {"S": "false"}}, 'enabled: "false" is not true or false'),
        ({"retry": {"M": {"max_attempts": {"SS": ["3"]}}}}, "retry: a string set (SS)"),
        ({"zone": {"B": b"UTC"}}, "zone: "),
        ({"shedule": {"S": "x"}}, "did you mean 'schedule'?"),
        ({"timeout": {"N": "60.5"}}, "timeout: "),
    ],
)
def test_a_bad_item_is_shown_with_its_reason_and_stops_no_other_job(
    world: World, table: Recorder, odd: dict[str, Any], reason: str
) -> None:
    world.put(job_id="good")
    table.put("jobs", {**BY_HAND, **odd})
    sweep(world.store, world.clock.now())

    world.step(MINUTE)

    assert world.states("good") == {"12:01:00": SUCCEEDED}
    shown = world.admin.get_job("report")
    assert not shown["valid"]
    assert any(reason in f"{problem['field']}: {problem['message']}" for problem in shown["problems"])
    [finding] = world.admin.doctor()["findings"]
    assert (finding["code"], finding["job_id"]) == ("invalid_job", "report")
    assert json.dumps([shown, world.admin.list_jobs()])


def test_a_bad_item_heals_when_it_is_corrected(world: World, table: Recorder) -> None:
    table.put("jobs", {**BY_HAND, "payload": {"B": b"x"}})
    sweep(world.store, world.clock.now())
    world.step(MINUTE)

    table.put("jobs", {**BY_HAND, "payload": {"S": "x"}})
    sweep(world.store, world.clock.now())
    world.step(MINUTE)

    assert world.states() == {"12:02:00": SUCCEEDED}
    assert world.targets.calls[-1].payload == "x"


def test_a_job_that_goes_bad_under_way_says_so_in_its_history(world: World, table: Recorder) -> None:
    world.put()
    table.put("jobs", {**BY_HAND, "tags": {"SS": ["a"]}})

    world.step(MINUTE)

    [record] = world.runs()
    assert record.state is SKIPPED
    assert "tags: a string set (SS) is not JSON; write a list (L)" in record.reason


def test_an_item_made_by_hand_is_edited_by_admin_as_any_other(world: World, table: Recorder) -> None:
    table.put("jobs", BY_HAND)

    assert world.admin.pause_job("report")["revision"] == 1
    assert world.admin.resume_job("report")["revision"] == 2
    world.step(MINUTE)

    assert world.states() == {"12:01:00": SUCCEEDED}


def test_raising_the_shards_loses_and_doubles_nothing(moto: Any) -> None:
    tables = fresh_tables(moto)
    before = World(DynamoStore(moto, tables, shards=2))
    names = [f"job-{number}" for number in range(12)]
    for name in names:
        before.put(job_id=name)
    before.step(MINUTE)
    before.clock.advance(MINUTE)
    before.tick()
    in_flight = before.dispatcher.take()

    after = World(DynamoStore(moto, tables, shards=7), now=NOW + 2 * MINUTE)
    after.answer(*in_flight[:6])
    after.step(SECOND)
    before.clock.advance(MINUTE)
    before.step()  # a tick of the old version, still alive
    after.step(MINUTE, times=2)

    for name in names:
        assert list(after.states(name).values()) == [SUCCEEDED] * 4
    ran = before.targets.run_ids + after.targets.run_ids
    assert len(ran) == len(set(ran)) == 4 * len(names)
    assert len(after.pending()) == len(names)
    assert len(moto.scan(TableName=tables.timeline)["Items"]) == len(names)
