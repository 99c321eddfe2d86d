"""`python -m box`: a cloud with this repository's stack, until Ctrl-C."""

import argparse
import contextlib
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from box.cloud import Cloud
from box.deploy import CDK, deploy

READY = "the box is ready"


def main(arguments: Sequence[str] | None = None) -> None:
    """Start, deploy, say how to get there, and wait."""
    asked = _parser().parse_args(arguments)
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    signal.signal(signal.SIGINT, lambda *_: ending.set())
    with contextlib.ExitStack() as stack:
        folder = asked.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="box-")))
        folder.mkdir(parents=True, exist_ok=True)
        cloud = Cloud(folder.resolve(), port=asked.port, show=not asked.quiet)
        stack.callback(cloud.stop)
        cloud.start()
        _say(f"AWS is at {cloud.endpoint}; everything else is in {folder}")
        if not asked.empty:
            began = time.monotonic()
            _say("cdk bootstrap and cdk deploy, about a minute ...")
            deploy(cloud.environment, folder, asked.context, cdk=asked.cdk)
            _say(f"deployed in {time.monotonic() - began:.0f} s")
        if not asked.no_timer:
            cloud.run_timer()
        _say("in a second terminal:")
        for name, value in cloud.environment.items():
            if value:
                _say(f"export {name}={value}")
        _say(f"{READY}; Ctrl-C ends it")
        ending.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="box", description=main.__doc__)
    add = parser.add_argument
    add("-c", "--context", action="append", default=[], metavar="KEY=VALUE", help="an option of cdk.json")
    add("--port", type=int, default=0, help="the port of the API; any free one if not given")
    add("--folder", type=Path, help="where logs and unpacked zips go; a temporary one if not given")
    add("--no-timer", action="store_true", help="fire the timer only when asked: POST /box/timer")
    add("--empty", action="store_true", help="deploy nothing")
    add("--quiet", action="store_true", help="do not show what functions print")
    add("--cdk", default=CDK, help="how to start the CDK's command line")
    return parser


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
