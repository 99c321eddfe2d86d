"""Print how large the deployed zip is, part by part, and how long each handler takes to be imported.

The imports are timed from the unzipped zip, each in a fresh interpreter that has boto3 beside it, as in the
runtime; the time of an interpreter that imports nothing is taken off. They are for comparison with each other
and with boto3: a Lambda function has a part of a processor.
"""

import os
import statistics
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from infra.bundle import build

REPEATS = 7
ENVIRONMENT = {
    "TICKLINE_STACK": "Tickline",
    "TICKLINE_JOBS_TABLE": "Tickline-jobs",
    "TICKLINE_TIMELINE_TABLE": "Tickline-timeline",
    "TICKLINE_RUNS_TABLE": "Tickline-runs",
    "TICKLINE_SHARDS": "4",
    "TICKLINE_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:Tickline-doorbells",
    "TICKLINE_TARGETS": "lambda:tickline-* python:*",
    "TICKLINE_PRECISION": "second",
    "TICKLINE_FUNCTIONS_ROLE": "",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
}
"""What a deployment sets, for handlers that read it while they are imported."""


def main() -> None:
    """Build the zip and print both tables."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        zipped = build(root / "tickline.zip").path
        with zipfile.ZipFile(zipped) as archive:
            print_sizes(zipped.stat().st_size, archive.infolist())
            archive.extractall(root / "unzipped")
        print_times(root / "unzipped")


def print_sizes(total: int, entries: list[zipfile.ZipInfo]) -> None:
    """Print the parts of the zip, the largest first."""
    parts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        part = parts[entry.filename.partition("/")[0]]
        part[0] += entry.compress_size
        part[1] += entry.file_size
    say(f"{'in the zip':32} {'zipped':>10} {'unzipped':>10}")
    for name, (packed, plain) in sorted(parts.items(), key=lambda part: part[1], reverse=True):
        say(f"{name:32} {packed / 1024:7.0f} KB {plain / 1024:7.0f} KB")
    plain = sum(entry.file_size for entry in entries)
    say(f"{'all':32} {total / 1024:7.0f} KB {plain / 1024:7.0f} KB\n")


def print_times(unzipped: Path) -> None:
    """Print the time of each handler's import, and how that compares with boto3 alone."""
    files = sorted((unzipped / "tickline" / "handlers").glob("*.py"))
    handlers = [path.stem for path in files if "\ndef handler(" in path.read_text()]
    modules = ["boto3", *(f"tickline.handlers.{name}" for name in handlers)]
    nothing = import_time("sys", unzipped)
    times = {module: import_time(module, unzipped) - nothing for module in modules}
    say(f"{'imported':32} {'median':>10} {'of boto3':>10}")
    for module, seconds in times.items():
        say(f"{module:32} {seconds * 1000:7.0f} ms {seconds / times['boto3']:10.2f}")


def import_time(module: str, unzipped: Path) -> float:
    """Return the median seconds of a fresh interpreter that imports a module.

    Without the packages of this environment (-S), and without bytecode of the zip's (-B): it has none, and in
    Lambda none can be written beside it.
    """
    runtime = Path(boto3.__file__).parents[1]
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": f"{unzipped}{os.pathsep}{runtime}"}
    command = [sys.executable, "-S", "-B", "-c", f"import {module}"]
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run(command, check=True, env=environment, cwd=unzipped)  # noqa: S603 - this interpreter
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
