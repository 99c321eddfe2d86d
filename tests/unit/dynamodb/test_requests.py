"""Requests: batches, pages, and what DynamoDB leaves undone."""

from itertools import pairwise
from typing import Any

import pytest

from backends import dynamo_store, fresh_tables
from builders import HOUR, MINUTE, NOW, SECOND, definition, entry, run
from recorder import Recorder
from tickline.errors import StoreBusy
from tickline.model import Entry, Run, RunState
from tickline.store.dynamodb import DynamoStore
from tickline.store.dynamodb_requests import TRIES

DEAD = frozenset({RunState.DEAD})


# what is left undone


class Leaving:
    """Does all of a batch but the last item, and says so."""

    def __init__(self, recorder: Recorder, operation: str, undone: str, part: str) -> None:
        self._do = getattr(recorder.client, operation)
        self._undone, self._part = undone, part

    def __call__(self, **request: Any) -> dict[str, Any]:
        [(table, batch)] = request["RequestItems"].items()
        items = batch[self._part] if self._part else batch
        rest = items[-1:]
        del items[-1:]
        answer = self._do(**request) if items else {"Responses": {}}
        left = {**batch, self._part: rest} if self._part else rest
        return answer | {self._undone: {table: left}}


def sleepless(recorder: Recorder) -> tuple[DynamoStore, list[float]]:
    slept: list[float] = []
    return DynamoStore(recorder, fresh_tables(recorder.client), shards=1, sleep=slept.append), slept


def assert_backed_off(slept: list[float], *, times: int) -> None:
    assert len(slept) == times
    assert all(0.025 * 2**tries <= wait <= 0.05 * 2**tries for tries, wait in enumerate(slept))


def test_keys_that_were_not_read_are_read_again(recorder: Recorder) -> None:
    store, slept = sleepless(recorder)
    for name in "abc":
        store.put_job(definition(name), revision=None)
    recorder.answers["batch_get_item"] = [Leaving(recorder, "batch_get_item", "UnprocessedKeys", "Keys")] * 2

    found = store.jobs("abc")

    assert sorted(found) == ["a", "b", "c"]
    assert_backed_off(slept, times=2)
    assert all(r["RequestItems"] for op, r in recorder.calls if op == "batch_get_item")


def test_items_that_were_not_written_are_written_again(recorder: Recorder) -> None:
    store, slept = sleepless(recorder)
    entries = [entry(NOW + number * SECOND) for number in range(3)]
    recorder.answers["batch_write_item"] = [Leaving(recorder, "batch_write_item", "UnprocessedItems", "")] * 2

    store.put_entries(entries)

    assert store.due(NOW + MINUTE, limit=9) == entries
    assert_backed_off(slept, times=2)


@pytest.mark.parametrize(
    ("operation", "undone", "part"),
    [("batch_get_item", "UnprocessedKeys", "Keys"), ("batch_write_item", "UnprocessedItems", "")],
)
def test_a_store_that_does_nothing_for_seconds_is_busy(
    recorder: Recorder, operation: str, undone: str, part: str
) -> None:
    store, slept = sleepless(recorder)
    recorder.answers[operation] = [Leaving(recorder, operation, undone, part)] * TRIES

    with pytest.raises(StoreBusy, match="throttled"):
        store.jobs(["a"]) if part else store.put_entries([entry()])

    assert_backed_off(slept, times=TRIES - 1)
    assert sum(slept) <= 3.15


# batches


def test_reads_come_in_hundreds_and_each_key_once(store: DynamoStore, recorder: Recorder) -> None:
    store.jobs([f"job-{number}" for number in range(101)] * 2)

    sizes = [len(next(iter(r["RequestItems"].values()))["Keys"]) for _, r in recorder.calls]
    assert sizes == [100, 1]


def test_writes_come_in_twenty_fives_and_each_entry_once(store: DynamoStore, recorder: Recorder) -> None:
    entries = [entry(NOW + number * SECOND) for number in range(26)]

    store.put_entries(entries + entries)
    store.remove_entries(entries + entries)

    sizes = [len(next(iter(r["RequestItems"].values()))) for _, r in recorder.calls]
    assert sizes == [25, 1, 25, 1]
    assert store.due(NOW + HOUR, limit=9) == []


