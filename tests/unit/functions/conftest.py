"""An account in which stacks make functions."""

from collections.abc import Iterator

import pytest

from made import Stacks, account


@pytest.fixture
def stacks() -> Iterator[Stacks]:
    with account() as made:
        yield made
