"""The one zip that all four functions run: the package, what it needs, and the user's handlers.

Built without docker: uv takes wheels for the runtime's Python and processor, whatever this machine is, and
checks each against its hash. The digest is made of names and contents alone, so that it is the same for two
builds of the same sources, on any machine.
"""

import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "functions" / "tickline"

PYTHON = "3.13"
PLATFORM = "aarch64-manylinux_2_28"

NOT_DEPLOYED = (
    "__main__.py",
    "cli",
    "jobsfile.py",
    "local.py",
    "store/migrations.py",
    "store/sqlite.py",
    "targets/python.py",
    "targets/worker.py",
    "targets/workers.py",
    "wiring/local.py",
)
"""What of the package is for one machine only."""

NEVER = ("__pycache__", "bin", "tests", "RECORD", "INSTALLER", "REQUESTED", "*.pyc", ".*")
"""What of any folder says something about the build, or nothing."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a zip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A zip, and the digest of what is in it."""

    path: Path
    digest: str


def build(destination: Path, *, handlers: str = "") -> Bundle:
    """Write the zip to `destination`. `handlers`: a folder of *.py files for `python:` targets."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        lay_out(root, handlers=handlers)
        return _zipped(root, destination)


def lay_out(root: Path, *, handlers: str = "") -> None:
    """Put into the folder `root` what the zip holds."""
    _install_requirements(root)
    _copy(PACKAGE, root / "tickline", but=NOT_DEPLOYED)
    if handlers:
        _copy(Path(handlers), root / "handlers", only=".py")


def version() -> str:
    """Return the version of the package that is deployed."""
    found = re.search(r'^__version__ = "([^"]+)"$', (PACKAGE / "__init__.py").read_text(), re.MULTILINE)
    assert found, "functions/tickline/__init__.py says the version"
    return found[1]


def _install_requirements(root: Path) -> None:
    """Install the group `lambda` as it is pinned, each wheel checked against its hash."""
    with TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        _uv("export", "--only-group=lambda", "--no-emit-project", f"--output-file={requirements}")
        _uv(
            "pip", "install", f"--requirement={requirements}", "--require-hashes", "--no-deps",
            "--only-binary=:all:", f"--target={root}", f"--python-version={PYTHON}",
            f"--python-platform={PLATFORM}", "--no-compile-bytecode", "--link-mode=copy",
        )  # fmt: skip


def uv() -> str:
    """Return the path of uv; `uv run` says it to what it runs."""
    path = os.environ.get("UV") or shutil.which("uv")
    if path is None:
        raise FileNotFoundError("uv is not on the PATH; `pip install uv` brings it")
    return path


def _uv(*arguments: str) -> None:
    subprocess.run([uv(), "--quiet", "--project", str(ROOT), *arguments], cwd=ROOT, check=True)  # noqa: S603 - ours


def _copy(source: Path, destination: Path, *, but: tuple[str, ...] = (), only: str = "") -> None:
    for path in _files(source):
        name = path.relative_to(source)
        left_out = any(name == Path(one) or Path(one) in name.parents for one in but)
        if not left_out and path.suffix.endswith(only):
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, destination / name)


def _files(root: Path) -> Iterator[Path]:
    """Yield the files of a folder that belong into a zip, in an order that depends on nothing else."""
    for path in sorted(root.rglob("*")):
        parts = [Path(part) for part in path.relative_to(root).parts]
        if path.is_file() and not any(part.match(pattern) for part in parts for pattern in NEVER):
            yield path


def _zipped(root: Path, destination: Path) -> Bundle:
    digest = hashlib.sha256()
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in _files(root):
            name, content = path.relative_to(root).as_posix(), path.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
            entry = zipfile.ZipInfo(name, date_time=EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return Bundle(path=destination, digest=digest.hexdigest())
