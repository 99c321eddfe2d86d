"""What runs cost in DynamoDB: requests and units, as the README prints them."""

from typing import Any

import pytest

from backends import SHARDS, dynamo_store
from builders import HOUR, MINUTE, SECOND
from meter import Meter
from tickline.model import Failure, Result, RunState
from tickline.policy import GRACE
from world import World

FAILED = Result(failure=Failure.FUNCTION, error="Oops: no")


@pytest.fixture
def meter(moto: Any) -> Meter:
    return Meter(moto)


def world_of(meter: Meter, *answers: Result, **changes: Any) -> World:
    """Return a world with one job, whose meter begins now."""
    world = World(dynamo_store(meter), *answers, grace=GRACE)
    world.put(**changes)
    meter.reset()
    return world


def test_a_run_is_four_single_item_writes_and_no_read_of_a_record(meter: Meter) -> None:
    world = world_of(meter)

    world.step(MINUTE)

    assert list(world.states().values()) == [RunState.SUCCEEDED]
    assert (meter.items, meter.writes) == (4, 4.0)
    assert meter.calls["put_item"] == 2  # start, finish
    assert meter.calls["batch_write_item"] == 2  # the next entry, the removal
    assert "transact_write_items" not in meter.calls


def test_a_tick_with_a_run_reads_its_definition_and_each_shard_twice(meter: Meter) -> None:
    world = world_of(meter)

    world.step(MINUTE)

    # Tick reads the definition in a batch, invoke alone. Queries: what is due, what next.
    reads = {name: meter.calls[name] for name in ("batch_get_item", "get_item", "query")}
    assert reads == {"batch_get_item": 1, "get_item": 1, "query": 2 * SHARDS}


def test_a_hundred_runs_share_their_batches(meter: Meter) -> None:
    world = World(dynamo_store(meter), grace=GRACE)
    for number in range(100):
        world.put(job_id=f"job-{number}")
    meter.reset()

    world.clock.advance(MINUTE)
    world.tick()

    assert (meter.items, meter.writes) == (100, 100.0)
    assert meter.calls["batch_write_item"] == 4
    assert meter.calls["batch_get_item"] == 1


def test_an_outage_of_any_length_is_three_writes(meter: Meter) -> None:
    world = world_of(meter, catch_up="skip")

    world.step(9 * HOUR + SECOND)

    assert [(run.state, run.count) for run in world.runs()] == [(RunState.SKIPPED, 540)]
    assert (meter.items, meter.writes) == (3, 3.0)


def test_a_tick_with_nothing_due_writes_nothing_and_asks_each_shard_once_for_what_is_and_what_will_be(
    meter: Meter,
) -> None:
    world = world_of(meter)

    world.store.due(world.clock.now(), limit=500)
    asked = meter.calls["query"]
    meter.reset()
    world.step(SECOND)

    assert asked == SHARDS
    assert meter.calls == {"query": 2 * SHARDS}
    assert (meter.writes, meter.reads) == (0, 2 * SHARDS)


def test_a_retry_is_two_writes_more(meter: Meter) -> None:
    world = world_of(meter, FAILED, Result(), schedule="at(2026-03-02T12:01:00)", retry={"backoff": "10s"})

    world.step(MINUTE)
    world.step(2 * MINUTE)

    assert [(run.state, run.attempt) for run in world.runs()] == [(RunState.SUCCEEDED, 2)]
    assert meter.writes == 5.0  # no next entry: the job runs once


def test_a_dead_run_pays_for_its_place_in_the_index(meter: Meter) -> None:
    world = world_of(meter, FAILED, retry={"max_attempts": 1})

    world.step(MINUTE)

    assert list(world.states().values()) == [RunState.DEAD]
    assert (meter.items, meter.writes) == (4, 5.0)


def test_a_doubled_doorbell_costs_one_refused_write(meter: Meter) -> None:
    world = world_of(meter)
    world.clock.advance(MINUTE)
    world.tick()
    [bell] = world.dispatcher.take()
    world.answer(bell)
    meter.reset()

    world.answer(bell)

    assert (meter.calls["put_item"], meter.items) == (1, 1)  # refused; then the entry is removed once more
    assert meter.writes == 2.0


@pytest.mark.parametrize("changes", [{"max_runs": 9}, {"overlap": "skip"}], ids=["max_runs", "overlap"])
def test_only_tracked_jobs_pay_for_transactions(meter: Meter, changes: Any) -> None:
    world = world_of(meter, **changes)

    world.step(MINUTE)

    assert list(world.states().values()) == [RunState.SUCCEEDED]
    assert meter.calls["transact_write_items"] == 2  # start and finish, each with the job's state
    assert meter.writes == 10.0


def test_a_run_reads_two_units_and_a_tick_one_a_shard(meter: Meter) -> None:
    world = World(dynamo_store(meter), grace=GRACE)
    for number in range(100):
        world.put(job_id=f"job-{number}")
    meter.reset()

    world.tick_of.through(world.clock.now() + MINUTE, clock=world.clock)
    world.answer()

    definitions, entries = 200, 2 * SHARDS  # a hundred entries in a shard are more than one 4 KB
    assert 200 + SHARDS <= meter.reads <= definitions + entries
    assert meter.writes == 400
