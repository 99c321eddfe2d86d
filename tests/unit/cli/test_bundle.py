"""Code for functions: the same files make the same zip file, and the handler is found where there is one."""

import os
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from made import SOURCE, zipped
from tickline.cli.bundle import bundle
from tickline.cli.face import Refusal
from tickline.functions.code import MOST_ZIP


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def python(tmp_path: Path, text: str) -> Path:
    return written(tmp_path, {"greet.py": text}) / "greet.py"


def refusal(path: Path) -> str:
    with pytest.raises(Refusal) as caught:
        _ = bundle(path).handler
    return caught.value.message


def test_the_same_files_make_the_same_bytes_whenever_and_wherever(tmp_path: Path) -> None:
    files = {"b.py": SOURCE, "a/c.txt": "x"}
    one = written(tmp_path / "one", files)
    two = written(tmp_path / "two", dict(reversed(files.items())))
    os.utime(two / "b.py", (1, 1))
    (two / "b.py").chmod(0o600)

    assert bundle(one).code == bundle(two).code
    assert ZipFile(BytesIO(bundle(one).code)).namelist() == sorted(files)


def test_what_is_no_code_is_left_out(tmp_path: Path) -> None:
    files = [
        "b.py",
        ".git/config",
        "a/__pycache__/c.pyc",
        "d.pyc",
        ".venv/e.py",
        ".DS_Store",
        ".ruff_cache/f",
    ]
    folder = written(tmp_path / "code", dict.fromkeys(files, ""))

    assert ZipFile(BytesIO(bundle(folder).code)).namelist() == ["b.py"]


def test_a_program_stays_a_program(tmp_path: Path) -> None:
    folder = written(tmp_path / "code", {"bootstrap": "#!/bin/sh", "notes": ""})
    (folder / "bootstrap").chmod(0o700)

    modes = {
        entry.filename: entry.external_attr >> 16
        for entry in ZipFile(BytesIO(bundle(folder).code)).infolist()
    }

    assert modes == {"bootstrap": 0o100755, "notes": 0o100644}


def test_a_zip_file_is_sent_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    path.write_bytes(zipped())

    assert bundle(path).code == zipped()
    assert bundle(path).handler == "handler.handler"


def test_a_link_inside_the_folder_is_followed_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    folder = written(tmp_path / "code", {"a.py": SOURCE, "lib/b.py": ""})
    (folder / "c.py").symlink_to(folder / "a.py")
    assert ZipFile(BytesIO(bundle(folder).code)).read("c.py") == SOURCE.encode()

    for target in (tmp_path / "secret", folder / "lib", tmp_path / "nothing"):
        (folder / "link").symlink_to(target)
        assert "link is a symbolic link" in refusal(folder)
        (folder / "link").unlink()


@pytest.mark.parametrize(
    ("text", "handler"),
    [
        ("def handler(event, context): ...", "greet.handler"),
        ("def lambda_handler(event, context): ...", "greet.lambda_handler"),
        ("def lambda_handler(e, c): ...\ndef handler(e, c): ...", "greet.handler"),
        ("from other import run as handler", "greet.handler"),
        ("def run(e, c): ...\nhandler = run", "greet.handler"),
        ("def run(event, context): ...\ndef parse(text): ...", "greet.run"),
        ("def run(*all): ...", "greet.run"),
        ("def run(event, context, more=1): ...\ndef _two(a, b): ...", "greet.run"),
    ],
)
def test_the_function_that_lambda_is_to_call_is_found(tmp_path: Path, text: str, handler: str) -> None:
    assert bundle(python(tmp_path, text)).handler == handler


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "of others it has none; for example --handler greet.handler"),
        ("def one(text): ...", "of others it has none"),
        ("async def handler(event, context): ...", "of others it has none"),
        ("def run(a, b, *, c): ...", "of others it has none"),
        ("class A:\n    def handler(self, event): ...", "of others it has none"),
        (
            "def one(a, b): ...\ndef two(a, b): ...",
            "it has 2 that take (event, context): one, two; for example --handler greet.one",
        ),
        ("def x(:", "greet.py:1: this is not Python"),
        ("x\0", "greet.py:1: this is not Python"),
    ],
)
def test_where_there_is_a_choice_the_caller_makes_it(tmp_path: Path, text: str, message: str) -> None:
    assert message in refusal(python(tmp_path, text))


@pytest.mark.parametrize(
    ("files", "found"),
    [({"a.py": "", "b.py": ""}, "a.py, b.py"), ({"lib/a.py": "", "notes.txt": ""}, "none")],
)
def test_of_several_files_none_is_guessed(tmp_path: Path, files: dict[str, str], found: str) -> None:
    folder = written(tmp_path / "code", files)

    assert f"it has not one source file at its top but {found}; for example --handler" in refusal(folder)
    assert bundle(folder).runtime == ""


def test_what_cannot_be_sent_is_refused_here(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "no.zip").write_text("hello")
    (tmp_path / "large.py").write_bytes(os.urandom(MOST_ZIP))

    assert "has no files; for example --file handler.py" in refusal(tmp_path / "empty")
    assert "no.zip is not a zip file" in refusal(tmp_path / "no.zip")
    assert "with your own tooling" in refusal(tmp_path / "large.py")
