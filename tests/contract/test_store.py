"""What every store promises. A new adapter is added to the fixture, and nothing else."""

from dataclasses import replace

import pytest

from backends import open_store
from builders import DAY, HOUR, MINUTE, NOW, SECOND, definition, entry, run
from tickline.model import Attempt, Cause, JobState, RunState
from tickline.ports import Claim, Store

READY, RUNNING, SUCCEEDED = RunState.READY, RunState.RUNNING, RunState.SUCCEEDED


@pytest.fixture(name="any_store", params=["sqlite", "moto", "dynamodb-local"])
def _any_store(request: pytest.FixtureRequest) -> Store:
    return open_store(request)


# jobs


def test_a_definition_comes_back_as_it_was_put(any_store: Store) -> None:
    odd = definition(payload={"text": "é \u2028 'quotes'", "list": [1, 2.5, None, True]}, revision=7)

    assert any_store.put_job(odd, revision=None)

    assert any_store.job("report") == odd
    assert any_store.job("other") is None


def test_only_the_first_of_two_creations_wins(any_store: Store) -> None:
    assert any_store.put_job(definition(), revision=None)

    assert not any_store.put_job(definition(zone="Europe/Paris"), revision=None)

    stored = any_store.job("report")
    assert stored is not None
    assert "zone" not in stored.document


def test_an_edit_wins_only_against_the_revision_it_read(any_store: Store) -> None:
    any_store.put_job(definition(revision=1), revision=None)

    assert any_store.put_job(definition(revision=2), revision=1)
    assert not any_store.put_job(definition(revision=2), revision=1)


def test_a_deletion_may_be_bound_to_a_revision(any_store: Store) -> None:
    any_store.put_job(definition(revision=3), revision=None)

    assert not any_store.delete_job("report", revision=2)
    assert any_store.delete_job("report", revision=3)
    assert not any_store.delete_job("report")


def test_jobs_are_read_many_at_once(any_store: Store) -> None:
    names = [f"job-{number:04}" for number in range(950)]
    for name in names:
        any_store.put_job(definition(name), revision=None)

    found = any_store.jobs([*names, "missing"])

    assert sorted(found) == names


def test_jobs_are_listed_by_name_in_pages(any_store: Store) -> None:
    for name in ("b", "a", "c"):
        any_store.put_job(definition(name), revision=None)

    first = any_store.list_jobs(limit=2)
    rest = any_store.list_jobs(after=first[-1].job_id, limit=2)

    assert [found.job_id for found in first + rest] == ["a", "b", "c"]


def test_every_job_is_met_once_in_the_store_s_own_order(any_store: Store) -> None:
    names = {f"job-{number}" for number in range(25)}
    for name in names:
        any_store.put_job(definition(name), revision=None)

    met: list[str] = []
    while some := any_store.some_jobs(after=met[-1] if met else "", limit=10):
        met += [found.job_id for found in some]

    assert len(met) == 25
    assert set(met) == names


# timeline


def test_due_entries_come_earliest_first_and_in_pages(any_store: Store) -> None:
    entries = [entry(NOW + number * SECOND, job) for number in range(3) for job in ("a", "b")]
    any_store.put_entries([*reversed(entries), entry(NOW + HOUR)])

    first = any_store.due(NOW + MINUTE, limit=4)
    rest = any_store.due(NOW + MINUTE, limit=4, after=first[-1])

    assert first + rest == entries


def test_an_entry_is_due_at_its_very_instant_and_not_before(any_store: Store) -> None:
    any_store.put_entries([entry(NOW)])

    assert any_store.due(NOW, limit=1) == [entry(NOW)]
    assert any_store.due(NOW - SECOND / 1000, limit=1) == []


def test_putting_an_entry_twice_leaves_one(any_store: Store) -> None:
    any_store.put_entries([entry(NOW)])
    any_store.put_entries([entry(NOW, missed=3)])

    assert any_store.due(NOW, limit=9) == [entry(NOW, missed=3)]


def test_removing_an_entry_that_is_not_there_is_no_error(any_store: Store) -> None:
    any_store.put_entries([entry(NOW), entry(NOW, "other")])

    any_store.remove_entries([entry(NOW), entry(NOW + SECOND)])

    assert any_store.due(NOW, limit=9) == [entry(NOW, "other")]


def test_the_next_due_instant_is_later_than_the_one_asked_for(any_store: Store) -> None:
    any_store.put_entries([entry(NOW), entry(NOW + MINUTE), entry(NOW + HOUR)])

    assert any_store.next_due(NOW) == NOW + MINUTE
    assert any_store.next_due(NOW + HOUR) is None


def test_absent_entries_are_told_from_those_that_are_there(any_store: Store) -> None:
    any_store.put_entries([entry(NOW)])

    assert any_store.absent_entries([entry(NOW), entry(NOW + SECOND)]) == [entry(NOW + SECOND)]


# runs


def test_a_run_comes_back_with_all_that_is_known_of_it(any_store: Store) -> None:
    tried = Attempt(attempt=1, started_at=NOW, ended_at=NOW + SECOND, outcome="function", error="Oops: no")
    full = run(
        attempts=(tried, replace(tried, error="")),
        not_before=NOW + MINUTE,
        ended_at=NOW + SECOND,
        result='{"ok": true}',
        error="Oops: no",
        cause=Cause.MISSED,
        reason="é",
        until="2026-03-02T12:05:00Z",
        count=5,
        missed=4,
        tracked=True,
        expires_at=NOW + 90 * DAY,
    )

    assert any_store.write_run(full, replaces=None).won

    assert any_store.run("report", full.slot) == full


