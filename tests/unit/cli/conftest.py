"""Each test has a store of its own, not made yet."""

from pathlib import Path

import pytest

from unit.cli.command import Tickline


@pytest.fixture
def tickline(tmp_path: Path) -> Tickline:
    return Tickline(db=tmp_path / "tickline.db")
