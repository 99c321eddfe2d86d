"""Every test has no AWS account, no home settings, and deterministic examples."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from backends import dynamo_store, moto_client
from dynamodb_local import DynamoDbLocal, running
from tickline.registry import registry
from tickline.store.dynamodb import DynamoStore
from tickline.store.sqlite import SqliteStore

settings.register_profile("tickline", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("tickline")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=50, help="how often test_kill kills local mode")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the developer's machine has set, before anything reads it."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "TICKLINE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.fixture
def empty_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget afterwards what the test's handler files registered and imported, and where they were."""
    before = set(sys.modules)
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "tickline.db")
    yield store
    store.close()


@pytest.fixture
def store(sqlite_store: SqliteStore) -> SqliteStore:
    return sqlite_store


@pytest.fixture
def moto() -> Iterator[Any]:
    with moto_client() as client:
        yield client


@pytest.fixture
def moto_store(moto: Any) -> DynamoStore:
    return dynamo_store(moto)


@pytest.fixture(scope="session")
def dynamodb_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoDbLocal]:
    """DynamoDB Local, started once for all tests that want it."""
    with running(tmp_path_factory.mktemp("dynamodb-local") / "log.txt") as local:
        yield local


@pytest.fixture
def local_store(dynamodb_local: DynamoDbLocal) -> Iterator[DynamoStore]:
    client = dynamodb_local.client()
    yield dynamo_store(client)
    client.close()
