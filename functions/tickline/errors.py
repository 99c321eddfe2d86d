"""Every error that Tickline raises on purpose.

    TicklineError
    ├── InvalidJob (ValueError)        a job document is refused; `.problems` lists every reason at once
    ├── InvalidJobsFile (ValueError)   a jobs file is refused; `.problems` lists every reason, by line
    ├── InvalidSchedule (ValueError)   a schedule text is refused; names field, position, value and a fix
    ├── InvalidPattern (ValueError)    a pattern of allowed targets is refused; names it and a right one
    ├── InvalidRequest (ValueError)    a call to the admin face is refused
    ├── JobNotFound (LookupError)
    ├── JobExists
    ├── Conflict                       somebody else changed the job first; read it again
    ├── UnknownMessage (ValueError)    a doorbell message cannot be read; its runs stay due
    ├── NotAnswered                    doorbells met an error; their runs stay due
    ├── HandlerRefused (ValueError)    a handler cannot be registered under this name
    ├── InvalidSettings (ValueError)   a deployment's environment lacks something; names all of it
    ├── HandlerFileError               a file of handlers cannot be loaded; names the line
    ├── FunctionNotFound (LookupError)
    ├── FunctionExists
    ├── FunctionInUse                  jobs still call the function; `.job_ids` says which
    ├── FunctionsOff                   this deployment makes no functions
    ├── FunctionsError                 AWS did not do what was asked of a function
    └── StoreError                     the store did not answer; nothing is known to be lost
        ├── StoreBusy                  try again: locked or throttled
        └── StoreFull                  no room left: disk or quota

A lost race is not an error: it is a return value.
"""

from dataclasses import dataclass
from pathlib import Path


class TicklineError(Exception):
    """Base of every error that Tickline raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a document: where, what, and how it would be right."""

    field: str
    message: str
    example: str = ""

    def __str__(self) -> str:
        hint = f" (for example: {self.example})" if self.example else ""
        return f"{self.field}: {self.message}{hint}"


class InvalidJob(TicklineError, ValueError):
    """A job document is refused. `problems` holds every reason, not only the first."""

    def __init__(self, job_id: str, problems: tuple[Problem, ...]) -> None:
        self.job_id = job_id
        self.problems = problems
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"job {job_id!r} is not valid:\n{lines}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem(Problem):
    """A problem in a jobs file: also which line, and whose job. Line 0 means the file as a whole."""

    field: str = ""
    line: int = 0
    job_id: str = ""

    def __str__(self) -> str:
        where = [f"line {self.line}" if self.line else "", self.job_id, self.field]
        hint = f" (for example: {self.example})" if self.example else ""
        return ": ".join([part for part in where if part] + [self.message]) + hint


class InvalidJobsFile(TicklineError, ValueError):
    """A jobs file is refused, and no job of it is taken. `problems` holds every reason, by line."""

    def __init__(self, name: str, problems: tuple[FileProblem, ...]) -> None:
        self.name = name
        self.problems = problems
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{name} is not a valid jobs file:\n{lines}")


class InvalidSchedule(TicklineError, ValueError):
    """A schedule text is refused.

    `field` is the part that is wrong ("minute", "zone", ...), `position` the 0-based index of the first
    wrong character in the text (None when the whole text is meant), `example` a text that would be right.
    """

    def __init__(self, message: str, *, field: str, position: int | None = None, example: str = "") -> None:
        self.field = field
        self.position = position
        self.example = example
        self.message = message
        where = f" at character {position + 1}" if position is not None else ""
        hint = f"; for example {example}" if example else ""
        super().__init__(f"{field}{where}: {message}{hint}")


class InvalidPattern(TicklineError, ValueError):
    """Patterns of allowed targets are refused. `problems` holds one reason for each that is wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class InvalidRequest(TicklineError, ValueError):
    """A call to the admin face is refused. `field` names the argument that is wrong."""

    def __init__(self, message: str, *, field: str = "") -> None:
        self.field = field
        super().__init__(message)


class JobNotFound(TicklineError, LookupError):
    """There is no job with this id."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"there is no job {job_id!r}")


class JobExists(TicklineError):
    """A job with this id is there already, and the call asked for a new one."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"job {job_id!r} exists already; use put to replace it")


class Conflict(TicklineError):
    """Somebody else changed the job between reading and writing it."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"job {job_id!r} was changed by somebody else; read it again and retry")


class UnknownMessage(TicklineError, ValueError):
    """A doorbell message is of another version, or none at all. Its runs stay due: a tick rings again."""


class NotAnswered(TicklineError):
    """An error kept doorbells from being answered."""


class InvalidSettings(TicklineError, ValueError):
    """The environment of a deployed function is incomplete or wrong."""


class HandlerRefused(TicklineError, ValueError):
    """A handler cannot be registered: its name is not valid, or belongs to another function."""


class HandlerFileError(TicklineError):
    """A handler file cannot be loaded. `line` is the line to look at, None when there is none."""

    def __init__(self, path: Path, message: str, *, line: int | None = None) -> None:
        self.path = path
        self.line = line
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


class FunctionNotFound(TicklineError, LookupError):
    """This deployment made no function of this name; there may be one that others made."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"this stack has no function {name!r}; tickline function list shows what it has")


class FunctionExists(TicklineError):
    """A function of this name is there already, and the call asked for a new one."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"function {name!r} exists already; use update to change it")


class FunctionInUse(TicklineError):
    """Jobs still name the function as their target. `job_ids` holds all of them."""

    def __init__(self, name: str, job_ids: tuple[str, ...]) -> None:
        self.name = name
        self.job_ids = job_ids
        more = f" and {len(job_ids) - 10} more" if len(job_ids) > 10 else ""
        named = ", ".join(job_ids[:10]) + more
        super().__init__(
            f"function {name!r} is still called by: {named}; delete these jobs first, or use force"
        )


class FunctionsOff(TicklineError):
    """This deployment makes no functions; the message says what to do."""


class FunctionsError(TicklineError):
    """AWS did not do what was asked of a function. The message says what is known of its state."""


class StoreError(TicklineError):
    """The store did not do what was asked. What is due stays due: a later tick finds it."""


class StoreBusy(StoreError):
    """The store is locked or throttled; the same call may succeed later."""


class StoreFull(StoreError):
    """The store has no room left (disk or quota)."""
