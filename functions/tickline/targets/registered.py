"""Registered handlers as targets: their files are loaded, one is called, and its end is put into words.

Child processes (worker.py) and the Lambda function itself (bundled.py) do this in the same way.
"""

import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tickline.errors import HandlerFileError
from tickline.model import Failure, Json, Result, RunContext
from tickline.registry import load_file, registry
from tickline.targets.text import compact, named, shorten

Code = Callable[[], Any]
"""What is to be run, with its arguments."""


class Handlers:
    """The handlers of some files, and the reasons why others could not be loaded."""

    def __init__(self, files: Iterable[str | Path]) -> None:
        self._faults: list[str] = []
        self._half_made: dict[str, str] = {}
        for file in files:
            before = set(registry.handlers)
            try:
                load_file(file)
            except HandlerFileError as error:
                self._faults.append(str(error))
                self._half_made |= dict.fromkeys(_left_behind(before), str(error))

    def code(self, name: str, payload: Json, context: RunContext) -> Code | str:
        """Return what a call of this handler runs, or why there can be none."""
        if name in self._half_made:
            return self._half_made[name]
        handler = registry.find(name)
        if handler is None:
            names = ", ".join(sorted(registry.handlers)) or "none"
            return "; ".join([*self._faults, f"no handler named {name!r}; registered: {names}"])
        return partial(handler, payload, context)


def _left_behind(before: set[str]) -> set[str]:
    """Return the handlers of a file that broke after it had registered them: its module is gone."""
    new = set(registry.handlers) - before
    return {name for name in new if getattr(registry.find(name), "__module__", "") not in sys.modules}


def reach(files: Iterable[str | Path]) -> None:
    """Let handler files import their neighbours. Last in the path: they shadow nothing that is installed."""
    folders = dict.fromkeys(str(Path(file).resolve().parent) for file in files)
    sys.path.extend(folder for folder in folders if folder not in sys.path)


def outcome(code: Code) -> dict[str, str]:
    """Run the code, whatever it may raise, and return how it ended: `state` and `summary` or `error`."""
    try:
        value = code()
        if hasattr(value, "__await__"):
            value = _awaited(value)
        return {"state": "succeeded", "summary": shorten(compact(value))}
    except BaseException as error:  # noqa: BLE001 - sys.exit in a handler is a failure of that handler
        _print_traceback(error)
        return {"state": "failed", "error": shorten(named(error))}


def refused(reason: str) -> dict[str, str]:
    """Return the outcome where nothing was run, and nothing can be."""
    return {"state": "refused", "error": shorten(reason)}


def result_of(reply: Mapping[str, str]) -> Result:
    """Return the result of a call that ended so."""
    if reply["state"] == "succeeded":
        return Result(summary=reply["summary"])
    failure = Failure.FUNCTION if reply["state"] == "failed" else Failure.PERMANENT
    return Result(failure=failure, error=reply["error"])


def _print_traceback(error: BaseException) -> None:
    """Print where the handler failed; our own frames above it say nothing about that."""
    place = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename == __file__:
        place = place.tb_next
    # In one piece: handlers of other threads may be printing, too.
    sys.stderr.write("".join(traceback.format_exception(type(error), error, place)))


def _awaited(value: Any) -> Any:
    import asyncio  # noqa: PLC0415 - only async handlers pay for it

    async def wait() -> Any:
        return await value

    return asyncio.run(wait())
