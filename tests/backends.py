"""The stores that tests run on, by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from tickline.ports import Store
from tickline.store.dynamodb import DynamoStore
from tickline.store.dynamodb_tables import Tables, create_tables

SHARDS = 3
"""More than one, and no power of two: what is forgotten in one of them shows."""


def open_store(request: pytest.FixtureRequest) -> Store:
    """Return the store that the fixture's parameter names, fresh and empty."""
    return request.getfixturevalue(FIXTURES[request.param])  # type: ignore[no-any-return]


FIXTURES = {"sqlite": "sqlite_store", "moto": "moto_store", "dynamodb-local": "local_store"}


@contextmanager
def moto_client() -> Iterator[Any]:
    """Empty moto and return a client of it, for one thread: its conditions do not hold between several."""
    with mock_aws():
        yield _client()


@cache
def _client() -> Any:
    """Make a client, which takes longer than most tests, once."""
    return boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))


def fresh_tables(client: Any) -> Tables:
    """Make three tables that no other test knows."""
    name = uuid4().hex[:12]
    tables = Tables(jobs=f"{name}-jobs", timeline=f"{name}-timeline", runs=f"{name}-runs")
    create_tables(client, tables)
    return tables


def dynamo_store(client: Any, *, shards: int = SHARDS, page: int = 1000) -> DynamoStore:
    """Return a store on fresh tables, that never really sleeps."""
    return DynamoStore(client, fresh_tables(client), shards=shards, page=page, sleep=lambda _: None)
