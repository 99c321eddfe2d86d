"""A box for tests: a process of its own, since moto's state is one for a process, and what to ask it."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import Request, urlopen

from boto3.session import Session

ROOT = Path(__file__).parents[1]
WITHIN = 60.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A running box with a stack in it. Its timer fires when it is told to."""

    environment: dict[str, str]
    folder: Path

    @property
    def endpoint(self) -> str:
        return self.environment["AWS_ENDPOINT_URL"]

    def client(self, service: str) -> Any:
        make: Any = Session().client  # its stubs list every service by name
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def admin(self, action: str, **fields: Any) -> dict[str, Any]:
        event = json.dumps({"action": action, **fields}).encode()
        answer = self.client("lambda").invoke(FunctionName="Tickline-admin", Payload=event)
        read: dict[str, Any] = json.load(answer["Payload"])
        return read

    def runs(self, job_id: str) -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = self.admin("list_runs", job_id=job_id)["runs"]
        return runs

    def make_function(self, name: str, code: str) -> None:
        """Make a function of one file, under a role that may write its log and nothing else."""
        iam = self.client("iam")
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        log = {
            "Effect": "Allow",
            "Action": "logs:*",
            "Resource": f"arn:aws:logs:*:*:log-group:/aws/lambda/{name}:*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [log]})
        iam.put_role_policy(RoleName=name, PolicyName="log", PolicyDocument=policy)
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="index.handler",
            Role=role,
            Code={"ZipFile": zipped(code)},
        )

    def ask(self, question: str) -> Any:
        return _json(Request(f"{self.endpoint}/box/{question}"))  # noqa: S310 - loopback

    def order(self, what: str) -> Any:
        return _json(Request(f"{self.endpoint}/box/{what}", method="POST"))  # noqa: S310 - loopback


def zipped(code: str) -> bytes:
    """Return a zip with one file, `index.py`."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("index.py", code)
    return written.getvalue()


def eventually(look: Callable[[], T], *, within: float = WITHIN) -> T:
    """Look until something true is seen; fail with what was seen last."""
    end = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < end, f"not within {within} s; seen last: {seen!r}"
        time.sleep(0.2)
    return seen


@contextmanager
def running_box(folder: Path, *context: str) -> Iterator[Box]:
    """Give a box with the stack deployed, its timer silent."""
    settings = [argument for pair in context for argument in ("--context", pair)]
    command = [sys.executable, "-m", "box", "--quiet", "--no-timer", "--folder", str(folder), *settings]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        yield Box(environment=_exports(process), folder=folder)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        if process.stdout:
            process.stdout.close()


def _exports(process: "subprocess.Popen[str]") -> dict[str, str]:
    """Read what the box prints until it is ready."""
    found: dict[str, str] = {}
    for line in process.stdout or ():
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").strip().partition("=")
            found[name] = value
        if line.startswith("the box is ready"):
            return found
    raise AssertionError("the box ended before it was ready; what it says is above")


def _json(request: Request) -> Any:
    with urlopen(request, timeout=30) as response:  # noqa: S310 - loopback
        return json.load(response)
