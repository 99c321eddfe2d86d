"""A function's code as a zip file: what is refused before AWS sees it. Nothing is unpacked or run."""

import base64
import binascii
import stat
from collections.abc import Collection, Iterator
from io import BytesIO
from zipfile import BadZipFile, LargeZipFile, ZipFile, ZipInfo

from tickline.errors import InvalidRequest
from tickline.readers import shown

MOST_ZIP = 4 * 1024**2
"""Bytes of a zip file. An Invoke request carries 6 MB, and base64 makes four bytes of three."""

MOST_UNPACKED = 250 * 1024**2
"""Bytes of all files in it; Lambda unpacks no more."""

MOST_FILES = 10_000

SUFFIXES = {
    "python": (".py", "/__init__.py"),
    "nodejs": (".js", ".mjs", ".cjs"),
}
"""Where the module of a handler may be, for the runtimes that find it by its path."""

ENCRYPTED = 0x1


def read_code(text: str) -> bytes:
    """Return the zip file that is written in base64. Raises InvalidRequest for what Lambda would not take."""
    try:
        code = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        message = f"{shown(text[:20])}... is not base64"
        raise _refused(message, example="what base64 -w0 function.zip prints") from None
    check_size(len(code))
    with _opened(code) as archive:
        for problem in _problems(archive.infolist()):
            raise _refused(problem, example="zip -r function.zip handler.py, run beside handler.py")
    return code


def check_size(size: int) -> None:
    """Refuse a zip file that no request can carry."""
    if size > MOST_ZIP:
        message = (
            f"the zip file has {size:,} bytes; at most {MOST_ZIP:,} fit into a request to admin. "
            "Deploy a bigger function with your own tooling under a name that this stack may call"
        )
        raise _refused(message, example="aws lambda create-function --function-name tickline-NAME ...")


def check_handler(code: bytes, handler: str, runtime: str) -> None:
    """Refuse a handler whose file is not in the zip file, for the runtimes that look for one."""
    family = runtime.rstrip("0123456789.x")
    if family not in SUFFIXES:
        return
    module = _module(handler, family)
    wanted = [module + suffix for suffix in SUFFIXES[family]]
    with _opened(code) as archive:
        names = archive.namelist()
    if not any(name in wanted for name in names):
        message = (
            f"handler: {shown(handler)} needs {' or '.join(wanted)} in the zip file, which has {_some(names)}"
        )
        raise InvalidRequest(f"{message}; for example handler.handler for handler.py", field="handler")


def _module(handler: str, family: str) -> str:
    """Return the path of the handler's module without its suffix, as the runtime reads it."""
    if family == "python":
        return handler.rpartition(".")[0].replace(".", "/")
    folder, slash, rest = handler.rpartition("/")
    return folder + slash + rest.partition(".")[0]


def _opened(code: bytes) -> ZipFile:
    try:
        return ZipFile(BytesIO(code))
    except (BadZipFile, LargeZipFile, ValueError, OSError, NotImplementedError):
        raise _refused("it is not a zip file", example="zip -r function.zip handler.py") from None


def _problems(files: Collection[ZipInfo]) -> Iterator[str]:
    if not files:
        yield "the zip file is empty"
    if len(files) > MOST_FILES:
        yield f"the zip file has {len(files):,} files; at most {MOST_FILES:,}"
    size = sum(file.file_size for file in files)
    if size > MOST_UNPACKED:
        yield f"the files have {size:,} bytes when unpacked; at most {MOST_UNPACKED:,}"
    seen: set[str] = set()
    for file in files:
        if problem := _problem(file, seen):
            yield f"{shown(file.orig_filename)} in the zip file {problem}"
        seen.add(file.filename)


def _problem(file: ZipInfo, seen: Collection[str]) -> str:
    name = file.orig_filename
    if name.startswith("/") or name[1:2] == ":":
        return "is an absolute path"
    if ".." in name.split("/"):
        return "leads out of its folder"
    if "\\" in name or not name.isprintable():
        return "has a backslash or a control character in its name"
    if stat.S_ISLNK(file.external_attr >> 16):
        return "is a symbolic link"
    if file.flag_bits & ENCRYPTED:
        return "is encrypted"
    return "is there twice" if file.filename in seen else ""


def _some(names: Collection[str]) -> str:
    files = sorted(name for name in names if not name.endswith("/"))
    more = f" and {len(files) - 5} more" if len(files) > 5 else ""
    return ", ".join(shown(name) for name in files[:5]) + more


def _refused(message: str, *, example: str) -> InvalidRequest:
    return InvalidRequest(f"code: {message}; for example {example}", field="code")
