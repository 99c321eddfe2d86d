"""Each test has a store of its own: a file that is not made yet, and an empty stack."""

from pathlib import Path

import pytest

from unit.cli.command import Tickline
from unit.cli.stores import on_file, on_stack


@pytest.fixture(params=["sqlite", "stack"])
def tickline(request: pytest.FixtureRequest, tmp_path: Path) -> Tickline:
    """Return the command with either kind of store."""
    if request.param == "sqlite":
        return on_file(tmp_path / "tickline.db")
    return on_stack(request.getfixturevalue("moto"), tmp_path / "tickline.db")


@pytest.fixture
def with_file(tmp_path: Path) -> Tickline:
    """Return the command with a file, for what only a file can be."""
    return on_file(tmp_path / "tickline.db")
