"""What is true of the SQLite store beyond the contract: files, versions, locks, full disks, processes."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from builders import DAY, NOW, SECOND, definition, entry, run
from tickline.errors import StoreBusy, StoreError, StoreFull
from tickline.model import RunState
from tickline.ports import Claim
from tickline.store import sqlite
from tickline.store.migrations import STEPS
from tickline.store.sqlite import SqliteStore, translated


def test_a_store_is_there_again_after_reopening(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "tickline.db")
    first.put_job(definition(), revision=None)
    first.put_entries([entry()])
    first.write_run(run(), replaces=None)
    first.close()

    again = SqliteStore(tmp_path / "tickline.db")

    assert again.job("report") == definition()
    assert again.due(NOW, limit=9) == [entry()]
    assert again.run("report", run().slot) == run()
    again.close()


def test_every_thread_may_use_one_store(store: SqliteStore) -> None:
    wins: list[bool] = []

    def claim(number: int) -> None:
        won = store.write_run(run(owner=str(number)), replaces=None).won
        wins.append(won)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(wins) == [False] * 15 + [True]


CONTEND = """
import sys
from dataclasses import replace
sys.path.insert(0, sys.argv[2])
from builders import NOW, SECOND, run
from tickline.ports import Claim
from tickline.store.sqlite import SqliteStore

store = SqliteStore(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
won = 0
for number in range(50):
    mine = run(NOW + number * SECOND, owner=sys.argv[3])
    won += store.write_run(mine, replaces=None).won
    limited = replace(mine, job_id="limited")
    store.write_run(limited, replaces=None, claim=Claim(max_runs=20))
print(won, flush=True)
"""


def test_of_several_processes_one_wins_each_run(tmp_path: Path) -> None:
    path = tmp_path / "tickline.db"
    store = SqliteStore(path)
    tests = str(Path(__file__).parents[1])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CONTEND, str(path), tests, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    answers = [process.communicate("go\n", timeout=60)[0] for process in processes]

    assert sum(int(answer) for answer in answers) == 50
    assert len(store.list_runs("report", limit=100)) == 50
    assert len(store.list_runs("limited", limit=100)) == 20
    assert store.states(["limited"])["limited"].started == 20
    store.close()


def test_changes_by_others_are_counted(tmp_path: Path) -> None:
    mine, other = SqliteStore(tmp_path / "tickline.db"), SqliteStore(tmp_path / "tickline.db")
    before = mine.change_counter()

    mine.put_entries([entry()])
    after_mine = mine.change_counter()
    other.put_entries([entry(NOW + SECOND)])

    assert after_mine == before
    assert mine.change_counter() != before
    mine.close()
    other.close()


def test_records_whose_time_is_over_are_purged_a_few_at_a_time(store: SqliteStore) -> None:
    for number in range(5):
        old = run(NOW + number * SECOND, RunState.SUCCEEDED, expires_at=NOW + DAY)
        store.write_run(old, replaces=None)
    store.write_run(run(NOW + DAY), replaces=None)

    early = store.purge(NOW + DAY)
    purged = [store.purge(NOW + 2 * DAY, limit=3) for _ in range(3)]

    assert early == 0
    assert purged == [3, 2, 0]
    assert [record.due for record in store.list_runs()] == [NOW + DAY]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tickline.db"
    path.write_text("this is a text file, and quite a long one, that is no database at all" * 20)

    with pytest.raises(StoreError, match="not a database"):
        SqliteStore(path)


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE jobs (name TEXT)")
    other.close()

    with pytest.raises(StoreError, match="not a Tickline store"):
        SqliteStore(path)

    other = sqlite3.connect(path)
    assert other.execute("SELECT name FROM sqlite_schema").fetchall() == [("jobs",)]
    other.close()


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tickline.db"
    store = SqliteStore(path)
    store._change(f"PRAGMA user_version = {len(STEPS) + 1}", ())
    store.close()

    with pytest.raises(StoreError, match="use a newer one"):
        SqliteStore(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        SqliteStore(tmp_path / "nowhere" / "tickline.db")


def test_a_locked_file_is_said_to_be_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)
    store = SqliteStore(tmp_path / "tickline.db")
    other = sqlite3.connect(tmp_path / "tickline.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreBusy, match="locked by another process"):
        store.put_entries([entry()])
    assert store.due(NOW, limit=1) == []  # readers are not held up
    other.execute("ROLLBACK")
    store.put_entries([entry()])

    assert store.due(NOW, limit=1) == [entry()]
    other.close()
    store.close()


def test_a_full_disk_is_said_so_and_loses_nothing(store: SqliteStore) -> None:
    store.put_job(definition(), revision=None)
    store._change("PRAGMA max_page_count = 1", ())  # as small as the file already is

    with pytest.raises(StoreFull, match="disk is full"):
        store.put_job(definition("large", payload="x" * 100_000), revision=None)
    store._change("PRAGMA max_page_count = 1000000", ())

    assert store.put_job(definition("later"), revision=None)
    assert store.job("report") == definition()


def test_any_other_trouble_names_the_file() -> None:
    with pytest.raises(StoreError, match=r"^a\.db: no such column$"), translated("a.db"):
        raise sqlite3.OperationalError("no such column")


def test_a_failed_transaction_leaves_nothing_behind(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sqlite, "_state_after", fail)
    with pytest.raises(KeyboardInterrupt):
        store.write_run(run(), replaces=None, claim=Claim(max_runs=1))

    assert store.run("report", run().slot) is None
    assert store.states(["report"]) == {}


def test_rows_that_were_changed_by_hand_beyond_reading_stop_nobody(store: SqliteStore) -> None:
    for due, slot in (
        ("2026", "m:x"),
        ("2026-03-02T12:00:00.000Z", "x:what"),
        ("2026-03-02T12:00:00.000Z", "2026-03-02"),
        ("2026-03-02T12:00:00.000Z", "never"),
    ):
        store._change("INSERT INTO timeline (due, job_id, slot) VALUES (?, 'a', ?)", (due, slot))
    store.put_entries([entry(NOW, "b"), entry(NOW, "c")])
    store.write_run(run(NOW), replaces=None)
    store.write_run(run(NOW + SECOND), replaces=None)
    store._change("UPDATE runs SET record = '[]' WHERE slot = ?", (run(NOW).slot,))

    assert store.due(NOW, limit=1) == [entry(NOW, "b")]
    assert store.due(NOW, limit=9) == [entry(NOW, "b"), entry(NOW, "c")]
    assert store.run("report", run(NOW).slot) is None
    assert store.list_runs() == [run(NOW + SECOND)]
