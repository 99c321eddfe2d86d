"""Handlers are found by name, and only those that an operator's file registered."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tickline.errors import HandlerFileError, HandlerRefused
from tickline.registry import Registry, load_file, load_function, registry

REPORT = """
from tickline.registry import handler

@handler("report")
def report(payload, context):
    return payload
"""


pytestmark = pytest.mark.usefixtures("empty_registry")


def work(payload: Any, context: Any) -> Any:
    return payload, context


def other_work(payload: Any, context: Any) -> Any:
    return context, payload


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_registered_function_is_found_by_its_name_and_is_unchanged() -> None:
    handlers = Registry()

    assert handlers.handler("nightly-report")(work) is work
    assert handlers.find("nightly-report") is work
    assert handlers.find("os.system") is None
    assert list(handlers.handlers) == ["nightly-report"]


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 128])
def test_names_of_letters_digits_dot_dash_and_underscore_are_taken(name: str) -> None:
    assert Registry().handler(name)(work) is work


@pytest.mark.parametrize(
    "name", ["", "x" * 129, "a b", "a/b", "a:b", "é", "a\n", "\N{ARABIC-INDIC DIGIT ONE}"]
)
def test_other_names_are_refused_with_an_example(name: str) -> None:
    with pytest.raises(HandlerRefused, match=r'@tickline\.handler\("nightly-report"\)'):
        Registry().handler(name)


def test_the_decorator_without_a_name_is_refused_with_an_example() -> None:
    with pytest.raises(HandlerRefused, match="for example"):
        Registry().handler(work)  # type: ignore[arg-type]


def test_a_second_function_under_a_name_is_refused_and_the_first_one_named() -> None:
    handlers = Registry()
    handlers.handler("report")(work)
    handlers.handler("report")(work)

    with pytest.raises(
        HandlerRefused, match=r"'report' is registered already, by work \(.*test_registry\.py:\d+"
    ):
        handlers.handler("report")(other_work)
    assert handlers.find("report") is work


def test_a_file_registers_its_handlers_and_is_run_once(tmp_path: Path) -> None:
    file = write(tmp_path / "jobs_of_a_test.py", REPORT)

    assert load_file(file) is load_file(str(file))
    assert list(registry.handlers) == ["report"]


def test_a_file_named_like_a_module_hides_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "json.py", REPORT)

    module = load_file(file)

    assert sys.modules["json"] is not module
    assert registry.find("report") is not None


def test_a_file_with_dataclasses_loads_under_any_file_name(tmp_path: Path) -> None:
    text = "from dataclasses import dataclass\n@dataclass\nclass A:\n    b: 'int'\n"

    assert load_file(write(tmp_path / "my jobs.py", text)).A(b=1).b == 1


def test_an_edit_within_the_same_second_is_seen_and_no_bytecode_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = write(tmp_path / "edited_in_a_test.py", "VALUE = 1\n")
    first = load_file(file)
    write(file, "VALUE = 2\n")
    del sys.modules[first.__name__]

    assert (first.VALUE, load_file(file).VALUE) == (1, 2)
    assert not (tmp_path / "__pycache__").exists()


def test_a_missing_file_is_named() -> None:
    with pytest.raises(HandlerFileError, match=r"^/nowhere/jobs\.py: there is no such file$"):
        load_file("/nowhere/jobs.py")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\nif x\n", 2, "SyntaxError: expected ':'"),
        ("\n\nimport no_such_module_here\n", 3, "ModuleNotFoundError: No module named 'no_such_module_here'"),
        ("import sys\nsys.exit(4)\n", 2, "SystemExit: 4"),
        (REPORT + REPORT, 10, "handler 'report' is registered already"),
        ("def f():\n    raise ValueError('no')\n\nf()\n", 2, "ValueError: no"),
    ],
)
def test_a_broken_file_is_refused_with_file_line_and_reason(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    file = write(tmp_path / "broken.py", text)

    with pytest.raises(HandlerFileError) as refused:
        load_file(file)

    assert str(refused.value).startswith(f"{file}:{line}: {message}")
    assert (refused.value.path, refused.value.line) == (file, line)
    assert "broken" not in sys.modules


def test_a_broken_neighbour_is_the_one_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    neighbour = write(tmp_path / "broken_neighbour.py", "\ndef :\n")

    with pytest.raises(HandlerFileError) as refused:
        load_file(write(tmp_path / "imports_it.py", "import broken_neighbour\n"))

    assert (refused.value.path, refused.value.line) == (neighbour, 2)


def test_a_function_is_loaded_by_file_and_attribute(tmp_path: Path) -> None:
    file = write(tmp_path / "lambda_of_a_test.py", "limit = 3\ndef main(event, context):\n    return event\n")

    assert load_function(f"{file}:main")({"a": 1}, None) == {"a": 1}
    with pytest.raises(HandlerFileError, match="there is no function 'limit'"):
        load_function(f"{file}:limit")
    with pytest.raises(HandlerFileError, match=r"path/to/file\.py:attribute"):
        load_function(str(file))
