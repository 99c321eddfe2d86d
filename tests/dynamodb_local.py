"""DynamoDB Local: Amazon's own engine in memory, where conditions hold between threads.

It comes from Maven Central into the user's cache, once, and is started once per test session. Without Java 17
or Maven its tests are skipped, except where CI is set: there they must run.
"""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

POM = Path(__file__).with_name("dynamodb_local.pom.xml")
MAIN = "software.amazon.dynamodb.services.local.main.ServerRunner"
LEAST_JAVA = 17
START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDbLocal:
    """A running DynamoDB Local."""

    port: int

    def client(self) -> Any:
        """Return a client of it, good for any number of threads."""
        return boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=32),
        )


@contextmanager
def running(log: Path) -> Iterator[DynamoDbLocal]:
    """Run DynamoDB Local in memory on a free port of the loopback."""
    try:
        libraries, port = _libraries(), _free_port()
    except Unavailable as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"DynamoDB Local must run in CI, but {missing}")
        pytest.skip(f"DynamoDB Local: {missing}")
    options = ["-Xmx256m", f"-Djava.library.path={libraries}", "-cp", f"{libraries}/*", MAIN]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [shutil.which("java") or "", *options, "-inMemory", "-disableTelemetry", "-port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _await(process, port, log)
        yield DynamoDbLocal(port=port)
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


class Unavailable(Exception):
    """What DynamoDB Local needs is not here."""


def _libraries() -> Path:
    """Return the folder with the jars and native libraries; ask Maven for them the first time."""
    version = re.search(r'version "(\d+)', _run("java", "-version").stderr)
    if version is None or int(version[1]) < LEAST_JAVA:
        raise Unavailable(f"java is older than {LEAST_JAVA}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "tickline" / f"dynamodb-local-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
        copy = ["dependency:copy-dependencies", f"-DoutputDirectory={unfinished}"]
        done = _run("mvn", "-q", "-B", "-f", str(POM), *copy)
        if done.returncode:
            raise Unavailable(f"Maven could not get it: {done.stdout[-2000:]}")
        with suppress(OSError):  # another session was faster
            unfinished.replace(folder)
    return folder


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    if not (path := shutil.which(program)):
        raise Unavailable(f"{program} is not installed")
    return subprocess.run([path, *arguments], capture_output=True, text=True, check=False)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the port answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)  # come back soon, or at once if it dies
        else:
            return
    pytest.fail(f"DynamoDB Local did not start: {log.read_text()[-2000:]}")
