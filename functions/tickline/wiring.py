"""The only place that picks adapters."""

from pathlib import Path

from tickline.admin import Admin
from tickline.clocks import SystemClock
from tickline.store.sqlite import SqliteStore


def local_admin(db: Path) -> Admin:
    """Return the admin of a SQLite store; the file is made if it is not there."""
    return Admin(store=SqliteStore(db), clock=SystemClock())
