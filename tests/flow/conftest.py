"""The flow's tests run over every store that a machine can have without a server of its own."""

import pytest

from backends import open_store
from tickline.ports import Store
from world import World


@pytest.fixture(params=["sqlite", "moto"])
def any_store(request: pytest.FixtureRequest) -> Store:
    """Return a fresh store of each kind."""
    return open_store(request)


@pytest.fixture
def world(any_store: Store) -> World:
    """Return a world on a fresh store of each kind."""
    return World(any_store)
