"""Doctor over every store: it finds what it looks for without reading all runs."""

from datetime import timedelta

from builders import HOUR, MINUTE, NOW, run
from tickline.model import Entry
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
