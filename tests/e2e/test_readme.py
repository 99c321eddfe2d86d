"""The walk through a deployed stack, as the README has it: each command is pasted into a shell."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxes import ROOT, Box, eventually, running_box

AWS = 'aws() { uvx --quiet --from awscli==1.46.3 aws "$@"; }\n'
"""The AWS command line is no dependency of this project."""

ENDS_WITH_1 = "tickline run broken --wait"
"""The run is meant to fail, and the command says so."""


def commands() -> list[str]:
    """Return the commands of the README's section, from where a second terminal is open."""
    section = (ROOT / "README.md").read_text().split("\n## In AWS\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)[2:]
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture
def own(box: Box, tmp_path: Path) -> Iterator[Box]:
    """Give a box where nobody else has jobs; that of all tests is asked for since it knows when to skip."""
    del box
    with running_box(tmp_path / "box", "retain=false", "functions=true") as own:
        yield own


class Shell:
    """Runs commands at the top of the repository, with the box for AWS."""

    def __init__(self, box: Box, folder: Path) -> None:
        self.environment = os.environ | box.environment | {"TICKLINE_STACK_NAME": "Tickline"}
        self.folder = folder

    def paste(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command. Files that it writes go to a folder of the test."""
        for name in ("put.json", "answer.json"):
            command = command.replace(name, str(self.folder / name))
        return subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", AWS + command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


def test_every_command_of_the_walk_through_does_what_it_should(own: Box, tmp_path: Path) -> None:
    shell = Shell(own, tmp_path)
    said: dict[str, str] = {}
    for command in commands():
        ended = shell.paste(command)
        said[command] = ended.stdout
        expected = 1 if ENDS_WITH_1 in command else 0
        assert ended.returncode == expected, f"{command}\n{ended.stdout}\n{ended.stderr}"
        if "put-item" in command:  # here the README waits for half a minute
            for job_id in ("greet", "by-admin", "by-hand"):
                eventually(lambda job_id=job_id: has_succeeded(own, job_id))  # type: ignore[misc]
        if "redrive" in command:
            eventually(lambda: has_succeeded(own, "broken"))

    def answer_to(part: str) -> str:
        return next(text for command, text in said.items() if part in command)

    assert "this is greet/" in answer_to("tickline runs")
    assert "told to fail" in answer_to("runs --state dead")
    assert "attempt 3 follows" in answer_to("redrive broken")
    assert "healthy" in answer_to("doctor")
    assert own.admin("list_functions")["functions"] == []


def has_succeeded(box: Box, job_id: str) -> bool:
    return any(run["state"] == "succeeded" for run in box.runs(job_id))
