"""What the project promises about its own shape."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tickline
from tickline import errors

ROOT = Path(__file__).parents[1]
SOURCES = [
    path
    for folder in ("functions", "infra", "tools", "examples", "tests")
    for path in (ROOT / folder).rglob("*.py")
]


HEAVY = ["boto3", "click", "croniter", "rich", "sqlite3", "yaml"]


def test_the_package_exports_what_it_says() -> None:
    assert sorted(tickline.__all__) == tickline.__all__
    assert all(hasattr(tickline, name) for name in tickline.__all__)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_and_no_function_is_too_long_to_be_read_at_once(path: Path) -> None:
    source = path.read_text()

    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert source.count("\n") <= 400
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno + 1 > 50] == []


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("tickline", ["boto3", "click", "croniter", "sqlite3", "urllib3", "yaml"]),
        ("tickline.tick", ["boto3", "click", "croniter", "sqlite3", "urllib3", "yaml"]),
        ("tickline.invoke", ["boto3", "click", "croniter", "sqlite3", "urllib3", "yaml"]),
        ("tickline.store.dynamodb", ["boto3", "click", "croniter", "sqlite3", "yaml"]),
        ("tickline.allowed", ["boto3", "click", "sqlite3", "urllib3", "yaml", "tickline.schedules"]),
        ("tickline.targets", ["boto3", "urllib3"]),
        (
            "tickline.handlers.tick",
            [*HEAVY, "urllib3", "tickline.targets", "tickline.invoke", "tickline.admin"],
        ),
        ("tickline.handlers.invoke", [*HEAVY, "urllib3", "tickline.tick", "tickline.admin"]),
        ("tickline.handlers.admin", [*HEAVY, "tickline.targets", "tickline.invoke", "tickline.dispatch"]),
        ("tickline.handlers.admit", [*HEAVY, "tickline.targets", "tickline.invoke", "tickline.admin"]),
        ("tickline.targets.bundled", ["asyncio", "boto3", "click", "sqlite3", "subprocess", "urllib3"]),
        ("tickline.targets.worker", ["boto3", "click", "urllib3", "sqlite3", "tickline.schedules"]),
    ],
)
def test_a_module_brings_in_no_more_than_it_needs(module: str, never: list[str]) -> None:
    program = f"import sys, {module}; print(*(name for name in {never} if name in sys.modules))"

    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert found.stdout.split() == []


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]

    drawn = (errors.__doc__ or "").replace("│", " ").split()
    assert sorted(kind.__name__ for kind in kinds if kind.__name__ not in drawn) == []
