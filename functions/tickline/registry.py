"""Python handlers by name. A job names a handler and never a module: what it may call was registered before.

    import tickline

    @tickline.handler("nightly-report")
    def report(payload, context):
        return {"rows": 12}

The files that hold handlers are named by the operator (jobs file, command line), never by a job.
"""

import re
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar

from tickline.errors import HandlerFileError, HandlerRefused, TicklineError
from tickline.model import Json, RunContext

Handler = Callable[[Json, RunContext], Any]
"""What a job calls: the payload and the run's context in, anything that JSON can hold out."""

NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")

F = TypeVar("F", bound=Callable[..., Any])


class Registry:
    """Handlers by name."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def handler(self, name: str) -> Callable[[F], F]:
        """Register the decorated function under `name`. The function itself is returned unchanged."""
        if callable(name) or not NAME.fullmatch(name):
            raise HandlerRefused(
                "a handler's name is 1 to 128 letters, digits, '.', '_' or '-', "
                'for example @tickline.handler("nightly-report")'
            )

        def register(function: F) -> F:
            present = self._handlers.setdefault(name, function)
            if present is not function:
                raise HandlerRefused(f"handler {name!r} is registered already, by {_origin(present)}")
            return function

        return register

    def find(self, name: str) -> Handler | None:
        """Return the handler of this name; None if there is none."""
        return self._handlers.get(name)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """All handlers, by name; the view follows later registrations."""
        return MappingProxyType(self._handlers)


registry = Registry()
"""The handlers of this process."""

handler = registry.handler


def load_file(path: str | Path) -> ModuleType:
    """Run a file of Python, so that its handlers register. A file that is loaded already is not run again."""
    file = Path(path).resolve()
    if not file.is_file():
        raise HandlerFileError(file, "there is no such file")
    return _loaded(file) or _load(file)


def load_function(address: str) -> Callable[..., Any]:
    """Load `path/to/file.py:attribute` and return the function."""
    path, _, attribute = address.rpartition(":")
    if not path or not attribute.isidentifier():
        raise HandlerFileError(Path(address), "a function is given as path/to/file.py:attribute")
    module = load_file(path)
    function = getattr(module, attribute, None)
    if not callable(function):
        raise HandlerFileError(Path(path).resolve(), f"there is no function {attribute!r}")
    found: Callable[..., Any] = function
    return found


class _FromSource(SourceFileLoader):
    """Never reads or writes a .pyc: its stamp cannot tell two edits within one second apart."""

    def path_stats(self, path: Any) -> Mapping[str, Any]:
        raise OSError(f"no stamp is kept for {path}")


def _loaded(file: Path) -> ModuleType | None:
    """Return the module made from this file, whether `load_file` or an import statement made it."""
    # Through __dict__: asking a lazy module for an attribute may make it import things.
    modules = list(sys.modules.values())
    return next((m for m in modules if getattr(m, "__dict__", {}).get("__file__") == str(file)), None)


def _load(file: Path) -> ModuleType:
    name = _module_name(file)
    spec = spec_from_file_location(name, file, loader=_FromSource(name, str(file)))
    assert spec is not None, "a loader was given"
    assert spec.loader is not None, "a loader was given"
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _explained(file, error) from error
    return module


def _module_name(file: Path) -> str:
    """The file's own name if it is free, so that handler files can import each other."""
    taken = file.stem in sys.modules or file.stem in sys.stdlib_module_names
    return f"tickline_handlers:{file}" if taken or not file.stem.isidentifier() else file.stem


def _explained(file: Path, error: BaseException) -> HandlerFileError:
    """Say what went wrong and at which line: of the file itself, or of the broken file that it imports."""
    if isinstance(error, SyntaxError) and error.filename:
        return HandlerFileError(
            Path(error.filename), f"{type(error).__name__}: {error.msg}", line=error.lineno
        )
    frames = traceback.extract_tb(error.__traceback__)
    line = next((frame.lineno for frame in reversed(frames) if frame.filename == str(file)), None)
    kind = "" if isinstance(error, TicklineError) else f"{type(error).__name__}: "
    return HandlerFileError(file, f"{kind}{error}", line=line)


def _origin(function: Handler) -> str:
    code = getattr(function, "__code__", None)
    where = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
    return f"{getattr(function, '__qualname__', repr(function))}{where}"
