"""Whatever is asked of both stores, in whatever order, they answer the same."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backends import dynamo_store, moto_client
from builders import DAY, MINUTE, NOW, definition, entry, run
from tickline.model import RunState
from tickline.ports import Claim, Store, Write
from tickline.store.sqlite import SqliteStore

JOBS = ("a", "a-b", "b")
TIMES = tuple(NOW + number * MINUTE for number in range(4))

job_ids, times = st.sampled_from(JOBS), st.sampled_from(TIMES)
limits, revisions = st.integers(1, 4), st.integers(0, 3)
entries = st.builds(entry, times, job_ids, missed=st.integers(0, 1))
slots = st.sampled_from(["", "m:x", "m:a", "c:by-hand", "f:2026-03-02T12:00:00Z"])
runs = st.builds(
    lambda due, job_id, slot, **more: run(due, job_id=job_id, **({"slot": slot} if slot else {}), **more),
    times,
    job_ids,
    slots,
    state=st.sampled_from(RunState),
    attempt=st.integers(0, 2),
    owner=st.sampled_from(["", "one", "two"]),
)
claims = st.builds(Claim, max_runs=st.sampled_from([1, 2]), exclusive=st.booleans()) | st.just(
    Claim(exclusive=True)
)
states = st.frozensets(st.sampled_from(RunState), max_size=2)

Ask = Callable[[Store], Any]


def written(write: Write) -> Any:
    """A start that the job's state refused may leave out a record that was not in its way."""
    return write.won, write.blocked, None if write.blocked else write.current


def replace_standing(made: Any, *, as_read: bool, **how: Any) -> Ask:
    """Write a run as somebody who has read its record, or who has read another."""

    def ask(store: Store) -> Any:
        standing = store.run(made.job_id, made.slot) if as_read else made
        return written(store.write_run(made, replaces=standing, **how))

    return ask


def pages(**how: Any) -> Ask:
    """List runs to the end, page by page."""

    def ask(store: Store) -> Any:
        found: list[Any] = []
        place = None
        while more := store.list_runs(before=place, **how):
            found += more
            place = found[-1].due, found[-1].job_id, found[-1].slot
        return found

    return ask


questions: st.SearchStrategy[Ask] = st.one_of(
    st.builds(lambda found: lambda store: store.put_entries(found), st.lists(entries, max_size=4)),
    st.builds(lambda found: lambda store: store.remove_entries(found), st.lists(entries, max_size=3)),
    st.builds(lambda found: lambda store: store.absent_entries(found), st.lists(entries, max_size=3)),
    st.builds(
        lambda until, limit, after: lambda store: store.due(until, limit=limit, after=after),
        times,
        limits,
        st.none() | entries,
    ),
    st.builds(lambda after: lambda store: store.next_due(after), times),
    st.builds(
        lambda job_id, stored, given_: (
            lambda store: store.put_job(definition(job_id, stored), revision=given_)
        ),
        job_ids,
        revisions,
        st.none() | revisions,
    ),
    st.builds(
        lambda job_id, given_: lambda store: store.delete_job(job_id, revision=given_),
        job_ids,
        st.none() | revisions,
    ),
    st.builds(lambda after, limit: lambda store: store.list_jobs(after=after, limit=limit), job_ids, limits),
    st.builds(lambda made: lambda store: written(store.write_run(made, replaces=None)), runs),
    st.builds(
        lambda made, claim: lambda store: written(store.write_run(made, replaces=None, claim=claim)),
        runs,
        claims,
    ),
    st.builds(replace_standing, runs, as_read=st.booleans(), release=st.booleans()),
    st.builds(replace_standing, runs, as_read=st.booleans(), claim=claims),
    st.builds(pages, job_id=st.none() | job_ids, states=states, limit=limits),
    st.builds(lambda job_id: lambda store: store.reset_state(job_id), job_ids),
    st.just(lambda store: store.states(JOBS)),
    st.just(lambda store: store.jobs(JOBS)),
)


def all_due(store: Store) -> Any:
    return store.due(NOW + DAY, limit=99)


@settings(max_examples=40)
@given(st.lists(questions, min_size=10, max_size=30), st.integers(1, 4), st.integers(1, 3))
def test_both_stores_answer_the_same(asked: list[Ask], shards: int, page: int) -> None:
    sqlite = SqliteStore(":memory:")
    with moto_client() as client:
        dynamo = dynamo_store(client, shards=shards, page=page)

        for ask in [*asked, pages(limit=3), all_due]:
            assert ask(dynamo) == ask(sqlite)
    sqlite.close()
