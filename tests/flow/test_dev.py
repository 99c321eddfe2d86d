"""`tickline dev` as people use it: a real process, a jobs file, Ctrl-C, and other terminals."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMAND = [sys.executable, "-m", "tickline"]
PATIENCE = 30

HANDLERS = """
import time
import tickline

@tickline.handler("quick")
def quick(payload, context):
    return "done"

@tickline.handler("slow")
def slow(payload, context):
    time.sleep(payload)
    return "slept"
"""

JOBS = """
handlers: [handlers.py]
jobs:
  - {job_id: often, schedule: rate(1 second), target: "python:quick"}
"""

Dev = subprocess.Popen[str]
Start = Callable[..., Dev]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "handlers.py").write_text(HANDLERS)
    (tmp_path / "jobs.yaml").write_text(JOBS)
    return tmp_path


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Start `tickline dev` in the folder; whatever is left of it at the end is killed."""
    started: list[Dev] = []

    def dev(*arguments: str) -> Dev:
        process = subprocess.Popen(
            [*COMMAND, "dev", *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield dev
    for process in started:
        with process:
            process.kill()


def tickline(folder: Path, *arguments: str) -> Any:
    """Call a command from another terminal, and return its answer."""
    answer = subprocess.run(
        [*COMMAND, *arguments, "--json"], cwd=folder, capture_output=True, text=True, check=True
    )
    return json.loads(answer.stdout)


def line_with(process: Dev, *words: str) -> str:
    """Return the next line that has all the words; the test's time limit is the process's end."""
    assert process.stdout is not None
    seen: list[str] = []
    for line in process.stdout:
        seen.append(line)
        if all(word in line for word in words):
            return line.rstrip("\n")
    raise AssertionError(f"no line with {words} in {seen}")


def end(process: Dev) -> list[str]:
    """Wait for the end, which is a good one, and return the remaining lines."""
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return out.splitlines()


def test_runs_are_shown_as_they_happen_and_listed_afterwards(folder: Path, start: Start) -> None:
    process = start("jobs.yaml", "--for", "20s")

    header = line_with(process, "1 job in tickline.db (1 new); next due ")
    lines = [line_with(process, "succeeded", "often") for _ in range(2)]
    process.send_signal(signal.SIGINT)
    last = end(process)[-1]

    assert header.endswith("(often). Ctrl-C stops.")
    shape = r"\d\d:\d\d:\d\d\.\d{3}  succeeded  often  \d\d:\d\d:\d\d +\d+ ms  1/3  done"
    assert all(re.fullmatch(shape, line) for line in lines)
    assert re.match(r"[\d.]+ s: \d+ succeeded, 0 failed attempts, 0 dead, 0 skipped; lateness p50 ", last)
    runs = tickline(folder, "runs")["runs"]
    assert {run["state"] for run in runs} == {"succeeded"}
    assert {run["result"] for run in runs} == {'"done"'}
    assert all(run["lateness_ms"] >= 0 for run in runs)


def test_a_pipe_gets_no_colour(start: Start) -> None:
    process = start("jobs.yaml", "--for", "2s")

    assert "\x1b" not in "".join(end(process))


def test_jobs_that_are_the_same_stay_untouched_at_the_next_start(folder: Path, start: Start) -> None:
    end(start("jobs.yaml", "--for", "1s"))
    before = tickline(folder, "job", "show", "often")

    header = line_with(start("jobs.yaml", "--for", "1s"), "1 job in")

    after = tickline(folder, "job", "show", "often")
    assert header.startswith("1 job in tickline.db; next due ")
    assert after["revision"] == before["revision"] == 1
    assert after["document"]["created_at"] == before["document"]["created_at"]


def test_a_job_from_another_terminal_runs_within_a_second(folder: Path, start: Start) -> None:
    process = start("jobs.yaml")
    line_with(process, "succeeded")

    tickline(folder, "job", "add", "new", "--schedule", "rate(1 second)", "--target", "python:quick")
    line_with(process, "succeeded", "new")
    process.send_signal(signal.SIGINT)
    end(process)

    created = tickline(folder, "job", "show", "new")["document"]["created_at"]
    first = tickline(folder, "runs", "new", "--limit", "1000")["runs"][-1]
    # `created_at` is cut to the second, and the first slot of the rate comes one second after it.
    assert datetime.fromisoformat(first["due"]) - datetime.fromisoformat(created) <= timedelta(seconds=2)
    assert first["lateness_ms"] < 1000


def test_run_now_is_started_and_waited_for(folder: Path, start: Start) -> None:
    process = start("jobs.yaml")
    line_with(process, "succeeded")

    answer = tickline(folder, "run", "often", "--wait", "--timeout", "20s")

    assert answer["state"] == "succeeded"
    assert answer["lateness_ms"] < 1000
    assert "run now" in line_with(process, "run now")


def slow_job(folder: Path, seconds: float, *more: str) -> None:
    fields = [
        "job_id: slow",
        "schedule: at(2090-01-01T00:00:00)",
        "target: python:slow",
        "run_on_create: true",
    ]
    job = ", ".join([*fields, f"payload: {seconds}", *more])
    (folder / "jobs.yaml").write_text(f"handlers: [handlers.py]\njobs:\n  - {{{job}}}\n")


def when_running(folder: Path) -> None:
    """Return when the slow run has begun."""
    while not tickline(folder, "runs", "--state", "running")["runs"]:
        pass


def test_the_first_ctrl_c_lets_open_runs_end(folder: Path, start: Start) -> None:
    slow_job(folder, 3)
    process = start("jobs.yaml")
    line_with(process, "next due")
    when_running(folder)

    process.send_signal(signal.SIGINT)
    lines = end(process)

    assert any(line.startswith("waiting for 1 open run, at most ") for line in lines)
    assert any("succeeded" in line and "slept" in line for line in lines)
    assert lines[-1].split(": ")[1].startswith("1 succeeded")


def test_the_second_ctrl_c_stops_at_once(folder: Path, start: Start) -> None:
    slow_job(folder, 600, "timeout: 700s")
    process = start("jobs.yaml")
    line_with(process, "next due")
    when_running(folder)

    process.send_signal(signal.SIGINT)
    line_with(process, "waiting for 1 open run")
    process.send_signal(signal.SIGINT)
    lines = end(process)

    assert "stopped; open runs are given back when their lease is over" in lines
    assert tickline(folder, "runs")["runs"][0]["state"] == "running"


def test_it_ends_when_nobody_reads_any_more(start: Start) -> None:
    process = start("jobs.yaml")
    line_with(process, "succeeded")
    assert process.stdout is not None

    process.stdout.close()

    assert process.wait(timeout=PATIENCE) == 0


def test_a_bad_job_in_the_store_is_set_aside_and_stops_nothing(folder: Path, start: Start) -> None:
    end(start("jobs.yaml", "--for", "1s"))
    spoil(folder / "tickline.db")

    process = start("jobs.yaml", "--for", "3s")
    lines = end(process)

    assert any(line.startswith("set aside: bad: schedule: ") for line in lines)
    assert any("succeeded" in line for line in lines)


def test_python_targets_without_handlers_are_told_of_at_the_start(folder: Path, start: Start) -> None:
    tickline(folder, "job", "add", "a", "--schedule", "at(2090-01-01T00:00:00)", "--target", "python:quick")

    without = end(start("--for", "1s"))
    with_them = end(start("--for", "1s", "--handlers", "handlers.py"))

    assert without[1].startswith("no handlers: 1 job with python: targets will be given up")
    assert not any("no handlers" in line for line in with_them)


def spoil(db: Path) -> None:
    from tickline.model import Definition
    from tickline.store.sqlite import SqliteStore

    store = SqliteStore(db)
    document = {"job_id": "bad", "schedule": "nonsense", "target": "python:quick"}
    assert store.put_job(Definition(job_id="bad", document=document, revision=1), revision=None)
    store.close()


def test_a_one_time_job_that_is_over_does_not_stop_the_others(folder: Path, start: Start) -> None:
    text = JOBS + '  - {job_id: over, schedule: at(2020-01-01T00:00:00), target: "python:quick"}\n'
    (folder / "jobs.yaml").write_text(text)

    lines = end(start("jobs.yaml", "--for", "2s"))

    assert any(line.startswith("left out: over: schedule: lies further back") for line in lines)
    assert any("succeeded" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("none.yaml",), 2, "none.yaml is not a valid jobs file"),
        (("handlers.py",), 2, "is not"),
        (("jobs.yaml", "--for", "soon"), 2, "is not a duration"),
        (("jobs.yaml", "--db", "nowhere/x.db"), 4, "unable to open"),
        (("jobs.yaml", "--db", "handlers.py"), 4, "not a database"),
    ],
)
def test_what_cannot_begin_says_why(start: Start, arguments: Sequence[str], code: int, message: str) -> None:
    process = start(*arguments)

    out, error = process.communicate(timeout=PATIENCE)

    assert (process.returncode, out) == (code, "")
    assert message in error


def test_the_examples_really_run(folder: Path, start: Start) -> None:
    process = start(str(EXAMPLES / "jobs.yaml"), "--for", "11s")

    summary = end(process)[-1]

    runs = tickline(folder, "runs", "--limit", "200")["runs"]
    succeeded = {run["job_id"] for run in runs if run["state"] == "succeeded"}
    assert "0 dead" in summary
    assert succeeded >= {
        "heartbeat", "greeting", "incremental-load", "flaky-import", "slow-report", "thumbnails",
        "three-reminders", "new-year", "hourly-cleanup",
    }  # fmt: skip
    assert max(run["attempt"] for run in runs if run["job_id"] == "flaky-import") == 3
    assert any(run.get("cause") == "overlap" for run in runs)
