"""The Store on one SQLite file: durable over power loss, for any number of processes and threads.

Conditions are in the WHERE clause of the write itself; whoever changes no row has lost. Instants are text in
UTC with three digits of fraction, which sorts as time does, so that the tables can be read by people.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from tickline.errors import StoreBusy, StoreError, StoreFull
from tickline.model import (
    Definition,
    Entry,
    JobState,
    Run,
    RunState,
    instant_of,
    instant_text,
)
from tickline.ports import Claim, Place, RunKey, Store, Write
from tickline.store.items import entry_of, run_of_item, run_to_item
from tickline.store.migrations import migrate

log = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_TIMEOUT_MS = 10_000
CHUNK = 400
"""Rows per statement with a parameter list: well under SQLite's oldest limit of 999 parameters."""

BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_TOOBIG})


class SqliteStore(Store):
    """Jobs, timeline and runs in one file. Each thread has its own connection; `close` closes them all."""

    def __init__(self, path: Path | str) -> None:
        """Open the file, make it if it is not there, and bring its tables up to date.

        Raises StoreError when the file cannot be opened, is not a store, or was written by a newer version.
        """
        self.path = str(path)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._one_writer = threading.Lock()
        self._open: list[sqlite3.Connection] = []
        try:
            with translated(self.path):
                migrate(self._connection())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection. The store can be used no more."""
        with self._lock:
            while self._open:
                self._open.pop().close()

    def change_counter(self) -> int:
        """Return a number that differs from the last when another connection has changed the file."""
        with translated(self.path):
            return int(self._one("PRAGMA data_version")[0])

    # jobs

    def job(self, job_id: str) -> Definition | None:
        """See Store.job."""
        return self.jobs([job_id]).get(job_id)

    def jobs(self, job_ids: Iterable[str]) -> dict[str, Definition]:
        """See Store.jobs."""
        rows = self._by_keys("SELECT job_id, document, revision FROM jobs WHERE job_id IN", job_ids)
        return {row[0]: _definition(row) for row in rows}

    def list_jobs(self, *, after: str = "", limit: int = 100) -> list[Definition]:
        """See Store.list_jobs."""
        sql = "SELECT job_id, document, revision FROM jobs WHERE job_id > ? ORDER BY job_id LIMIT ?"
        return [_definition(row) for row in self._all(sql, (after, limit))]

    def some_jobs(self, *, after: str = "", limit: int = 100) -> list[Definition]:
        """See Store.some_jobs."""
        return self.list_jobs(after=after, limit=limit)

    def put_job(self, definition: Definition, *, revision: int | None) -> bool:
        """See Store.put_job."""
        document = json.dumps(definition.document, allow_nan=False)
        values = (document, definition.revision, definition.job_id)
        if revision is None:
            sql = "INSERT INTO jobs (document, revision, job_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            return self._change(sql, values) == 1
        sql = "UPDATE jobs SET document = ?, revision = ? WHERE job_id = ? AND revision = ?"
        return self._change(sql, (*values, revision)) == 1

    def delete_job(self, job_id: str, *, revision: int | None = None) -> bool:
        """See Store.delete_job."""
        sql = "DELETE FROM jobs WHERE job_id = ? AND revision = coalesce(?, revision)"
        return self._change(sql, (job_id, revision)) == 1

    # timeline

    def due(self, until: datetime, *, limit: int, after: Entry | None = None) -> list[Entry]:
        """See Store.due."""
        sql = (
            "SELECT due, job_id, slot, missed FROM timeline WHERE due <= ?"
            " AND (due, job_id, slot) > (?, ?, ?) ORDER BY due, job_id, slot LIMIT ?"
        )
        place: Sequence[str] = ("", "", "") if after is None else _entry_key(after)
        found: list[Entry] = []
        while len(found) < limit:
            rows = self._all(sql, (instant_text(until), *place, limit))
            found += _readable(rows, _entry)
            if len(rows) < limit:
                break
            place = rows[-1][:3]
        return found[:limit]

    def next_due(self, after: datetime) -> datetime | None:
        """See Store.next_due."""
        row = self._one("SELECT min(due) FROM timeline WHERE due > ?", (instant_text(after),))
        return None if row[0] is None else instant_of(row[0])

    def put_entries(self, entries: Sequence[Entry]) -> None:
        """See Store.put_entries."""
        sql = "INSERT OR REPLACE INTO timeline (due, job_id, slot, missed) VALUES (?, ?, ?, ?)"
        self._change_many(sql, [(*_entry_key(entry), entry.missed) for entry in entries])

    def remove_entries(self, entries: Sequence[Entry]) -> None:
        """See Store.remove_entries."""
        sql = "DELETE FROM timeline WHERE due = ? AND job_id = ? AND slot = ?"
        self._change_many(sql, [_entry_key(entry) for entry in entries])

    def absent_entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """See Store.absent_entries."""
        sql = "SELECT count(*) FROM timeline WHERE due = ? AND job_id = ? AND slot = ?"
        return [entry for entry in entries if not self._one(sql, _entry_key(entry))[0]]

    # runs

    def run(self, job_id: str, slot: str) -> Run | None:
        """See Store.run."""
        return self.runs([(job_id, slot)]).get((job_id, slot))

    def runs(self, keys: Iterable[RunKey]) -> dict[RunKey, Run]:
        """See Store.runs."""
        sql = "SELECT record FROM runs WHERE job_id = ? AND slot = ?"
        with self._reading() as connection:
            rows = (connection.execute(sql, key).fetchone() for key in keys)
            found = _readable((row for row in rows if row is not None), _run)
        return {(run.job_id, run.slot): run for run in found}

    def list_runs(
        self,
        job_id: str | None = None,
        *,
        before: Place | None = None,
        states: frozenset[RunState] = frozenset(),
        limit: int = 100,
    ) -> list[Run]:
        """See Store.list_runs."""
        conditions, values = ["1"], []
        if job_id is not None:
            conditions.append("job_id = ?")
            values.append(job_id)
        if before is not None:
            conditions.append("(due, job_id, slot) < (?, ?, ?)")
            values += [instant_text(before[0]), *before[1:]]
        if states:
            conditions.append(f"state IN ({_marks(len(states))})")
            values += sorted(states)
        where = " AND ".join(conditions)
        order = "ORDER BY due DESC, job_id DESC, slot DESC LIMIT ?"
        sql = f"SELECT record FROM runs WHERE {where} {order}"  # noqa: S608 - constants and marks only
        return _readable(self._all(sql, (*values, limit)), _run)

    def write_run(
        self,
        run: Run,
        *,
        replaces: Run | None,
        claim: Claim | None = None,
        release: bool = False,
    ) -> Write:
        """See Store.write_run."""
        if claim is None and not release:
            with self._writing() as connection:
                won = _write_run(connection, run, replaces)
            return Write(won=won, current=None if won else self.run(run.job_id, run.slot))
        with self._transaction() as connection:
            row = connection.execute(SELECT_STATE, (run.job_id,)).fetchone()
            state = JobState(started=row[0], active=row[1]) if row else JobState()
            blocked = claim is not None and _blocks(claim, state, run.slot)
            won = not blocked and _write_run(connection, run, replaces)
            if won:
                after = _state_after(state, run.slot, claim, release=release)
                connection.execute(WRITE_STATE, (run.job_id, after.started, after.active))
        current = None if won else self.run(run.job_id, run.slot)
        return Write(won=won, current=current, blocked=state if blocked else None)

    def states(self, job_ids: Iterable[str]) -> dict[str, JobState]:
        """See Store.states."""
        rows = self._by_keys("SELECT job_id, started, active FROM states WHERE job_id IN", job_ids)
        return {row[0]: JobState(started=row[1], active=row[2]) for row in rows}

    def reset_state(self, job_id: str) -> None:
        """See Store.reset_state."""
        self._change("DELETE FROM states WHERE job_id = ?", (job_id,))

    def purge(self, now: datetime, *, limit: int = 1000) -> int:
        """Delete up to `limit` records whose time in the history is over; return how many."""
        sql = (
            "DELETE FROM runs WHERE rowid IN"
            " (SELECT rowid FROM runs WHERE expires_at < ? ORDER BY expires_at LIMIT ?)"
        )
        return self._change(sql, (instant_text(now), limit))

    # connections

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Autocommit; the one transaction of several statements says BEGIN itself.
            connection = sqlite3.connect(
                self.path,
                isolation_level=None,
                timeout=BUSY_TIMEOUT_MS / 1000,
                check_same_thread=False,  # only `close` comes from another thread
            )
            with self._lock:
                self._open.append(connection)
            # With less, a power cut could take back a recorded start, and the run would start twice.
            connection.execute("PRAGMA synchronous = FULL")
            self._local.connection = connection
        return connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with translated(self.path):
            yield self._connection()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for one write. Threads take turns, where SQLite would make them sleep."""
        with translated(self.path), self._one_writer:
            yield self._connection()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _one(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
        with self._reading() as connection:
            row: tuple[Any, ...] = connection.execute(sql, values).fetchone()
            return row

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._reading() as connection:
            return connection.execute(sql, values).fetchall()

    def _by_keys(self, sql: str, keys: Iterable[str]) -> list[tuple[Any, ...]]:
        wanted, rows = list(keys), []
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            rows += self._all(f"{sql} ({_marks(len(chunk))})", chunk)
        return rows

    def _change(self, sql: str, values: Sequence[Any]) -> int:
        with self._writing() as connection:
            return connection.execute(sql, values).rowcount

    def _change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            with self._transaction() as connection:
                connection.executemany(sql, rows)


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn SQLite's errors into ours. The one place that knows them."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in BUSY:
            raise StoreBusy(f"{path} is locked by another process; try again") from error
        if code in FULL:
            raise StoreFull(f"{path}: the disk is full ({error}); make room, nothing is lost") from error
        raise StoreError(f"{path}: {error}") from error


SELECT_STATE = "SELECT started, active FROM states WHERE job_id = ?"
WRITE_STATE = "INSERT OR REPLACE INTO states (job_id, started, active) VALUES (?, ?, ?)"
INSERT_RUN = (
    "INSERT INTO runs (state, attempt, owner, due, expires_at, record, job_id, slot)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
UPDATE_RUN = (
    "UPDATE runs SET state = ?, attempt = ?, owner = ?, due = ?, expires_at = ?, record = ?"
    " WHERE job_id = ? AND slot = ? AND state = ? AND attempt = ? AND owner = ?"
)


def _write_run(connection: sqlite3.Connection, run: Run, replaces: Run | None) -> bool:
    item = run_to_item(run)
    values = (
        run.state,
        run.attempt,
        run.owner,
        item["due"],
        item.get("expires_at"),
        json.dumps(item),
        run.job_id,
        run.slot,
    )
    if replaces is None:
        return connection.execute(INSERT_RUN, values).rowcount == 1
    standing = (replaces.state, replaces.attempt, replaces.owner)
    return connection.execute(UPDATE_RUN, (*values, *standing)).rowcount == 1


def _blocks(claim: Claim, state: JobState, slot: str) -> bool:
    over = claim.max_runs is not None and state.started >= claim.max_runs
    return over or (claim.exclusive and state.active not in ("", slot))


def _state_after(state: JobState, slot: str, claim: Claim | None, *, release: bool) -> JobState:
    if claim is not None and claim.max_runs is not None:
        state = replace(state, started=state.started + 1)
    if claim is not None and claim.exclusive:
        state = replace(state, active=slot)
    if release and state.active == slot:
        state = replace(state, active="")
    return state


def _definition(row: tuple[Any, ...]) -> Definition:
    """Read a row of jobs. What is not JSON becomes a document that no check passes."""
    try:
        document = json.loads(row[1])
    except ValueError:
        document = row[1]
    return Definition(job_id=row[0], document=document, revision=row[2])


def _entry(row: tuple[Any, ...]) -> Entry:
    return entry_of(*row)


def _readable(rows: Iterable[tuple[Any, ...]], read: Callable[[tuple[Any, ...]], T]) -> list[T]:
    """Read rows; one that was changed by hand beyond reading is logged, and the others go on."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except (AttributeError, KeyError, TypeError, ValueError):
            log.warning("row not readable", extra={"job_id_and_slot": row[1:3]})
    return found


def _entry_key(entry: Entry) -> tuple[str, str, str]:
    return instant_text(entry.due), entry.job_id, entry.slot


def _run(row: tuple[Any, ...]) -> Run:
    return run_of_item(json.loads(row[0]))


def _marks(count: int) -> str:
    return ", ".join("?" * count)
