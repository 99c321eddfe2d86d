"""Handlers run in child processes: what they do to theirs is told, and hurts nobody else."""

import os
from pathlib import Path

import pytest

from tickline.model import Failure, Result
from tickline.targets import workers
from tickline.targets.python import PythonTarget
from unit.targets.peers import Lifeline, call, value


def test_a_handler_gets_payload_and_context_and_its_value_is_the_summary(target: PythonTarget) -> None:
    said = value(target.call(call("python:echo", {"a": [1, "é"]})))

    assert said.pop("pid") != os.getpid()
    assert said == {
        "payload": {"a": [1, "é"]},
        "run": "report/2026-11-23T07:00:00Z",
        "at": "2026-11-23T07:00:00+00:00",
        "attempt": 2,
        "missed": 3,
    }


def test_one_warm_process_answers_one_call_after_the_other(target: PythonTarget) -> None:
    target.warm()

    pids = {value(target.call(call("python:echo")))["pid"] for _ in range(5)}

    assert len(pids) == 1


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("raises-oddly", "Odd"),
        ("exits", "SystemExit: 3"),
        ("dies", "the handler's process died (exit code 3)"),
        ("crashes", "the handler's process died (signal 11)"),
        ("closes-all", "the handler's process died (exit code 1)"),
        ("daemon-left", "the handler's process died (exit code 9)"),
        ("breaks-its-line", "the handler's process died (signal 9)"),
    ],
)
def test_a_failing_handler_fails_its_run_and_nothing_else(
    target: PythonTarget, monkeypatch: pytest.MonkeyPatch, name: str, error: str
) -> None:
    monkeypatch.setattr(workers, "END_LIMIT", 0.5)

    assert target.call(call(f"python:{name}")) == Result(failure=Failure.FUNCTION, error=error)
    assert target.call(call("python:echo")).ok


def test_an_exception_is_told_in_one_kilobyte_and_its_trace_goes_to_stderr(
    target: PythonTarget, capfd: pytest.CaptureFixture[str]
) -> None:
    result = target.call(call("python:raises"))

    assert result.failure is Failure.FUNCTION
    assert result.error.startswith("LookupError: no rows!!")
    assert len(result.error.encode()) == 1024
    assert "in raises" in capfd.readouterr().err


def test_a_handler_that_prints_disturbs_nothing(
    target: PythonTarget, capfd: pytest.CaptureFixture[str]
) -> None:
    assert target.call(call("python:noisy")) == Result(summary="null")
    written = capfd.readouterr()
    assert written.out == ""
    assert all(text in written.err for text in ("to stdout\n", "to stderr\n", "garbage\n"))


@pytest.mark.parametrize(
    ("name", "summary"),
    [("object", "{1}"), ("odd-object", "<Odd>"), ("async", '"awaited"'), ("long", '"' + "é" * 510 + "…")],
)
def test_any_value_has_a_summary(target: PythonTarget, name: str, summary: str) -> None:
    assert target.call(call(f"python:{name}")) == Result(summary=summary)


def test_a_handler_out_of_time_is_killed_with_all_it_started(
    target: PythonTarget,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with Lifeline(tmp_path / "life") as life:
        result = target.call(call("python:hangs", str(life.path), timeout=0.5))

        assert result == Result(failure=Failure.FUNCTION, error="timed out after 0.5s")
        assert life.word().strip().isdigit()
        assert life.word(2) == b""
    assert "printed before the end" in capfd.readouterr().err
    assert target.call(call("python:echo")).ok


def test_an_unknown_handler_fails_for_good_and_the_known_ones_are_listed(target: PythonTarget) -> None:
    result = target.call(call("python:os.system"))

    assert result.failure is Failure.PERMANENT
    assert result.error.startswith("no handler named 'os.system'; registered: async, breaks-its-line, ")


def test_without_files_there_are_no_handlers() -> None:
    with PythonTarget([]) as target:
        result = target.call(call("python:report"))

    assert result.error == "no handler named 'report'; registered: none"


def test_a_broken_file_is_told_by_line_and_stops_no_other_file(file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("x = 1\nimport no_such_module_here\n")

    with PythonTarget([broken, file]) as target:
        assert target.call(call("python:echo")).ok
        result = target.call(call("python:report"))

    assert result.failure is Failure.PERMANENT
    assert result.error.startswith(
        f"{broken}:2: ModuleNotFoundError: No module named 'no_such_module_here'; no"
    )


def test_handler_files_import_their_neighbours_and_what_the_scheduler_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    (folder / "seen_by_the_parent.py").write_text("A = 1")
    (tmp_path / "neighbour_of_it.py").write_text("B = 2")
    (tmp_path / "secrets.py").write_text("raise SystemExit('hid the standard library')")
    main = tmp_path / "imports_both.py"
    main.write_text(
        "import secrets, seen_by_the_parent, neighbour_of_it\nfrom tickline.registry import handler\n"
        "handler('sum')(lambda payload, context: seen_by_the_parent.A + neighbour_of_it.B)\n"
    )
    monkeypatch.chdir(tmp_path)

    with PythonTarget([Path("imports_both.py")]) as target:
        assert target.call(call("python:sum")) == Result(summary="3")
