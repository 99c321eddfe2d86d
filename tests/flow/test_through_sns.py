"""Ticks ring through SNS, which loses, doubles and reorders; every slot still has its one run."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import MINUTE, SECOND
from tickline.dispatch.messages import unpack
from tickline.dispatch.sns import SnsDispatcher, Tally
from tickline.errors import UnknownMessage
from tickline.model import RunState
from tickline.store.sqlite import SqliteStore
from world import World

JOBS = [f"job-{number:03}" for number in range(250)]


class Topic:
    """Takes what it is told to take, and keeps it until it is delivered."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.takes: Callable[[int], bool] = lambda _number: True

    def publish_batch(self, **arguments: Any) -> Any:
        entries = list(enumerate(arguments["PublishBatchRequestEntries"]))
        self.taken += [entry["Message"] for number, entry in entries if self.takes(number)]
        return {
            "Successful": [{"Id": entry["Id"]} for number, entry in entries if self.takes(number)],
            "Failed": [
                {"Id": entry["Id"], "Code": "Throttled"}
                for number, entry in entries
                if not self.takes(number)
            ],
        }


class Deployment(World):
    """A world whose bells go through a topic."""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store)
        self.topic = Topic()
        self.sns = SnsDispatcher(self.topic, "arn:aws:sns:eu-west-1:123456789012:doorbells")
        self.tick_of = replace(self.tick_of, dispatcher=self.sns)
        for job_id in JOBS:
            self.put(job_id=job_id)

    def deliver(self, *, times: int = 1) -> None:
        """Deliver what was taken, the latest first, each message as often as told."""
        messages, self.topic.taken = self.topic.taken[::-1], []
        for message in messages * times:
            self.answer(*unpack(message))

    def fates(self) -> dict[str, dict[str, RunState]]:
        return {job_id: self.states(job_id) for job_id in JOBS}


@pytest.fixture
def deployment(store: SqliteStore) -> Deployment:
    deployment = Deployment(store)
    deployment.clock.advance(MINUTE)
    return deployment


ONCE = {job_id: {"12:01:00": RunState.SUCCEEDED} for job_id in JOBS}


def test_messages_that_come_twice_and_in_any_order_make_one_call_for_each_run(
    deployment: Deployment,
) -> None:
    deployment.tick()
    deployment.tick()
    deployment.deliver(times=2)

    assert deployment.fates() == ONCE
    assert sorted(deployment.targets.run_ids) == [f"{job_id}/2026-03-02T12:01:00Z" for job_id in JOBS]


def test_what_sns_did_not_take_stays_due_and_is_rung_by_a_later_tick(deployment: Deployment) -> None:
    deployment.topic.takes = lambda number: number != 1
    deployment.tick()
    deployment.deliver()
    assert len(deployment.targets.calls) == 150
    assert deployment.sns.tally == Tally(published=150, failed=100)

    deployment.topic.takes = lambda _number: True
    deployment.clock.advance(20 * SECOND)
    deployment.tick()
    deployment.deliver()

    assert deployment.fates() == ONCE
    assert len(deployment.targets.calls) == 250


def test_a_topic_that_takes_nothing_stops_no_tick_and_loses_nothing(deployment: Deployment) -> None:
    deployment.topic.takes = lambda _number: False
    for _ in range(3):
        assert deployment.tick().failed == 0
        deployment.clock.advance(timedelta(seconds=10))
    assert deployment.targets.calls == []

    deployment.topic.takes = lambda _number: True
    deployment.tick()
    deployment.deliver()

    assert deployment.fates() == ONCE


def test_a_message_of_a_version_to_come_is_not_answered_and_its_runs_stay_due(
    deployment: Deployment,
) -> None:
    deployment.tick()
    deployment.topic.taken = [text.replace('"v":1', '"v":2') for text in deployment.topic.taken]
    with pytest.raises(UnknownMessage):
        deployment.deliver()
    assert deployment.targets.calls == []

    deployment.topic.taken = []
    deployment.clock.advance(20 * SECOND)
    deployment.tick()
    deployment.deliver()

    assert deployment.fates() == ONCE
