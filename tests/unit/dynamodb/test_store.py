"""Jobs and entries in DynamoDB: items made by hand, shards that grow."""

import logging
from typing import Any

import pytest

from backends import dynamo_store
from builders import DAY, HOUR, MINUTE, NOW, SECOND, definition, entry, run
from recorder import Recorder
from tickline.document import read_job
from tickline.errors import InvalidJob, StoreError
from tickline.model import Definition
from tickline.store.dynamodb import DynamoStore
from tickline.store.dynamodb_tables import Tables, shard_of

BY_HAND = {
    "job_id": {"S": "report"},
    "schedule": {"S": "* * * * *"},
    "target": {"S": "python:work"},
}


# items made by hand


def test_an_item_made_by_hand_is_a_job(store: DynamoStore, recorder: Recorder) -> None:
    recorder.put("jobs", BY_HAND)

    made = store.job("report")

    assert made == definition(revision=0)
    assert store.jobs(["report"]) == {"report": made}
    assert store.list_jobs() == [made]
    assert read_job(made.document).job_id == "report"


def test_a_job_is_stored_as_a_person_would_write_it(store: DynamoStore, recorder: Recorder) -> None:
    store.put_job(definition(payload={"n": 1, "x": [None, True, 0.5]}, enabled=False), revision=None)

    [item] = recorder.items("jobs")
    payload = {"M": {"n": {"N": "1"}, "x": {"L": [{"NULL": True}, {"BOOL": True}, {"N": "0.5"}]}}}
    assert item == {**BY_HAND, "enabled": {"BOOL": False}, "payload": payload, "revision": {"N": "1"}}


def test_an_item_made_by_hand_can_be_edited_and_only_as_it_was_read(
    store: DynamoStore, recorder: Recorder
) -> None:
    recorder.put("jobs", BY_HAND)

    assert not store.put_job(definition(revision=1), revision=None)
    assert not store.put_job(definition(revision=2), revision=1)
    assert store.put_job(definition(revision=1), revision=0)
    assert not store.put_job(definition(revision=1), revision=0)
    assert not store.delete_job("report", revision=0)


def test_an_edit_loses_against_a_person_who_replaced_the_item(store: DynamoStore, recorder: Recorder) -> None:
    store.put_job(definition(revision=1), revision=None)
    recorder.put("jobs", BY_HAND)

    assert not store.put_job(definition(revision=2), revision=1)
    assert store.delete_job("report", revision=0)


@pytest.mark.parametrize("odd", [{"S": "one"}, {"BOOL": True}, {"SS": ["a"]}, {"NULL": True}])
def test_a_revision_that_is_none_is_refused_and_can_be_mended(
    store: DynamoStore, recorder: Recorder, odd: dict[str, Any]
) -> None:
    recorder.put("jobs", {**BY_HAND, "revision": odd})

    made = store.job("report")

    assert made is not None
    assert made.revision == 0
    with pytest.raises(InvalidJob, match="revision"):
        read_job(made.document)
    assert store.put_job(definition(revision=1), revision=0)
    assert store.job("report") == definition()


def test_one_bad_item_stops_no_page(store: DynamoStore, recorder: Recorder) -> None:
    store.put_job(definition("good"), revision=None)
    odd = {"job_id": {"S": "bad"}, "payload": {"B": b"\x00"}, "tags": {"SS": ["a"]}}
    recorder.put("jobs", {**BY_HAND, **odd})

    found = store.jobs(["good", "bad"])

    assert read_job(found["good"].document).job_id == "good"
    assert found["bad"].document["payload"] == {
        "unreadable": "a binary value (B) is not JSON; write text (S), for example in base64"
    }
    with pytest.raises(InvalidJob, match="tags: a string set"):
        read_job(found["bad"].document)


@pytest.mark.parametrize("key", ["", "x" * 3000, "\ud800"])
def test_a_key_that_no_item_can_have_is_not_there(store: DynamoStore, recorder: Recorder, key: str) -> None:
    assert store.job(key) is None
    assert store.jobs([key]) == {}
    assert not store.delete_job(key)
    assert store.run(key, "m:x") is store.run("report", key) is None
    assert store.list_runs(key) == []
    assert recorder.calls == []


