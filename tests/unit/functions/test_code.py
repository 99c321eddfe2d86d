"""Zip files: what would reach Lambda, and what is refused before."""

import base64
from contextlib import suppress
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made import code, zipped
from tickline.errors import InvalidRequest
from tickline.functions.code import MOST_FILES, MOST_UNPACKED, MOST_ZIP, check_handler, read_code


def refusal(text: str) -> str:
    with pytest.raises(InvalidRequest) as caught:
        read_code(text)
    assert caught.value.field == "code"
    assert "; for example " in str(caught.value)
    return str(caught.value)


def with_entry(entry: ZipInfo, content: bytes = b"x") -> str:
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        archive.writestr(entry, content)
    return base64.b64encode(written.getvalue()).decode()


def test_a_zip_file_arrives_as_it_was() -> None:
    assert read_code(code()) == zipped()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no base64!", 'code: "no base64!"... is not base64'),
        ("é", "is not base64"),
        ("", "it is not a zip file"),
        (base64.b64encode(b"print('hello')").decode(), "it is not a zip file"),
        (base64.b64encode(zipped()[:-30]).decode(), "it is not a zip file"),
        (code({}), "the zip file is empty"),
    ],
)
def test_what_is_no_zip_file_is_refused(text: str, message: str) -> None:
    assert message in refusal(text)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/etc/passwd", "is an absolute path"),
        ("C:/windows", "is an absolute path"),
        ("../handler.py", "leads out of its folder"),
        ("a/../../b.py", "leads out of its folder"),
        ("a\\..\\b.py", "has a backslash"),
        ("a\x1b.py", "has a backslash or a control character"),
    ],
)
def test_a_file_that_would_land_elsewhere_is_refused(name: str, message: str) -> None:
    text = refusal(code({"handler.py": "", name: ""}))

    assert message in text
    assert "\x1b" not in text


def test_dots_within_a_name_lead_nowhere() -> None:
    assert read_code(code({"a..b/c...py": ""}))


def test_a_link_is_refused() -> None:
    entry = ZipInfo("handler.py")
    entry.external_attr = 0o120777 << 16

    assert '"handler.py" in the zip file is a symbolic link' in refusal(with_entry(entry, b"/etc/passwd"))


def test_an_encrypted_file_is_refused() -> None:
    written = bytearray(zipped())
    written[written.index(b"PK\x01\x02") + 8] |= 1

    assert "is encrypted" in refusal(base64.b64encode(written).decode())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused() -> None:
    written = BytesIO()
    with ZipFile(written, "w") as archive:
        archive.writestr("a.py", "1")
        archive.writestr("a.py", "2")

    assert '"a.py" in the zip file is there twice' in refusal(base64.b64encode(written.getvalue()).decode())


def test_a_zip_file_that_no_request_carries_is_refused_with_another_way() -> None:
    largest = base64.b64encode(bytes(MOST_ZIP)).decode()

    assert len(largest) < 6_000_000
    assert "it is not a zip file" in refusal(largest)
    text = refusal(base64.b64encode(bytes(MOST_ZIP + 3)).decode())
    assert "4,194,307 bytes; at most 4,194,304" in text
    assert "with your own tooling" in text


def test_a_zip_file_that_swells_is_refused_without_being_unpacked() -> None:
    written = bytearray(zipped())
    size = written.index(b"PK\x01\x02") + 24
    written[size : size + 4] = (MOST_UNPACKED + 1).to_bytes(4, "little")

    assert "262,144,001 bytes when unpacked" in refusal(base64.b64encode(written).decode())


def test_more_files_than_anybody_needs_are_refused() -> None:
    files = {f"{number}": "" for number in range(MOST_FILES + 1)}

    assert "has 10,001 files; at most 10,000" in refusal(code(files))


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=8), st.integers(0, 40))
def test_a_damaged_zip_file_is_read_or_refused(place: int, damage: bytes, lost: int) -> None:
    written = bytearray(zipped({"handler.py": "x", "a/b.py": "y"}))
    place %= len(written)
    written[place : place + len(damage)] = damage

    with suppress(InvalidRequest):
        kept = read_code(base64.b64encode(written[: len(written) - lost]).decode())
        check_handler(kept, "handler.handler", "python3.13")


@pytest.mark.parametrize(
    ("file", "handler", "runtime"),
    [
        ("handler.py", "handler.handler", "python3.13"),
        ("app/report.py", "app.report.run", "python3.13"),
        ("app/report.py", "app/report.run", "python3.13"),
        ("app/__init__.py", "app.run", "python3.14"),
        ("index.js", "index.handler", "nodejs24.x"),
        ("index.mjs", "index.handler", "nodejs22.x"),
        ("dist/index.cjs", "dist/index.a.b", "nodejs24.x"),
        ("bootstrap", "whatever", "provided.al2023"),
        ("app.rb", "other.handler", "ruby3.4"),
    ],
)
def test_a_handler_whose_file_is_there_is_found(file: str, handler: str, runtime: str) -> None:
    check_handler(zipped({file: ""}), handler, runtime)


@pytest.mark.parametrize(
    ("handler", "runtime", "wanted"),
    [
        ("main.handler", "python3.13", "main.py or main/__init__.py"),
        ("handler.handler", "nodejs24.x", "handler.js or handler.mjs or handler.cjs"),
    ],
)
def test_a_handler_whose_file_is_missing_says_what_was_looked_for(
    handler: str, runtime: str, wanted: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_handler(zipped({f"{letter}.py": "" for letter in "abcdefg"}), handler, runtime)

    assert caught.value.field == "handler"
    assert f'"{handler}" needs {wanted} in the zip file, which has "a.py", "b.py"' in str(caught.value)
    assert "and 2 more; for example handler.handler for handler.py" in str(caught.value)
