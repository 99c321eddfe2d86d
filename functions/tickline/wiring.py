"""The only place that picks adapters."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tickline.admin import Admin
from tickline.clocks import SystemClock
from tickline.store.sqlite import SqliteStore


@contextmanager
def local_admin(db: Path | str) -> Iterator[Admin]:
    """Give the admin of a SQLite store for a while; the file is made if it is not there."""
    with closing(SqliteStore(db)) as store:
        yield Admin(store=store, clock=SystemClock())