@pytest.mark.parametrize("payload", [float("nan"), 2**60, "x" * 410_000], ids=["nan", "large", "long"])
def test_what_cannot_be_stored_is_refused_before_it_is_sent(
    store: DynamoStore, recorder: Recorder, payload: Any
) -> None:
    with pytest.raises(StoreError, match="job report cannot be stored"):
        store.put_job(definition(payload=payload), revision=None)
    with pytest.raises(StoreError, match="run report/2026-03-02T12:00:00Z cannot be stored"):
        store.write_run(run(result="x" * 410_000), replaces=None)

    assert recorder.calls == []


def test_a_slice_of_jobs_goes_on_behind_a_job_that_was_deleted(store: DynamoStore) -> None:
    for number in range(6):
        store.put_job(definition(f"job-{number}"), revision=None)
    first = store.some_jobs(limit=3)
    store.delete_job(first[-1].job_id)

    rest = store.some_jobs(after=first[-1].job_id, limit=9)

    assert len({made.job_id for made in first + rest}) == 6


# the timeline


def test_an_entry_has_no_attribute_that_it_does_not_need(store: DynamoStore, recorder: Recorder) -> None:
    store.put_entries([entry()])

    [item] = recorder.items("timeline")
    assert item == {
        "shard": {"N": str(shard_of("report", 3))},
        "due_key": {"S": "2026-03-02T12:00:00.000Z#report#2026-03-02T12:00:00Z"},
        "job_id": {"S": "report"},
        "slot": {"S": "2026-03-02T12:00:00Z"},
        "due": {"S": "2026-03-02T12:00:00.000Z"},
    }


@pytest.mark.parametrize(
    "change",
    [
        {"due": {"S": "soon"}},
        {"due": {"N": "1"}},
        {"slot": {"B": b"x"}},
        {"due_key": {"S": "1"}},
        {"missed": {"S": "x"}},
    ],
)
def test_an_entry_that_is_none_is_logged_and_left_alone(
    store: DynamoStore, recorder: Recorder, caplog: pytest.LogCaptureFixture, change: dict[str, Any]
) -> None:
    store.put_entries([entry()])
    [good] = recorder.items("timeline")
    recorder.put("timeline", {**good, "due_key": {"S": "2026#x"}, **change})

    with caplog.at_level(logging.ERROR):
        assert store.due(NOW, limit=1) == [entry()]
        assert store.next_due(NOW - DAY) == NOW

    assert "item not readable" in caplog.text


@pytest.mark.parametrize("died", [False, True], ids=["", "after it was put in its new place"])
def test_entries_from_before_the_shards_were_raised_are_found_moved_and_removed(
    recorder: Recorder, died: bool
) -> None:
    before = dynamo_store(recorder, shards=2)
    entries = [entry(NOW + number * SECOND, f"job-{number}") for number in range(20)]
    before.put_entries(entries)
    after = same_tables(recorder, shards=5)
    if died:
        after.put_entries(entries)

    assert after.due(NOW + MINUTE, limit=99) == entries
    assert after.due(NOW + MINUTE, limit=99) == entries
    assert len(recorder.items("timeline")) == 20
    assert after.absent_entries(entries) == []
    after.remove_entries(entries)
    assert recorder.items("timeline") == []


def same_tables(recorder: Recorder, shards: int) -> DynamoStore:
    tables = Tables(**{kind: recorder.table(kind) for kind in ("jobs", "timeline", "runs")})
    return DynamoStore(recorder, tables, shards=shards)


def test_nothing_is_written_where_no_entry_is_out_of_place(store: DynamoStore, recorder: Recorder) -> None:
    store.put_entries([entry(NOW, f"job-{number}") for number in range(9)])
    recorder.take()

    store.due(NOW, limit=9)

    assert recorder.take() == ["query"] * 3


# tables


def test_a_table_that_is_not_there_is_named(recorder: Recorder) -> None:
    store = DynamoStore(recorder, Tables(jobs="no-jobs", timeline="no-timeline", runs="no-runs"), shards=1)

    for name, ask in (("no-jobs", store.list_jobs), ("no-runs", store.list_runs)):
        with pytest.raises(StoreError, match=rf"on {name}: ResourceNotFoundException"):
            ask()
    with pytest.raises(StoreError, match="no-timeline"):
        store.next_due(NOW + HOUR)


def test_definitions_with_a_field_named_revision_keep_the_stores_own(store: DynamoStore) -> None:
    odd = Definition(job_id="report", document={**definition().document, "revision": 9}, revision=1)

    store.put_job(odd, revision=None)

    assert store.job("report") == definition(revision=1)
