"""A store whose requests can be seen and answered."""

from typing import Any

import pytest

from backends import dynamo_store
from recorder import Recorder
from tickline.store.dynamodb import DynamoStore


@pytest.fixture
def recorder(moto: Any) -> Recorder:
    return Recorder(moto)


@pytest.fixture
def store(recorder: Recorder) -> DynamoStore:
    store = dynamo_store(recorder)
    recorder.take()
    return store
