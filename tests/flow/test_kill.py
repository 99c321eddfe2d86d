"""Local mode is killed at random moments, many times in a row; nothing is lost and nothing starts twice.

`just kills 500` does it for longer. The seed is printed, so that a failure can be looked at again.
"""

import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tickline.model import RunState, slot_time
from tickline.store.sqlite import SqliteStore

HANDLERS = """
import os
import time

import tickline

LOG = os.path.join(os.path.dirname(__file__), "starts.log")


def record(context):
    log = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, f"{context.run_id} {context.attempt}\\n".encode())
    os.close(log)


@tickline.handler("quick")
def quick(payload, context):
    record(context)


@tickline.handler("slow")
def slow(payload, context):
    record(context)
    time.sleep(0.6)
"""

JOBS = """
handlers: [handlers.py]
jobs:
  - {job_id: quick, schedule: rate(1 second), target: "python:quick", timeout: 1s, retry: {max_attempts: 20}}
  - {job_id: slow, schedule: rate(1 second), target: "python:slow", timeout: 1s, retry: {max_attempts: 20}}
  - {job_id: alone, schedule: rate(2 seconds), target: "python:slow", timeout: 1s, overlap: queue,
     retry: {max_attempts: 20}}
"""


def dev(folder: Path, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tickline", "dev", "jobs.yaml", "--db", "tickline.db", *options]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet, stdin=quiet)


def started_twice(folder: Path) -> list[str]:
    starts = Counter((folder / "starts.log").read_text().splitlines())
    return [start for start, times in starts.items() if times > 1]


def test_two_local_modes_on_one_file_share_the_work(tmp_path: Path) -> None:
    (tmp_path / "handlers.py").write_text(HANDLERS)
    (tmp_path / "jobs.yaml").write_text(JOBS)

    both = [dev(tmp_path, "--for", "6s") for _ in range(2)]

    assert [process.wait(timeout=60) for process in both] == [0, 0]
    store = SqliteStore(tmp_path / "tickline.db")
    runs = store.list_runs("quick", limit=1000)
    assert len(runs) >= 3
    assert {run.state for run in runs} == {RunState.SUCCEEDED}
    assert started_twice(tmp_path) == []
    store.close()


def test_no_run_is_lost_or_started_twice_when_local_mode_is_killed(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    (tmp_path / "handlers.py").write_text(HANDLERS)
    (tmp_path / "jobs.yaml").write_text(JOBS)
    seed = random.randrange(2**32)  # noqa: S311 - chance, not secrecy
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)  # noqa: S311

    for _ in range(request.config.getoption("--kills")):
        process = dev(tmp_path)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=chance.uniform(0.3, 2.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    # Long enough for every lease that a kill left behind to end, and its run to be started again.
    assert dev(tmp_path, "--for", "30s").wait(timeout=120) == 0

    store = SqliteStore(tmp_path / "tickline.db")
    runs = store.list_runs(limit=100_000)
    assert started_twice(tmp_path) == []
    assert {run.state for run in runs} <= {RunState.SUCCEEDED, RunState.READY}
    for job_id, every in (("quick", 1), ("slow", 1), ("alone", 2)):
        succeeded = {run.slot for run in runs if run.job_id == job_id and run.state is RunState.SUCCEEDED}
        slots = sorted(instant for slot in succeeded if (instant := slot_time(slot)) is not None)
        assert {b - a for a, b in pairwise(slots)} == {timedelta(seconds=every)}
    assert any(run.attempt > 1 for run in runs), "no kill met a run in the middle"
    store.close()
