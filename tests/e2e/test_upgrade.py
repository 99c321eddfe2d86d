"""A second `cdk deploy`, while jobs run, with messages of another version and more shards."""

import itertools
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from box.deploy import deploy
from boxes import ROOT, Box, eventually, running_box
from tickline.dispatch.messages import VERSION
from tickline.model import slot_of

JOBS = [f"job-{number}" for number in range(2)]
EACH = timedelta(seconds=5)
SPEAKS = f"VERSION = {VERSION}\n"
COUNTS = "def handler(event, context):\n    print('called', context.client_context.custom['run_id'])\n"


@pytest.fixture
def stack(box: Box, tmp_path: Path) -> Iterator[Box]:
    """Give a box of its own; the one of all tests is asked for because it knows when to skip."""
    del box
    with running_box(tmp_path / "box", "retain=false", "shards=2") as own:
        own.make_function("tickline-counts", COUNTS)
        yield own


def test_an_upgrade_while_jobs_run_loses_and_doubles_nothing(stack: Box, tmp_path: Path) -> None:
    for job_id in JOBS:
        job = {"job_id": job_id, "schedule": "quartz(0/5 * * * * ? *)", "target": "lambda:tickline-counts"}
        assert stack.admin("put_job", job=job)["ok"]
    with timer(stack):
        eventually(lambda: all(slots(stack, job_id, "succeeded") for job_id in JOBS))

        upgrade(stack, tmp_path, version=VERSION + 1, shards=5)

        later = slot_of(datetime.now(UTC) + timedelta(seconds=70))
        eventually(lambda: all(slots(stack, job_id, "succeeded")[-1] > later for job_id in JOBS), within=150)
        for job_id in JOBS:
            assert stack.admin("pause_job", job_id=job_id)["ok"]
        eventually(lambda: not any(slots(stack, job_id, "ready", "running") for job_id in JOBS))
    assert [gaps(slots(stack, job_id, "succeeded")) for job_id in JOBS] == [[]] * len(JOBS)
    assert unread(stack) > 0, "messages of the old version met the new one"
    assert {run_id: times for run_id, times in calls(stack).items() if times != 1} == {}


@contextmanager
def timer(stack: Box) -> Iterator[None]:
    """Fire the timer every minute: the tick of the old version is alive until after the upgrade."""
    over = threading.Event()

    def fire() -> None:
        stack.order("timer")
        while not over.wait(60):
            stack.order("timer")

    thread = threading.Thread(target=fire)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def upgrade(stack: Box, folder: Path, *, version: int, shards: int) -> None:
    """Deploy a copy of this repository whose messages have another version."""
    source = folder / "next"
    for name in ("functions", "infra"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("cdk.json", "pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    rewrite(source / "functions" / "tickline" / "dispatch" / "messages.py", SPEAKS, f"VERSION = {version}\n")
    rewrite(source / "cdk.json", "uv run --group infra python", sys.executable)
    deploy(stack.environment, folder, ["retain=false", f"shards={shards}"], source=source)


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def slots(stack: Box, job_id: str, *states: str) -> list[str]:
    """Return the slots of a job's runs that are in one of these states, the earliest first."""
    found = stack.client("dynamodb").scan(TableName="Tickline-runs", ConsistentRead=True)["Items"]
    items = [(item["job_id"]["S"], item["slot"]["S"], item.get("state", {}).get("S")) for item in found]
    return sorted(slot for owner, slot, state in items if owner == job_id and state in states)


def gaps(slots: list[str]) -> list[str]:
    """Return the slots behind which the next one, five seconds later, is missing."""
    times = [datetime.fromisoformat(slot) for slot in slots]
    return [str(a) for a, b in itertools.pairwise(times) if b - a != EACH]


def calls(stack: Box) -> Counter[str]:
    """Return how often each run's target was called, as the target itself says."""
    log = (stack.folder / "logs" / "tickline-counts.log").read_text()
    return Counter(line.split()[-1] for line in log.splitlines() if "called " in line)


def unread(stack: Box) -> int:
    """Return how many messages the new version could not read."""
    return (stack.folder / "logs" / "Tickline-invoke.log").read_text().count('"message not read"')
