"""Handlers for the tests of Python targets, in a file as a user would write it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tickline.targets.python import PythonTarget

HANDLERS = '''
import os, signal, subprocess, sys, time
from tickline.registry import handler

@handler("echo")
def echo(payload, context):
    return {"payload": payload, "run": context.run_id, "at": context.scheduled_time.isoformat(),
            "attempt": context.attempt, "missed": context.missed_count, "pid": os.getpid()}

@handler("noisy")
def noisy(payload, context):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    os.write(1, b"garbage\\n{}\\n")

@handler("raises")
def raises(payload, context):
    raise LookupError("no rows" + "!" * 2000)

@handler("raises-oddly")
def raises_oddly(payload, context):
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError
    raise Odd

@handler("exits")
def exits(payload, context):
    sys.exit(3)

@handler("dies")
def dies(payload, context):
    os._exit(3)

@handler("crashes")
def crashes(payload, context):
    os.kill(os.getpid(), signal.SIGSEGV)

@handler("object")
def an_object(payload, context):
    return {1, }

@handler("odd-object")
def odd_object(payload, context):
    class Odd:
        def __repr__(self):
            raise RuntimeError
    return Odd()

@handler("long")
def long(payload, context):
    return "é" * 5000

@handler("async")
async def coroutine(payload, context):
    return "awaited"

@handler("breaks-its-line")
def breaks_its_line(payload, context):
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, b"garbage\\n")
        except OSError:
            pass
    time.sleep(600)

@handler("closes-all")
def closes_all(payload, context):
    os.closerange(3, 256)

@handler("daemon-left")
def daemon_left(payload, context):
    """A forked child keeps the worker's socket open while the worker itself dies."""
    if os.fork() == 0:
        time.sleep(600)
    os._exit(9)

@handler("hangs")
def hangs(payload, context):
    """Says its pid down the pipe that it and a child of its own hold, and stays."""
    pipe = os.open(payload, os.O_WRONLY)
    print("printed before the end")
    subprocess.Popen(["sleep", "600"], pass_fds=[pipe])
    os.write(pipe, b"%d\\n" % os.getpid())
    time.sleep(600)

@handler("holds-the-lock")
def holds_the_lock(payload, context):
    """No other thread of the process gets a turn any more."""
    import re
    pipe = os.open(payload, os.O_WRONLY)
    os.write(pipe, b"%d\\n" % os.getpid())
    re.match("(a+)+b", "a" * 60)

@handler("waits")
def waits(payload, context):
    """Says that it is there, and returns when it is told."""
    with open(payload["there"], "w") as there:
        there.write("here")
    with open(payload["go"]) as go:
        return go.read()
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "handlers_of_a_test.py"
    path.write_text(HANDLERS)
    return path


@pytest.fixture
def target(file: Path) -> Iterator[PythonTarget]:
    with PythonTarget([file]) as target:
        yield target