def test_a_run_is_created_once(any_store: Store) -> None:
    first = run(owner="one")

    assert any_store.write_run(first, replaces=None).won
    lost = any_store.write_run(run(owner="two"), replaces=None)

    assert not lost.won
    assert lost.current == first


@pytest.mark.parametrize(
    "stale",
    [
        run(owner="two"),
        run(attempt=2),
        run(state=READY, owner="one"),
    ],
    ids=["another owner", "another attempt", "another state"],
)
def test_a_run_is_replaced_only_as_it_was_read(any_store: Store, stale: object) -> None:
    standing = run(owner="one")
    any_store.write_run(standing, replaces=None)

    lost = any_store.write_run(run(state=SUCCEEDED), replaces=stale)  # type: ignore[arg-type]

    assert not lost.won
    assert lost.current == standing
    assert any_store.write_run(run(state=SUCCEEDED), replaces=standing).won


def test_replacing_a_run_that_is_not_there_is_a_lost_race(any_store: Store) -> None:
    lost = any_store.write_run(run(state=SUCCEEDED), replaces=run())

    assert not lost.won
    assert lost.current is None
    assert any_store.run("report", run().slot) is None


def test_runs_are_read_many_at_once(any_store: Store) -> None:
    there = [run(NOW + number * SECOND) for number in range(120)]
    for record in there:
        any_store.write_run(record, replaces=None)

    found = any_store.runs([("report", record.slot) for record in there] + [("report", "missing")])

    assert found == {("report", record.slot): record for record in there}


def test_runs_are_listed_latest_first_in_pages(any_store: Store) -> None:
    for minutes, job_id in ((0, "a"), (1, "b"), (2, "a"), (2, "b")):
        any_store.write_run(run(NOW + minutes * MINUTE, job_id=job_id), replaces=None)

    first = any_store.list_runs(limit=3)
    last = first[-1]
    rest = any_store.list_runs(before=(last.due, last.job_id, last.slot), limit=3)

    assert [(r.job_id, r.due) for r in first + rest] == [
        ("b", NOW + 2 * MINUTE), ("a", NOW + 2 * MINUTE), ("b", NOW + MINUTE), ("a", NOW)
    ]  # fmt: skip
    assert [r.due for r in any_store.list_runs("a")] == [NOW + 2 * MINUTE, NOW]


def test_runs_are_listed_by_state(any_store: Store) -> None:
    any_store.write_run(run(NOW), replaces=None)
    any_store.write_run(run(NOW + MINUTE, SUCCEEDED), replaces=None)

    found = any_store.list_runs("report", states=frozenset({RUNNING, READY}))

    assert [r.due for r in found] == [NOW]


# the state of tracked jobs


def test_a_counted_start_is_refused_at_the_limit(any_store: Store) -> None:
    claim = Claim(max_runs=2)
    starts = [any_store.write_run(run(NOW + i * MINUTE), replaces=None, claim=claim) for i in range(3)]

    assert [start.won for start in starts] == [True, True, False]
    assert starts[2].blocked == JobState(started=2)
    assert any_store.run("report", run(NOW + 2 * MINUTE).slot) is None


def test_a_start_that_loses_its_record_is_not_counted(any_store: Store) -> None:
    any_store.write_run(run(), replaces=None, claim=Claim(max_runs=5))

    lost = any_store.write_run(run(owner="two"), replaces=None, claim=Claim(max_runs=5))

    assert not lost.won
    assert lost.blocked is None
    assert lost.current == run()
    assert any_store.states(["report"])["report"].started == 1


def test_one_active_run_keeps_the_others_out_until_it_is_released(any_store: Store) -> None:
    claim = Claim(exclusive=True)
    first, second = run(NOW), run(NOW + MINUTE)

    assert any_store.write_run(first, replaces=None, claim=claim).won
    blocked = any_store.write_run(second, replaces=None, claim=claim)
    assert any_store.write_run(replace(first, state=SUCCEEDED), replaces=first, release=True).won
    assert any_store.write_run(second, replaces=None, claim=claim).won

    assert blocked.blocked == JobState(active=first.slot)
    assert any_store.states(["report"]) == {"report": JobState(active=second.slot)}


def test_a_release_that_loses_its_record_releases_nothing(any_store: Store) -> None:
    first = run(NOW)
    any_store.write_run(first, replaces=None, claim=Claim(exclusive=True))

    zombie = replace(first, owner="zombie")
    assert not any_store.write_run(replace(zombie, state=SUCCEEDED), replaces=zombie, release=True).won

    assert any_store.states(["report"])["report"].active == first.slot


def test_a_release_by_a_run_that_is_not_active_changes_no_state(any_store: Store) -> None:
    first, other = run(NOW), run(NOW + MINUTE)
    any_store.write_run(first, replaces=None, claim=Claim(exclusive=True))
    any_store.write_run(other, replaces=None)

    any_store.write_run(replace(other, state=SUCCEEDED), replaces=other, release=True)

    assert any_store.states(["report"])["report"].active == first.slot


def test_a_reset_state_is_that_of_a_job_that_never_ran(any_store: Store) -> None:
    any_store.write_run(run(), replaces=None, claim=Claim(max_runs=1))

    any_store.reset_state("report")

    assert any_store.states(["report", "other"]) == {}
