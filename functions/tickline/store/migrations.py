"""The tables of the SQLite store, as a list of steps. A step, once released, is never changed."""

import sqlite3

from tickline.errors import StoreError

APPLICATION_ID = 0x7469636B
"""Marks the file as a Tickline store ("tick"), in SQLite's own header."""

STEPS = (
    """
    CREATE TABLE jobs (
        job_id   TEXT PRIMARY KEY,
        document TEXT NOT NULL,               -- the job document, JSON
        revision INTEGER NOT NULL DEFAULT 1
    ) STRICT;
    CREATE TABLE timeline (
        due    TEXT NOT NULL,
        job_id TEXT NOT NULL,
        slot   TEXT NOT NULL,
        missed INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (due, job_id, slot)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE runs (
        job_id     TEXT NOT NULL,
        slot       TEXT NOT NULL,
        state      TEXT NOT NULL,             -- these five are in the record as well:
        attempt    INTEGER NOT NULL,          -- as columns, conditions and lists can use them
        owner      TEXT NOT NULL,
        due        TEXT NOT NULL,
        expires_at TEXT,
        record     TEXT NOT NULL,             -- JSON
        PRIMARY KEY (job_id, slot)
    ) STRICT;
    CREATE INDEX runs_by_expiry ON runs (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE states (
        job_id  TEXT PRIMARY KEY,
        started INTEGER NOT NULL DEFAULT 0,   -- runs that count towards max_runs
        active  TEXT NOT NULL DEFAULT ''      -- slot of the open run, for overlap
    ) STRICT, WITHOUT ROWID;
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the present version, whole or not at all; safe for several processes at once.

    Raises StoreError for a file that is not a store, or that a newer Tickline wrote.
    """
    if _version(connection) == len(STEPS) and _application(connection) == APPLICATION_ID:
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        _check(connection, version)
        for step in STEPS[version:]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(step: str) -> list[str]:
    """Split a step: `executescript` would commit in between."""
    return [statement for statement in step.split(";\n") if statement.strip()]


def _check(connection: sqlite3.Connection, version: int) -> None:
    if version > len(STEPS):
        raise StoreError(
            f"the store has version {version}, this Tickline knows up to {len(STEPS)}; use a newer one"
        )
    foreign = _application(connection) not in (0, APPLICATION_ID)
    used = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if foreign or (version == 0 and used):
        raise StoreError("the file is an SQLite database, but not a Tickline store")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _application(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])
