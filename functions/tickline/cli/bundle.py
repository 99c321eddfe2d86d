"""The code of a function as one zip file, from a file, a folder or a zip file: same files, same bytes."""

import ast
import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from tickline.cli.face import Refusal, refused
from tickline.errors import InvalidRequest
from tickline.functions.code import MOST_UNPACKED, check_size

LEFT_OUT = frozenset(
    {".git", ".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".DS_Store"}
)
RUNTIMES = {".py": "python3.13", ".js": "nodejs24.x", ".mjs": "nodejs24.x", ".cjs": "nodejs24.x"}
"""The runtime of a function whose code is one file, by the file's ending."""

USUAL = ("handler", "lambda_handler")
MOST_SOURCE = 4 * 1024**2
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the zip file: the earliest that the format knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A zip file, and where it came from."""

    path: Path
    code: bytes

    @property
    def text(self) -> str:
        """The zip file in base64, as requests carry it."""
        return b64encode(self.code).decode()

    @property
    def runtime(self) -> str:
        """The runtime for the one source file at the top; empty if there are several, or none."""
        source = self._only_source()
        return RUNTIMES[Path(source).suffix] if source else ""

    @property
    def handler(self) -> str:
        """The handler in the one source file at the top. Refuses what leaves a choice."""
        source = self._only_source()
        if not source:
            found = ", ".join(self._sources()) or "none"
            raise refused(
                f"--handler is needed for {self.path}: it has not one source file at its top but {found}; "
                "for example --handler handler.handler",
                field="handler",
            )
        stem, suffix = os.path.splitext(source)  # noqa: PTH122 - a name in a zip file, no path here
        return f"{stem}.{self._function(source) if suffix == '.py' else 'handler'}"

    def _sources(self) -> list[str]:
        with ZipFile(BytesIO(self.code)) as archive:
            return sorted(
                name for name in archive.namelist() if "/" not in name and Path(name).suffix in RUNTIMES
            )

    def _only_source(self) -> str:
        sources = self._sources()
        return sources[0] if len(sources) == 1 else ""

    def _function(self, source: str) -> str:
        with ZipFile(BytesIO(self.code)) as archive, archive.open(source) as file:
            text = file.read(MOST_SOURCE)
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:
            where = f"{source}:{getattr(error, 'lineno', None) or 1}"
            raise refused(
                f"{where}: this is not Python: {getattr(error, 'msg', error)}", field="code"
            ) from None
        return _entry(tree, source)


def bundle(path: Path) -> Bundle:
    """Return the zip file of a path; refuse one that cannot be sent."""
    if path.suffix == ".zip" and path.is_file():
        code = _checked(path)
    else:
        members = {path.name: path} if path.is_file() else dict(_members(path))
        code = _zipped(path, members)
    try:
        check_size(len(code))
    except InvalidRequest as error:
        raise refused(str(error), field=error.field) from None
    return Bundle(path=path, code=code)


def _checked(path: Path) -> bytes:
    try:
        code = path.read_bytes()
        ZipFile(BytesIO(code)).close()
    except BadZipFile:
        raise refused(f"{path} is not a zip file; for example --file handler.py", field="file") from None
    return code


def _zipped(path: Path, members: dict[str, Path]) -> bytes:
    """Write the files, by name, with nothing that differs from one machine to the next."""
    if not members:
        raise refused(f"{path} has no files; for example --file handler.py", field="file")
    size = sum(file.stat().st_size for file in members.values())
    if size > MOST_UNPACKED:
        raise refused(f"{path} has {size:,} bytes; Lambda unpacks at most {MOST_UNPACKED:,}", field="file")
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, file in sorted(members.items()):
            entry = ZipInfo(name, FIRST_DAY)
            entry.compress_type = ZIP_DEFLATED
            entry.create_system = 3  # Unix, also on Windows
            entry.external_attr = (0o100755 if os.access(file, os.X_OK) else 0o100644) << 16
            archive.writestr(entry, file.read_bytes())
    return written.getvalue()


def _members(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and path of each file that belongs to the code. No link is followed out of the folder."""
    root = folder.resolve()
    for where, folders, files in os.walk(folder):
        here = Path(where)
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in [*files, *(name for name in folders if (here / name).is_symlink())]:
            path = here / name
            if name in LEFT_OUT or path.suffix == ".pyc":
                continue
            if path.is_symlink() and not (path.is_file() and path.resolve().is_relative_to(root)):
                raise _link(path)
            yield path.relative_to(folder).as_posix(), path


def _link(path: Path) -> Refusal:
    message = f"{path} is a symbolic link to a folder or out of --file; put a copy in its place"
    return refused(message, field="file")


def _entry(tree: ast.Module, source: str) -> str:
    """Return the name of the function that Lambda is to call."""
    names = set(_names(tree))
    for usual in USUAL:
        if usual in names:
            return usual
    fitting = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and _takes_two(node)]
    if len(fitting) == 1:
        return fitting[0]
    found = f"{len(fitting)} that take (event, context): {', '.join(fitting)}" if fitting else "none"
    raise refused(
        f"{source} has no function named handler or lambda_handler; of others it has {found}; "
        f"for example --handler {Path(source).stem}.{(fitting or ['handler'])[0]}",
        field="handler",
    )


def _names(tree: ast.Module) -> Iterator[str]:
    """Yield the names that the module's top level gives to something that may be called."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _takes_two(node: ast.FunctionDef) -> bool:
    """True for a public function that can be called with event and context."""
    given = node.args
    positional = len(given.posonlyargs) + len(given.args)
    optional = len(given.defaults)
    fits = positional - optional <= 2 <= positional or (
        given.vararg is not None and positional - optional <= 2
    )
    return fits and not node.name.startswith("_") and not any(d is None for d in given.kw_defaults)
