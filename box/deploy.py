"""Deploys this repository's stack to a cloud with the CDK's own command line, as a user does to AWS."""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]

CDK = "npx --yes aws-cdk@2.1148.1"
"""The justfile has the same; `just box` hands over its own."""


def deploy(
    environment: Mapping[str, str],
    folder: Path,
    context: Sequence[str] = (),
    *,
    cdk: str = CDK,
    source: Path = ROOT,
) -> None:
    """Bootstrap and deploy. What the command line says goes to cdk.log; a failure shows its end.

    `source`: the folder of the app, if it is not this repository's.
    """
    settings = [argument for pair in context for argument in ("--context", pair)]
    account = f"aws://123456789012/{environment['AWS_REGION']}"
    output = ["--output", str(folder / "cdk.out")]
    # Named environments need no app, so that the app is made once and not twice.
    bootstrap = ["bootstrap", account, "--app", ""]
    ship = ["deploy", "--all", "--method=direct", "--require-approval=never", *settings, *output]
    for arguments in (bootstrap, ship):
        _run([*shlex.split(cdk), *arguments, "--no-notices", "--ci"], environment, folder / "cdk.log", source)


def _run(command: Sequence[str], environment: Mapping[str, str], log: Path, source: Path) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    with log.open("a") as output:
        ended = subprocess.run(  # noqa: S603 - the CDK
            command,
            cwd=source,
            env=clean | dict(environment) | {"CDK_DISABLE_CLI_TELEMETRY": "true"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        last = "\n".join(log.read_text().splitlines()[-30:])
        raise RuntimeError(f"{shlex.join(command)} failed:\n{last}")
