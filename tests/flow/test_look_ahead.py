"""A tick that looks ahead rings for every instant of its minute, on time, and reads the timeline once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backends import SHARDS, dynamo_store
from builders import MINUTE, NOW, SECOND, FakeDispatcher, entry
from meter import Meter
from tickline.model import Doorbell, Failure, Result, RunState
from tickline.policy import GRACE
from tickline.tick import Report
from world import World

LEAD = timedelta(milliseconds=1500)
EVERY_TEN_SECONDS = "quartz(0/10 * * * * ?)"


class Minute(World):
    """A world whose ticks look ahead; every bell is answered when it was rung."""

    heard: list[tuple[Doorbell, timedelta]]

    def look_ahead(
        self, horizon: timedelta = MINUTE, *, lead: timedelta = LEAD, job_id: str | None = None
    ) -> Report:
        self.heard = []
        tick = replace(self.tick_of, dispatcher=self, lead=lead, grace=GRACE)
        return tick.through(self.clock.now() + horizon, clock=self.clock, job_id=job_id)

    def ring(self, doorbells: Sequence[Doorbell]) -> None:
        for doorbell in doorbells:
            self.heard.append((doorbell, doorbell.due - self.clock.now()))
            self.invoke(doorbell)

    @property
    def slots(self) -> list[str]:
        return [bell.slot[14:19] for bell, _ in self.heard]


@pytest.fixture
def minute(any_store: Any) -> Minute:
    return Minute(any_store)


def test_every_slot_up_to_the_horizon_is_rung_for(minute: Minute) -> None:
    minute.put(schedule=EVERY_TEN_SECONDS)

    minute.look_ahead()

    assert minute.slots == ["00:10", "00:20", "00:30", "00:40", "00:50", "01:00"]
    assert set(minute.states().values()) == {RunState.SUCCEEDED}


def test_each_bell_is_rung_its_lead_early_and_each_run_starts_on_its_instant(minute: Minute) -> None:
    minute.put(schedule=EVERY_TEN_SECONDS)
    minute.put(job_id="other", schedule="quartz(5/20 * * * * ?)")

    minute.look_ahead()

    assert {early for _, early in minute.heard} == {LEAD}
    assert {run.lateness for run in minute.runs()} == {timedelta(0)}


def test_every_second_is_often_enough(minute: Minute) -> None:
    minute.put(schedule="rate(1 second)", start="2026-03-02T12:00:00Z")

    minute.look_ahead(20 * SECOND, lead=timedelta(0))

    assert len(minute.heard) == len(set(minute.slots)) == 20


def test_what_lies_beyond_the_horizon_is_left_to_the_next_tick(minute: Minute) -> None:
    minute.put()

    first = minute.look_ahead(MINUTE - SECOND, lead=timedelta(0))
    second = minute.look_ahead(MINUTE, lead=timedelta(0))

    assert (first.rung, second.rung) == (0, 1)


def test_a_tick_with_nothing_ahead_ends_at_once(minute: Minute) -> None:
    minute.put(schedule="0 0 * * *")

    minute.look_ahead()

    assert minute.clock.now() == NOW


def test_two_ticks_that_overlap_start_each_slot_once(minute: Minute) -> None:
    minute.put(schedule=EVERY_TEN_SECONDS)

    minute.look_ahead(MINUTE + 10 * SECOND)
    minute.clock.instant = NOW + MINUTE
    minute.look_ahead(MINUTE + 10 * SECOND)

    calls = [call.context.run_id for call in minute.targets.calls]
    assert len(calls) == len(set(calls)) == 13


def test_what_is_overdue_is_rung_for_first_and_counted(minute: Minute) -> None:
    minute.put(schedule=EVERY_TEN_SECONDS)
    minute.clock.advance(15 * SECOND)

    report = minute.look_ahead(10 * SECOND)

    assert minute.slots == ["00:10", "00:20"]
    assert (report.backlog, report.oldest) == (1, 5 * SECOND)


def test_a_retry_that_falls_due_meanwhile_is_rung_for_when_it_may_be(any_store: Any) -> None:
    minute = Minute(any_store, Result(failure=Failure.FUNCTION, error="Oops: no"), Result())
    minute.put(schedule="at(2026-03-02T12:00:10)", retry={"backoff": "20s"}, overlap="skip")

    minute.look_ahead(10 * SECOND)
    waiting = minute.runs()[0].not_before
    minute.look_ahead()

    [run] = minute.runs()
    assert waiting is not None
    assert [attempt.started_at for attempt in run.attempts] == [NOW + 10 * SECOND, waiting]


def test_a_job_that_is_deleted_meanwhile_is_not_rung_for(minute: Minute) -> None:
    minute.put(schedule=EVERY_TEN_SECONDS)
    ring = minute.ring

    def ring_and_delete(doorbells: Sequence[Doorbell]) -> None:
        ring(doorbells)
        minute.store.delete_job("report")

    minute.ring = ring_and_delete  # type: ignore[method-assign]
    minute.look_ahead()

    assert minute.slots == ["00:10"]


def test_a_tick_that_is_out_of_time_leaves_the_rest_due(minute: Minute) -> None:
    minute.put(schedule=EVERY_TEN_SECONDS)
    tick = replace(minute.tick_of, dispatcher=minute)
    minute.heard = []

    report = tick.through(NOW + MINUTE, clock=minute.clock, out_of_time=lambda: len(minute.heard) == 2)

    assert minute.slots == ["00:10", "00:20"]
    assert report.unfinished
    assert ("report", "2026-03-02T12:00:30Z") in minute.pending()


def test_pages_are_read_on_when_the_first_is_done(minute: Minute) -> None:
    for number in range(7):
        minute.put(job_id=f"job-{number}", schedule=EVERY_TEN_SECONDS)
    minute.tick_of = replace(minute.tick_of, page=3)

    minute.look_ahead(30 * SECOND)

    bells = [(bell.job_id, bell.slot) for bell, _ in minute.heard]
    assert len(bells) == len(set(bells)) == 21


def test_a_minute_of_six_slots_costs_one_query_a_shard_and_one_read_of_the_definition_a_slot(
    moto: Any,
) -> None:
    meter = Meter(moto)
    minute = Minute(dynamo_store(meter))
    minute.put(schedule=EVERY_TEN_SECONDS)
    minute.ring = FakeDispatcher().ring  # type: ignore[method-assign]
    meter.reset()

    minute.look_ahead()

    assert meter.calls["query"] == SHARDS
    assert meter.calls["batch_get_item"] == 6


def test_an_entry_far_away_is_no_reason_to_stay(minute: Minute) -> None:
    minute.store.put_entries([entry(NOW + 2 * MINUTE)])

    assert minute.look_ahead().entries == 0


def test_a_tick_of_one_job_leaves_the_others_alone(minute: Minute) -> None:
    minute.put(schedule=EVERY_TEN_SECONDS)
    minute.put(job_id="other", schedule=EVERY_TEN_SECONDS)

    minute.look_ahead(20 * SECOND, job_id="other")

    assert [(bell.job_id, bell.slot[17:19]) for bell, _ in minute.heard] == [("other", "10"), ("other", "20")]
    assert minute.states("report") == {}
