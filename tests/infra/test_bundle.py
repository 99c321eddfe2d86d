import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra import bundle

ROOT = Path(__file__).parents[2]
HANDLERS = ("tick", "invoke", "admin", "admit")


def test_two_builds_are_the_same_to_the_byte(zipped: bundle.Bundle, tmp_path: Path) -> None:
    again = bundle.build(tmp_path / "again.zip", handlers="examples")

    assert again.digest == zipped.digest
    assert again.path.read_bytes() == zipped.path.read_bytes()


def test_another_content_is_another_digest(zipped: bundle.Bundle, tmp_path: Path) -> None:
    (tmp_path / "handlers.py").write_text("x = 1\n")

    other = bundle.build(tmp_path / "other.zip", handlers=str(tmp_path))

    assert other.digest != zipped.digest


def test_the_zip_is_built_where_there_is_no_docker(
    zipped: bundle.Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV", bundle.uv())
    monkeypatch.setenv("PATH", "")

    assert bundle.build(tmp_path / "again.zip", handlers="examples").digest == zipped.digest


def test_the_zip_holds_what_lambda_needs_and_nothing_of_the_build(zipped: bundle.Bundle) -> None:
    with zipfile.ZipFile(zipped.path) as archive:
        entries = archive.infolist()

    names = {entry.filename for entry in entries}
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"croniter", "dateutil", "handlers", "six.py", "tickline", "tzdata", "urllib3"}
    assert "handlers/handlers.py" in names
    assert {
        name for name in names if name.endswith((".so", ".pyc", "/RECORD")) or "__pycache__" in name
    } == set()
    assert {(entry.date_time, entry.external_attr >> 16) for entry in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o644)
    }


def test_everything_in_the_zip_can_be_imported_in_it(zipped: bundle.Bundle, tmp_path: Path) -> None:
    """What is left out of the zip is needed by nothing in it. boto3 is there, as in the runtime."""
    with zipfile.ZipFile(zipped.path) as archive:
        archive.extractall(tmp_path)
    files = [path.relative_to(tmp_path).with_suffix("") for path in (tmp_path / "tickline").rglob("*.py")]
    modules = sorted(".".join(path.parts).removesuffix(".__init__") for path in files)
    program = (
        f"import sys, importlib; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"for name in {modules}: assert importlib.import_module(name).__file__.startswith({str(tmp_path)!r})"
    )

    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)

    assert ran.stderr == ""
    assert {f"tickline.handlers.{name}" for name in HANDLERS} <= set(modules)


def test_the_deployment_imports_nothing_of_the_package() -> None:
    imported = {
        name
        for path in (ROOT / "infra").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert {name for name in imported if name.partition(".")[0] == "tickline"} == set()
