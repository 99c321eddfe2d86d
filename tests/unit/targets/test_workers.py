"""Processes are kept, replaced and ended, and none is left behind."""

import errno
import os
import select
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tickline.model import Failure, Result
from tickline.targets import workers
from tickline.targets.python import PythonTarget
from tickline.targets.workers import Worker
from unit.targets.peers import Lifeline, call, until, value


def test_an_edited_file_takes_effect_with_the_next_call(target: PythonTarget, file: Path) -> None:
    before = value(target.call(call("python:echo")))["pid"]
    file.write_text(file.read_text().replace('"attempt": context.attempt', '"attempt": "edited"'))

    after = value(target.call(call("python:echo")))

    assert after["attempt"] == "edited"
    assert after["pid"] != before


def test_a_file_that_went_away_is_told(target: PythonTarget, file: Path) -> None:
    target.warm()
    file.unlink()

    result = target.call(call("python:echo"))

    assert result.failure is Failure.PERMANENT
    assert "there is no such file; no handler named 'echo'" in result.error


def test_an_idle_process_that_died_is_replaced(target: PythonTarget) -> None:
    pid = value(target.call(call("python:echo")))["pid"]
    assert isinstance(pid, int)
    os.kill(pid, 9)

    # The process may still look alive when the call takes it: then nothing has run, and it says so.
    result = target.call(call("python:echo"))

    assert result.ok or result.failure is Failure.NOT_STARTED
    assert target.call(call("python:echo")).ok


def test_a_process_that_does_not_take_a_call_is_ended_and_the_call_was_not_started(
    target: PythonTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = value(target.call(call("python:echo")))["pid"]
    assert isinstance(pid, int)
    monkeypatch.setattr(workers, "START_LIMIT", 0.3)
    os.kill(pid, signal.SIGSTOP)

    result = target.call(call("python:echo"))

    assert result.failure is Failure.NOT_STARTED
    assert result.error.endswith("within 0.3s it never took the call")
    assert not Path(f"/proc/{pid}").exists()


def test_a_call_that_was_taken_at_the_last_moment_may_have_run(
    target: PythonTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = value(target.call(call("python:echo")))["pid"]
    assert isinstance(pid, int)
    monkeypatch.setattr(workers, "START_LIMIT", 0.3)
    kill = Worker.kill

    def wake_first(worker: Worker) -> None:
        if worker.alive:
            os.kill(pid, signal.SIGCONT)
            assert select.select([worker._socket], [], [], 10)[0], "the process did not go on"
        kill(worker)

    monkeypatch.setattr(Worker, "kill", wake_first)
    os.kill(pid, signal.SIGSTOP)

    result = target.call(call("python:echo"))

    assert result.failure is Failure.FUNCTION
    assert result.error.endswith("stopped since it was slow to take the call")


def test_no_descriptor_left_for_a_process_means_not_started(
    target: PythonTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "pipe", fail)

    result = target.call(call("python:echo"))

    assert result == Result(
        failure=Failure.NOT_STARTED, error="could not start a process: Too many open files"
    )


def test_a_process_that_cannot_be_started_means_not_started(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with PythonTarget([file]) as target:
        target.warm()
        result = target.call(call("python:echo"))

    assert result == Result(
        failure=Failure.NOT_STARTED, error="could not start a process: No such file or directory"
    )


def test_a_file_that_kills_its_process_while_loading_means_not_started(tmp_path: Path) -> None:
    file = tmp_path / "fatal.py"
    file.write_text("import os; os._exit(7)")

    with PythonTarget([file]) as target:
        result = target.call(call("python:echo"))

    assert result == Result(
        failure=Failure.NOT_STARTED,
        error="the handler's process died (exit code 7) before it loaded its files",
    )


def test_a_file_that_loads_for_ever_means_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "START_LIMIT", 0.3)
    file = tmp_path / "slow.py"
    file.write_text("import time; time.sleep(600)")

    with PythonTarget([file]) as target:
        result = target.call(call("python:echo"))

    assert result.failure is Failure.NOT_STARTED
    assert result.error.endswith("within 0.3s it never loaded its files")


def test_many_threads_get_a_process_each_and_only_a_few_are_kept(target: PythonTarget) -> None:
    calls = [call("python:echo", number) for number in range(20)]

    with ThreadPoolExecutor(len(calls)) as threads:
        results = list(threads.map(target.call, calls))

    assert [value(result)["payload"] for result in results] == list(range(20))
    assert len(target._workers._all) == len(target._workers._idle) <= 4


def test_close_lets_a_running_handler_finish(target: PythonTarget, tmp_path: Path) -> None:
    with running(target, tmp_path) as (results, go):
        closing = threading.Thread(target=target.close)
        closing.start()
        assert until(lambda: target._workers._closed)
        go.write_text("finished")
        closing.join(10)

    assert results == [Result(summary='"finished"')]
    assert not target._workers._all


def test_close_kills_a_handler_that_does_not_finish(target: PythonTarget, tmp_path: Path) -> None:
    with running(target, tmp_path) as (results, _):
        target._workers.close(0.1)

    expected = Result(failure=Failure.FUNCTION, error="the handler was stopped with the scheduler")
    assert results == [expected]
    assert not target._workers._all


class running:  # noqa: N801 - reads as a verb
    """A call of the handler `waits`, in its own thread; at exit it has ended."""

    def __init__(self, target: PythonTarget, folder: Path) -> None:
        self._there, self._go = Lifeline(folder / "there"), folder / "go"
        self._call = call("python:waits", {"there": str(self._there.path), "go": str(self._go)})
        self._results: list[Result] = []
        self._thread = threading.Thread(target=lambda: self._results.append(target.call(self._call)))

    def __enter__(self) -> tuple[list[Result], Path]:
        os.mkfifo(self._go)
        with self._there as there:
            self._thread.start()
            assert there.word() == b"here"
        return self._results, self._go

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


def test_after_close_nothing_is_started(target: PythonTarget) -> None:
    target.warm()
    target.close()
    target.warm()

    result = target.call(call("python:echo"))

    assert result.failure is Failure.NOT_STARTED
    assert result.error == "no handler is started any more: the scheduler is closing"


PARENT = """
import sys
from pathlib import Path
from tickline.targets.python import PythonTarget
from unit.targets.peers import call
sys.stdout.write("up"); sys.stdout.flush()
PythonTarget([Path(sys.argv[1])]).call(call(sys.argv[2], sys.argv[3], timeout=600))
"""

freezing = pytest.param(
    "holds-the-lock",
    marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel can do it"),
)


@pytest.mark.parametrize("name", ["hangs", freezing])
def test_a_handler_does_not_outlive_a_killed_scheduler(file: Path, tmp_path: Path, name: str) -> None:
    tests = str(Path(__file__).parents[2])
    with Lifeline(tmp_path / "life") as life:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(file), f"python:{name}", str(life.path)],
            env={**os.environ, "PYTHONPATH": tests},
        )
        try:
            assert life.word().strip().isdigit()
        finally:
            parent.kill()
            parent.wait(10)

        assert life.word(2) == b""


CHILD = """
import os, sys, threading
sys.platform = "any"
from tickline.targets.worker import _die_with_parent
_die_with_parent(int(sys.argv[1]))
print("up", flush=True)
threading.Event().wait(600)
"""


def test_a_process_dies_with_its_parent_also_where_the_kernel_sends_no_signal() -> None:
    life, ours = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(life)],
        pass_fds=[life],
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        os.close(life)
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"

        os.close(ours)

        try:
            assert child.wait(2) == -signal.SIGKILL
        finally:
            child.kill()
