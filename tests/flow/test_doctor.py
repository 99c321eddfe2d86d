"""Doctor over every store: it finds what it looks for without reading all runs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import HOUR, MINUTE, NOW, run
from tickline.model import Entry, RunState
from tickline.ports import Store
from world import World


def test_the_doctor_finds_lost_runs_by_their_entries(any_store: Store) -> None:
    world = World(any_store)
    lost = run(NOW - HOUR, job_id="lost", lease=NOW - 30 * MINUTE)
    alive = run(NOW - HOUR, job_id="alive", lease=NOW + timedelta(minutes=1))
    for record in (lost, alive):
        world.store.write_run(record, replaces=None)
        world.store.put_entries([Entry(due=record.due, job_id=record.job_id, slot=record.slot)])

    findings = world.admin.doctor()["findings"]

    assert [(found["code"], found["job_id"]) for found in findings] == [("lost_run", "lost")]


class NoSearch:
    """A store that lists the dead runs of all jobs, for which there is an index, and no others."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def list_runs(
        self, job_id: str | None = None, *, states: frozenset[RunState] = frozenset(), **arguments: Any
    ) -> Any:
        assert states == {RunState.DEAD}, "this reads every run there is"
        return self._store.list_runs(job_id, states=states, **arguments)


def test_the_doctor_does_not_search_all_runs(any_store: Store) -> None:
    world = World(any_store)
    world.put()
    world.step(MINUTE)

    assert replace(world.admin, store=NoSearch(any_store)).doctor()["healthy"]


def test_the_doctor_finds_a_lost_run_behind_many_that_wait(any_store: Store) -> None:
    world = World(any_store)
    entries = [Entry(due=NOW - HOUR, job_id=f"job-{n:03}", slot="m:t") for n in range(150)]
    lost = run(NOW - HOUR, job_id="lost", lease=NOW - 30 * MINUTE)
    world.store.write_run(lost, replaces=None)
    world.store.put_entries([*entries, Entry(due=lost.due, job_id="lost", slot=lost.slot)])

    findings = world.admin.doctor()["findings"]

    assert [found["code"] for found in findings] == ["overdue", "lost_run"]
    assert findings[0]["message"].startswith("150 entries are overdue, the first (job-000)")
