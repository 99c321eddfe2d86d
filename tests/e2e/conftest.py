import importlib.util
import os
import shutil
from collections.abc import Iterator

import pytest

from boxes import Box, running_box

NEEDED = {"npx": "npx of Node.js", "uv": "uv"}
GROUPS = {"moto.moto_server": "box", "awslambdaric": "box", "aws_cdk": "infra"}

TARGETS = {
    "tickline-hello": (
        "def handler(event, context):\n    return {'hello': event, 'run': context.client_context.custom}\n"
    ),
    "tickline-bad": "def handler(event, context):\n    raise ValueError('no')\n",
}


def _lacking() -> str:
    """Say what this machine lacks for a box; nothing may be lacking in CI."""
    tools = [name for command, name in NEEDED.items() if not shutil.which(command)]
    groups = {f"uv sync --group {g}" for module, g in GROUPS.items() if not importlib.util.find_spec(module)}
    return ", ".join([*tools, *sorted(groups)])


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Give the one box of all tests, with two functions to call."""
    lacking = _lacking()
    if lacking and not os.environ.get("CI"):
        pytest.skip(f"a cloud in a box needs {lacking}")
    with running_box(tmp_path_factory.mktemp("box"), "retain=false", "functions=true") as box:
        for name, code in TARGETS.items():
            box.make_function(name, code)
        yield box
