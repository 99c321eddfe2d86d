"""Write the resolved versions into pyproject.toml, as `[tool.uv] constraint-dependencies`, or drop them.

A lock file would name the registry's host with each package; these lines name nothing but versions. They are
exact, so that every clone resolves alike.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEGIN, END = "constraint-dependencies = [\n", "]\n"


def pins(lock: str) -> list[str]:
    """Return `name==version` for every package of a uv.lock but the project itself."""
    packages = tomllib.loads(lock)["package"]
    return sorted(f"{p['name']}=={p['version']}" for p in packages if "registry" in p["source"])


def with_pins(pyproject: str, pinned: list[str]) -> str:
    """Return the text of pyproject.toml with its pins replaced."""
    lines = "".join(f'    "{pin}",\n' for pin in pinned)
    block = re.compile(re.escape(BEGIN) + r".*?^" + re.escape(END), re.DOTALL | re.MULTILINE)
    return block.sub(lambda _: BEGIN + lines + END, pyproject, count=1)


def main() -> None:
    """Bring pyproject.toml up to date with uv.lock; with the argument `drop`, leave no pins."""
    path = ROOT / "pyproject.toml"
    pinned = [] if sys.argv[1:] == ["drop"] else pins((ROOT / "uv.lock").read_text())
    path.write_text(with_pins(path.read_text(), pinned))


if __name__ == "__main__":
    main()
