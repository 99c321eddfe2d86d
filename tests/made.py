"""Functions made on the fly, for tests: zip files, a stack's functions in moto, and ones in memory."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Any
from zipfile import ZipFile, ZipInfo

import boto3
from botocore.config import Config
from moto import mock_aws

from recorder import Recorder
from tickline.errors import FunctionExists, FunctionNotFound
from tickline.functions.model import Function, FunctionChange
from tickline.functions_aws.functions import LambdaFunctions
from tickline.ports import Functions

SOURCE = "def handler(event, context):\n    return 'hello'\n"


def zipped(files: Mapping[str, str] | None = None) -> bytes:
    """Return a zip file, by default of one handler."""
    written = BytesIO()
    with ZipFile(written, "w") as archive:
        for name, content in ({"handler.py": SOURCE} if files is None else files).items():
            archive.writestr(ZipInfo(name), content)
    return written.getvalue()


def code(files: Mapping[str, str] | None = None) -> str:
    return base64.b64encode(zipped(files)).decode()


def whole(**changes: Any) -> FunctionChange:
    """Return a change that is complete, as a new function needs it."""
    values: dict[str, Any] = {
        "code": zipped(), "handler": "handler.handler", "runtime": "python3.13", "memory": 128,
        "timeout": 60, "env": {}, "description": "",
    }  # fmt: skip
    return FunctionChange(**(values | changes))


class FakeFunctions(Functions):
    """Functions in memory."""

    def __init__(self) -> None:
        self.made: dict[str, Function] = {}
        self.changes: list[FunctionChange] = []

    def create(self, name: str, change: FunctionChange) -> Function:
        if name in self.made:
            raise FunctionExists(name)
        self.made[name] = Function(
            name=name, handler="", runtime="", memory=0, timeout=0, env_names=(), description="",
            code_size=0, code_sha256="", state="active", updated_at="2026-03-02T12:00:00.000+0000",
        )  # fmt: skip
        return self.update(name, change)

    def update(self, name: str, change: FunctionChange) -> Function:
        self.changes.append(change)
        given = {
            field: value
            for field in ("handler", "runtime", "memory", "timeout", "description")
            if (value := getattr(change, field)) is not None
        }
        if change.env is not None:
            given["env_names"] = tuple(sorted(change.env))
        if change.code is not None:
            digest = base64.b64encode(hashlib.sha256(change.code).digest()).decode()
            given |= {"code_size": len(change.code), "code_sha256": digest}
        self.made[name] = replace(self.get(name), **given)
        return self.made[name]

    def delete(self, name: str) -> None:
        self.get(name)
        del self.made[name]

    def get(self, name: str) -> Function:
        if name not in self.made:
            raise FunctionNotFound(name)
        return self.made[name]

    def list(self) -> list[Function]:
        return [self.made[name] for name in sorted(self.made)]


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@cache
def _client(name: str) -> Any:
    return boto3.client(name, config=Config(retries={"total_max_attempts": 1}))  # type: ignore[call-overload]


class Stacks:
    """One account with stacks that make functions. Nothing really sleeps: `slept` counts the pauses."""

    def __init__(self, role: str, client: Any) -> None:
        self.role = role
        self.client = client
        self.recorder = Recorder(client)
        self.slept: list[float] = []

    def functions(self, stack: str = "Tickline") -> LambdaFunctions:
        return LambdaFunctions(role_arn=self.role, stack=stack, client=self.recorder, sleep=self.slept.append)

    def stranger(self, name: str, tags: Mapping[str, str]) -> None:
        """Make a function as somebody else would."""
        self.client.create_function(
            FunctionName=name, Role=self.role, Code={"ZipFile": zipped()}, Handler="handler.handler",
            Runtime="python3.13", Tags=dict(tags),
        )  # fmt: skip

    def configuration(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_function(FunctionName=name)
        return found


@contextmanager
def account() -> Iterator[Stacks]:
    """Give an empty account for a while."""
    with mock_aws():
        role = _client("iam").create_role(RoleName="made", AssumeRolePolicyDocument=TRUST)
        yield Stacks(role["Role"]["Arn"], _client("lambda"))
