"""Runs in DynamoDB: the index of the dead, the state of tracked jobs, answers that got lost."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backends import dynamo_store
from builders import DAY, MINUTE, NOW, SECOND, run
from recorder import Recorder, refusal
from tickline.errors import StoreBusy, StoreError, StoreFull
from tickline.model import JobState, RunState
from tickline.ports import Claim
from tickline.store import dynamodb
from tickline.store.dynamodb import DynamoStore
from tickline.store.dynamodb_requests import TRIES

SUCCEEDED, DEAD, READY = RunState.SUCCEEDED, RunState.DEAD, RunState.READY


def test_a_record_is_forgotten_a_whole_second_after_its_time_and_not_before(
    store: DynamoStore, recorder: Recorder
) -> None:
    expires = NOW + 90 * DAY + timedelta(milliseconds=1)
    store.write_run(run(state=SUCCEEDED, expires_at=expires), replaces=None)

    [item] = recorder.items("runs")
    assert item["ttl"] == {"N": str(int(NOW.timestamp()) + 90 * 86400 + 1)}
    assert item["expires_at"] == {"S": "2026-05-31T12:00:00.001Z"}


def test_only_dead_runs_are_in_the_index(store: DynamoStore, recorder: Recorder) -> None:
    dead = run(state=DEAD, ended_at=NOW)
    store.write_run(dead, replaces=None)
    store.write_run(run(NOW + MINUTE, SUCCEEDED), replaces=None)
    assert [item["slot"]["S"] for item in recorder.items("runs") if "dead" in item] == [dead.slot]

    store.write_run(replace(dead, state=READY), replaces=dead)

    assert not any({"dead", "due_key", "ttl"} & set(item) for item in recorder.items("runs"))
    assert store.list_runs(states=frozenset({DEAD})) == []


def test_a_run_that_the_index_has_for_dead_by_mistake_is_not_listed(
    store: DynamoStore, recorder: Recorder
) -> None:
    store.write_run(run(state=DEAD), replaces=None)
    again = run(NOW + MINUTE, READY)
    store.write_run(again, replaces=None)
    stale = {"job_id": {"S": "report"}, "slot": {"S": again.slot}}
    recorder.answers["query"] = [{"Items": [stale, {**stale, "slot": {"S": run().slot}}]}]

    assert [found.due for found in store.list_runs(states=frozenset({DEAD}))] == [NOW]


def test_a_jobs_state_is_not_a_run(store: DynamoStore) -> None:
    store.write_run(run(), replaces=None, claim=Claim(max_runs=2, exclusive=True))

    assert store.states(["report"]) == {"report": JobState(started=1, active=run().slot)}
    assert store.list_runs("report") == store.list_runs() == [run()]
    assert store.run("report", "@state") is None
    assert store.runs([("report", "@state")]) == {}


def test_a_record_that_is_none_is_logged_and_stops_no_other(
    store: DynamoStore, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    bad = run(NOW + MINUTE)
    store.write_run(run(), replaces=None)
    recorder.put("runs", {"job_id": {"S": "report"}, "slot": {"S": bad.slot}, "state": {"S": "lost"}})

    keys = [("report", run().slot), ("report", bad.slot)]
    assert list(store.runs(keys)) == keys[:1]
    assert store.list_runs("report") == store.list_runs() == [run()]
    lost = store.write_run(bad, replaces=None)

    assert (lost.won, lost.current) == (False, None)
    assert "item not readable" in caplog.text


def test_a_window_that_changed_hides_no_run_and_shows_none_twice(store: DynamoStore) -> None:
    offsets = [30, 30, 0, 0, 45, 45, 0]
    records = [run(NOW + number * MINUTE, SUCCEEDED) for number in range(len(offsets))]
    records = [replace(r, due=r.due + offset * SECOND) for r, offset in zip(records, offsets, strict=True)]
    for record in records:
        store.write_run(record, replaces=None)

    found = []
    place = None
    while more := store.list_runs("report", limit=1, before=place):
        found += more
        place = found[-1].due, found[-1].job_id, found[-1].slot

    assert found == sorted(records, key=lambda record: record.due, reverse=True)


def test_a_question_about_all_runs_has_an_end(moto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = dynamo_store(moto, page=1)
    monkeypatch.setattr(dynamodb, "MOST_SCANNED", 2)
    for number in range(4):
        store.write_run(run(NOW + number * MINUTE), replaces=None)

    with pytest.raises(StoreError, match="ask for one job"):
        store.list_runs()

    assert len(store.list_runs("report")) == 4


# answers that got lost


def test_whoever_wrote_and_did_not_hear_of_it_is_told_his_own_record(
    store: DynamoStore, recorder: Recorder
) -> None:
    mine = run(owner="me")
    store.write_run(mine, replaces=None)
    recorder.take()

    again = store.write_run(mine, replaces=None)

    assert (again.won, again.current) == (False, mine)
    assert recorder.take() == ["put_item"]


def test_whoever_claimed_and_did_not_hear_of_it_is_told_his_own_record(
    store: DynamoStore, recorder: Recorder
) -> None:
    mine, claim = run(owner="me"), Claim(max_runs=1, exclusive=True)
    store.write_run(mine, replaces=None, claim=claim)
    recorder.take()

    again = store.write_run(mine, replaces=None, claim=claim)

    assert (again.won, again.current) == (False, mine)
    assert recorder.take() == ["transact_write_items"]


# transactions


def cancelled(*codes: str) -> Exception:
    return refusal("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (("TransactionConflict", "None"), StoreBusy),
        (("None", "TransactionConflict"), StoreBusy),
        (("TransactionConflict", "ConditionalCheckFailed"), StoreBusy),
        (("None", "ThrottlingError"), StoreBusy),
        (("ItemCollectionSizeLimitExceeded", "None"), StoreFull),
        (("ValidationError", "None"), StoreError),
    ],
)
@pytest.mark.parametrize("release", [True, False])
def test_a_transaction_that_nobody_decided_is_an_error(
    store: DynamoStore, recorder: Recorder, codes: tuple[str, str], kind: type[StoreError], release: bool
) -> None:
    recorder.answers["transact_write_items"] = [cancelled(*codes)] * TRIES
    claim = None if release else Claim(exclusive=True)

    with pytest.raises(StoreError) as error:
        store.write_run(run(), replaces=None, claim=claim, release=release)

    assert type(error.value) is kind
    assert len(recorder.take()) == (TRIES if kind is StoreBusy else 1)


@pytest.mark.parametrize("release", [True, False])
def test_a_write_that_meets_another_in_the_middle_comes_back(
    store: DynamoStore, recorder: Recorder, release: bool
) -> None:
    # Were the end of a run given up because another start came at the same moment, it would run again.
    recorder.answers["transact_write_items"] = [cancelled("None", "TransactionConflict")] * 2
    claim = None if release else Claim(exclusive=True)

    assert store.write_run(run(), replaces=None, claim=claim, release=release).won

    assert recorder.take() == ["transact_write_items"] * 3


def test_a_run_whose_record_stands_in_the_way_is_lost_whatever_else_happened(
    store: DynamoStore, recorder: Recorder
) -> None:
    store.write_run(run(), replaces=None)
    reasons = [
        {"Code": "ConditionalCheckFailed", "Item": recorder.items("runs")[0]},
        {"Code": "TransactionConflict"},
    ]
    recorder.answers["transact_write_items"] = [
        refusal("TransactionCanceledException", CancellationReasons=reasons)
    ]

    write = store.write_run(run(owner="two"), replaces=None, claim=Claim(exclusive=True))

    assert (write.won, write.current, write.blocked) == (False, run(), None)


def test_a_start_that_asks_for_nothing_is_a_single_write(store: DynamoStore, recorder: Recorder) -> None:
    assert store.write_run(run(), replaces=None, claim=Claim()).won

    assert recorder.take() == ["put_item"]


def test_a_release_by_another_run_is_no_obstacle(store: DynamoStore, recorder: Recorder) -> None:
    store.write_run(run(), replaces=None, claim=Claim(exclusive=True))
    other = run(NOW + MINUTE)
    store.write_run(other, replaces=None)
    recorder.take()

    done = store.write_run(replace(other, state=SUCCEEDED), replaces=other, release=True)
    lost = store.write_run(replace(other, state=SUCCEEDED), replaces=other, release=True)

    assert done.won
    assert (lost.won, lost.current, lost.blocked) == (False, replace(other, state=SUCCEEDED), None)
    assert recorder.take() == ["transact_write_items", "transact_write_items"]
    assert store.states(["report"]) == {"report": JobState(active=run().slot)}


def test_a_counted_job_that_releases_its_run_keeps_its_count(store: DynamoStore) -> None:
    store.write_run(run(), replaces=None, claim=Claim(max_runs=3, exclusive=True))

    store.write_run(run(state=SUCCEEDED), replaces=run(), release=True)

    assert store.states(["report"]) == {"report": JobState(started=1)}


def test_a_run_may_start_again_once_it_is_the_active_one(store: DynamoStore) -> None:
    ready = run(state=READY)
    store.write_run(run(), replaces=None, claim=Claim(exclusive=True))
    store.write_run(ready, replaces=run())

    assert store.write_run(run(owner="two"), replaces=ready, claim=Claim(exclusive=True)).won
