"""One child process that runs a deployed function, as Lambda's own runtime does: awslambdaric on the zip.

The child sees the zip, the few packages that Lambda's runtime has, and the standard library: nothing else of
this machine's environment, so that what is missing in the zip is missing here.
"""

import contextlib
import io
import os
import queue
import signal
import subprocess
import sys
import sysconfig
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from box.runtime import Invocation, Outcome, RuntimeApi, failure

OF_THE_RUNTIME = (
    "awslambdaric",
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "s3transfer",
    "simplejson",
    "six.py",
    "snapshot_restore_py.py",
    "urllib3",
)
"""What lies in Lambda's Python runtime beside the standard library."""

START_WITHIN = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A function as it was deployed: where its zip is unpacked, and how it is run."""

    name: str
    arn: str
    folder: Path
    handler: str
    timeout: float
    environment: Mapping[str, str]


def unpack(zipped: bytes, digest: str, folder: Path) -> Path:
    """Unpack a zip into a folder of its own, once for all functions that share it."""
    place = folder / "zips" / digest
    if not place.exists():
        partial = place.with_suffix(f".{threading.get_ident()}")
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            archive.extractall(partial)
        with contextlib.suppress(OSError):  # another thread was first
            partial.rename(place)
    return place


def runtime_packages(folder: Path) -> Path:
    """Make a folder with the packages of Lambda's runtime, taken from this environment."""
    place = folder / "runtime"
    place.mkdir(exist_ok=True, parents=True)
    installed = Path(sysconfig.get_path("platlib"))
    for found in [*map(installed.joinpath, OF_THE_RUNTIME), *installed.glob("runtime_client*.so")]:
        link = place / found.name
        if not link.exists():
            link.symlink_to(found)
    return place


class Sandbox:
    """A running function. It takes one event at a time, and is of no use once it is `broken`."""

    def __init__(self, code: Code, runtime: Path, say: Callable[[str], None]) -> None:
        self.code = code
        self.broken = False
        self._say = say
        self._api = RuntimeApi()
        environment = {
            **code.environment,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "LAMBDA_TASK_ROOT": str(code.folder),
            "_HANDLER": code.handler,
            "PYTHONPATH": f"{code.folder}{os.pathsep}{runtime}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": os.environ.get("PATH", ""),
            "TZ": ":UTC",
        }
        self._process = subprocess.Popen(  # noqa: S603 - the deployed function itself
            [sys.executable, "-S", "-m", "awslambdaric", code.handler],
            cwd=code.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run one event to its end, which comes after the function's time-out at the latest."""
        self._api.asked.wait(START_WITHIN)
        limit = self.code.timeout
        self._api.give(invocation, time.time() + limit)
        try:
            outcome = self._api.answers.get(timeout=limit)
        except queue.Empty:
            self.stop()
            text = f"{invocation.request_id} Task timed out after {limit:.2f} seconds"
            self._say(text)
            return failure("Sandbox.Timedout", f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}")
        return outcome

    def stop(self) -> None:
        """End the process and everything that it started."""
        self.broken = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _listen(self) -> None:
        """Pass on every line that the function prints, until it ends."""
        output = self._process.stdout
        if output is None:
            return
        for line in io.TextIOWrapper(output, encoding="utf-8", errors="replace"):
            self._say(line.rstrip("\n"))
        self.broken = True
        status = self._process.wait()
        self._api.asked.set()
        self._api.answers.put(
            failure("Runtime.ExitError", f"Runtime exited with error: exit status {status}")
        )
        self._api.close()
