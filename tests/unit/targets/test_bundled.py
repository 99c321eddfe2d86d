"""Handlers in the process of the invoke: side by side, loaded once, and given up in time."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tickline.model import Failure, Result
from tickline.registry import registry
from tickline.targets.bundled import FOLDER, BundledTarget
from tickline.targets.python import PythonTarget
from unit.targets.peers import call

pytestmark = pytest.mark.usefixtures("empty_registry")

HEAD = "from tickline.registry import handler\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.py"
    path.write_text(HEAD + text)
    return path


def returning(word: str) -> str:
    return f"\n@handler({word!r})\ndef {word}(payload, context):\n    return {word!r}\n"


def in_the_file(name: str, variable: str) -> Any:
    """Return a variable of the file in which this handler is."""
    handler = registry.find(name)
    assert handler is not None
    return getattr(handler, "__globals__")[variable]  # noqa: B009


@pytest.mark.parametrize("name", ["raises", "raises-oddly", "exits", "object", "odd-object", "long", "async"])
def test_what_comes_back_is_told_as_child_processes_tell_it(
    name: str, file: Path, target: PythonTarget, capfd: pytest.CaptureFixture[str]
) -> None:
    result = BundledTarget(file.parent).call(call(f"python:{name}"))

    assert result == target.call(call(f"python:{name}"))
    assert result.ok or f"File {str(file)!r}".replace("'", '"') in capfd.readouterr().err


def test_a_handler_is_given_the_payload_and_the_context_of_its_run(tmp_path: Path) -> None:
    seen: list[Any] = []
    write(tmp_path, "sees", "\n@handler('sees')\ndef sees(*given):\n    seen.append(given)\n\nseen = []\n")
    asked = call("python:sees", {"a": [1]})

    result = BundledTarget(tmp_path).call(asked)

    seen = in_the_file("sees", "seen")
    assert result == Result(summary="null")
    assert seen == [({"a": [1]}, asked.context)]


def test_a_handler_may_change_its_payload_and_nobody_elses(tmp_path: Path) -> None:
    write(tmp_path, "changes", "\n@handler('changes')\ndef f(payload, context):\n    payload.clear()\n")
    payload = {"a": 1}

    assert BundledTarget(tmp_path).call(call("python:changes", payload)).ok
    assert payload == {"a": 1}


def test_every_file_is_loaded_once_and_not_before_a_call(tmp_path: Path) -> None:
    loads = tmp_path / "loads"
    for name in ("one", "two"):
        note = f"with open({str(loads)!r}, 'a') as file:\n    file.write('{name} ')\n"
        write(tmp_path, name, note + returning(name))
    target = BundledTarget(tmp_path)
    before = loads.exists()

    with ThreadPoolExecutor(8) as threads:
        words = ["one", "two"] * 4
        results = list(threads.map(lambda word: target.call(call(f"python:{word}")), words))

    assert not before
    assert [result.summary for result in results] == [f'"{word}"' for word in words]
    assert loads.read_text() == "one two "


def test_handler_files_may_import_each_other(tmp_path: Path) -> None:
    write(tmp_path, "a_borrower_of_words", "import z_lender_of_words\n" + returning("borrowed"))
    write(tmp_path, "z_lender_of_words", returning("lent"))
    target = BundledTarget(tmp_path)

    assert target.call(call("python:borrowed")).ok
    assert target.call(call("python:lent")).ok


def test_a_file_that_cannot_be_loaded_fails_its_own_handlers_and_no_others(tmp_path: Path) -> None:
    broken = write(tmp_path, "broken", returning("early") + "\nimport no_such_module\n" + returning("late"))
    write(tmp_path, "sound", returning("works"))
    target = BundledTarget(tmp_path)

    reason = f"{broken}:7: ModuleNotFoundError: No module named 'no_such_module'"
    assert target.call(call("python:early")) == Result(failure=Failure.PERMANENT, error=reason)
    late = target.call(call("python:late"))
    assert late.failure is Failure.PERMANENT
    assert late.error.startswith(f"{reason}; no handler named 'late'; registered: ")
    assert target.call(call("python:works")).ok


def test_where_nothing_was_bundled_there_is_no_handler(tmp_path: Path) -> None:
    result = BundledTarget(tmp_path / "none").call(call("python:report"))

    assert result == Result(failure=Failure.PERMANENT, error="no handler named 'report'; registered: none")


def test_the_folder_is_beside_the_package() -> None:
    import tickline

    assert Path(tickline.__file__).parent.parent / "handlers" == FOLDER


def test_handlers_run_side_by_side(tmp_path: Path) -> None:
    text = "import threading\nboth = threading.Barrier(2, timeout=20)\n"
    write(tmp_path, "meets", text + "\n@handler('meets')\ndef meets(payload, context):\n    both.wait()\n")
    target = BundledTarget(tmp_path)

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(target.call, [call("python:meets", timeout=30)] * 2))

    assert [result.failure for result in results] == [None, None]


def test_what_a_handler_returns_after_its_time_is_dropped(tmp_path: Path) -> None:
    text = "import threading\ngo, gone = threading.Event(), threading.Event()\n"
    body = "    go.wait()\n    gone.set()\n    return 'late'\n"
    write(tmp_path, "lingers", f"{text}\n@handler('lingers')\ndef f(payload, context):\n{body}")
    target = BundledTarget(tmp_path)

    results = [target.call(call("python:lingers", timeout=0.2))]
    in_the_file("lingers", "go").set()
    ended = in_the_file("lingers", "gone").wait(20)
    results.append(target.call(call("python:lingers")))

    assert ended
    assert results == [
        Result(failure=Failure.FUNCTION, error="timed out after 0.2s"),
        Result(summary='"late"'),
    ]


def test_a_call_whose_time_is_over_before_the_files_are_loaded_is_not_started(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    body = "\ncalls = []\n@handler('slow')\ndef slow(payload, context):\n    calls.append(payload)\n"
    write(tmp_path, "slow", f"with open({str(pipe)!r}) as pipe:\n    pipe.read()\n{body}")
    target = BundledTarget(tmp_path)

    too_early = target.call(call("python:slow", "first", timeout=0.2))
    loading = [thread for thread in threading.enumerate() if thread.name == "handler"]
    os.close(os.open(pipe, os.O_WRONLY))
    in_time = target.call(call("python:slow", "second", timeout=20))
    for thread in loading:
        thread.join(20)

    error = "timed out after 0.2s, before the handler files were loaded"
    assert too_early == Result(failure=Failure.NOT_STARTED, error=error)
    assert in_time.ok
    assert in_the_file("slow", "calls") == ["second"]


def test_where_no_thread_can_be_started_nothing_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)

    result = BundledTarget(tmp_path).call(call("python:report"))

    assert result == Result(failure=Failure.NOT_STARTED, error="could not start a thread")


@pytest.mark.parametrize("address", ["lambda:report", "python:os/system", "https://example.com", "report"])
def test_nothing_but_a_handler_is_called(tmp_path: Path, address: str) -> None:
    result = BundledTarget(tmp_path).call(call(address))

    assert result.failure is Failure.PERMANENT
    assert result.error == "not the address of a Python handler; for example python:nightly-report"


def test_a_handler_of_a_job_that_does_not_wait_is_awaited_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, "awaited", returning("awaited"))

    assert BundledTarget(tmp_path).call(call("python:awaited", wait=False)).summary == '"awaited"'