def test_the_later_of_two_entries_in_one_batch_stays(store: DynamoStore) -> None:
    store.put_entries([entry(missed=1), entry(missed=2)])

    assert store.due(NOW, limit=9) == [entry(missed=2)]


def test_nothing_to_do_is_not_asked_for(store: DynamoStore, recorder: Recorder) -> None:
    store.put_entries([])
    store.remove_entries([])

    assert (store.jobs([]), store.runs([]), store.states([])) == ({}, {}, {})
    assert store.absent_entries([]) == []
    assert recorder.calls == []


# pages


def timeline() -> list[Entry]:
    return [entry(NOW + number // 2 * SECOND, f"job-{number}") for number in range(12)]


@pytest.mark.parametrize("page", [1, 2, 5])
@pytest.mark.parametrize("limit", [1, 3, 20])
@pytest.mark.parametrize("shards", [1, 3, 8])
def test_entries_of_all_shards_come_in_order_whatever_the_pages(
    moto: Any, shards: int, limit: int, page: int
) -> None:
    store = dynamo_store(moto, shards=shards, page=page)
    store.put_entries([*timeline(), entry(NOW + HOUR)])

    found: list[Entry] = []
    while more := store.due(NOW + MINUTE, limit=limit, after=found[-1] if found else None):
        assert len(more) <= limit
        found += more

    assert found == sorted(timeline())
    assert store.next_due(NOW + MINUTE) == NOW + HOUR


def test_a_page_behind_the_end_is_empty(store: DynamoStore) -> None:
    store.put_entries([entry()])

    assert store.due(NOW, limit=9, after=entry(NOW + SECOND)) == []


@pytest.mark.parametrize("page", [1, 2, 100])
@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("states", [frozenset[RunState](), DEAD], ids=["any", "dead"])
@pytest.mark.parametrize("job_id", ["a", None])
def test_runs_come_latest_first_whatever_the_pages(
    moto: Any, job_id: str | None, states: frozenset[RunState], limit: int, page: int
) -> None:
    store = dynamo_store(moto, page=page)
    records = [
        run(NOW + number // 2 * MINUTE, RunState.DEAD if number % 2 else RunState.SUCCEEDED, job_id=job)
        for number in range(8)
        for job in ("a", "b")
        if number != 5
    ]
    records += [
        run(NOW + number * MINUTE, RunState.DEAD, job_id="a", slot=slot)
        for number, slot in enumerate(("m:zzz", "m:aaa", "c:by-hand", "f:2026-01-01T00:00:00Z"))
    ]
    unique = {(r.job_id, r.slot): r for r in records}.values()
    for record in unique:
        store.write_run(record, replaces=None)
    store.write_run(run(job_id="c"), replaces=None)
    expected = [
        r
        for r in [*unique, run(job_id="c")]
        if (job_id is None or r.job_id == job_id) and (not states or r.state in states)
    ]

    found: list[Run] = []
    place = None
    while more := store.list_runs(job_id, states=states, limit=limit, before=place):
        assert len(more) <= limit
        found += more
        place = found[-1].due, found[-1].job_id, found[-1].slot

    places = [(r.due, r.job_id, r.slot) for r in found]
    assert places == sorted(((r.due, r.job_id, r.slot) for r in expected), reverse=True)
    assert all(later > earlier for later, earlier in pairwise(places))


@pytest.mark.parametrize("page", [1, 2, 100])
def test_jobs_come_by_name_or_as_they_lie_but_all_and_once(moto: Any, page: int) -> None:
    store = dynamo_store(moto, page=page)
    names = [f"job-{number}" for number in range(7)]
    for name in names:
        store.put_job(definition(name), revision=None)

    by_name, as_they_lie = [""], [""]
    while more := store.list_jobs(after=by_name[-1], limit=3):
        by_name += [found.job_id for found in more]
    while more := store.some_jobs(after=as_they_lie[-1], limit=3):
        as_they_lie += [found.job_id for found in more]

    assert by_name == ["", *names]
    assert sorted(as_they_lie) == by_name
