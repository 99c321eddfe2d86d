"""What is asked of a function, what is there, and what stands where none can be made."""

from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "tickline-fn-"
"""How the names in AWS begin; the name that people use comes behind it."""

TAG = "tickline:stack"
"""The tag that says which stack made a function. Only that stack shows, changes or deletes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionChange:
    """What a function is to become. None: as it is; a new function is given everything."""

    code: bytes | None = None
    handler: str | None = None
    runtime: str | None = None
    memory: int | None = None
    timeout: int | None = None
    env: Mapping[str, str] | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function as it stands in AWS. `memory` is in MB, `timeout` in seconds, `code_size` in bytes.

    Of the environment only the names are known here: values may be secrets.
    """

    name: str
    handler: str
    runtime: str
    memory: int
    timeout: int
    env_names: tuple[str, ...]
    description: str
    code_size: int
    code_sha256: str
    state: str
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFunctions:
    """Stands where a deployment makes no functions; `reason` says why, and what to do."""

    reason: str


IN_LOCAL_MODE = NoFunctions(
    reason="functions live in AWS; in local mode name a file under functions: in the jobs file, "
    "for example functions: {nightly-report: handlers.py:nightly_report}"
)
NOT_ENABLED = NoFunctions(
    reason="this stack makes no functions; deploy it with functions=true, "
    "for example npx cdk deploy -c functions=true"
)


def physical(name: str) -> str:
    """Return the function's name in AWS."""
    return PREFIX + name


def target_of(name: str) -> str:
    """Return the function's address as a job names it."""
    return f"lambda:{physical(name)}"
