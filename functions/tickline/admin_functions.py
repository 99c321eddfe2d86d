"""The admin's actions for functions that are made on the fly (see docs/functions.md)."""

import re
from collections.abc import Callable, Iterator
from typing import Protocol

from tickline.errors import (
    FunctionExists,
    FunctionInUse,
    FunctionNotFound,
    FunctionsError,
    FunctionsOff,
    InvalidRequest,
    TicklineError,
)
from tickline.functions.arguments import (
    DEFAULT_MEMORY,
    DEFAULT_RUNTIME,
    DEFAULT_TIMEOUT,
    check_together,
    read_change,
    read_name,
)
from tickline.functions.model import Function, FunctionChange, NoFunctions, physical, target_of
from tickline.model import Json
from tickline.ports import Functions, Store
from tickline.views import View

PAGE = 1000

CALLING_FIELDS = ("target", "on_failure")
"""Fields of a job document that name what is called."""


class Deployment(Protocol):
    """What these actions need of Admin."""

    @property
    def store(self) -> Store:
        """See Admin."""

    @property
    def functions(self) -> Functions | NoFunctions:
        """See Admin."""


def create_function(
    admin: Deployment,
    name: str,
    code: str,
    handler: str,
    *,
    runtime: str = DEFAULT_RUNTIME,
    memory: int = DEFAULT_MEMORY,
    timeout: int = DEFAULT_TIMEOUT,
    env: Json = None,
    description: str = "",
) -> View:
    """Make a function from a zip file in base64; answer when it can be called, with its target text."""
    functions = _functions(admin)
    change = read_change(
        code=code,
        handler=handler,
        runtime=runtime,
        memory=memory,
        timeout=timeout,
        env={} if env is None else env,
        description=description,
    )
    check_together(change, handler=handler, runtime=runtime)
    return function_view(functions.create(read_name(name), change)) | {"created": True}


def update_function(
    admin: Deployment,
    name: str,
    *,
    code: str | None = None,
    handler: str | None = None,
    runtime: str | None = None,
    memory: int | None = None,
    timeout: int | None = None,
    env: Json = None,
    description: str | None = None,
) -> View:
    """Change what is given of a function; `env` replaces all of it. Answers when it can be called again."""
    functions = _functions(admin)
    change = read_change(
        code=code,
        handler=handler,
        runtime=runtime,
        memory=memory,
        timeout=timeout,
        env=env,
        description=description,
    )
    if change == FunctionChange():
        raise InvalidRequest(
            "nothing to change: give code, handler, runtime, memory, timeout, env or description"
        )
    present = functions.get(read_name(name))
    check_together(change, handler=handler or present.handler, runtime=runtime or present.runtime)
    return function_view(functions.update(name, change)) | {"created": False}


def delete_function(admin: Deployment, name: str, *, force: bool = False) -> View:
    """Delete a function. Refused while jobs still call it, unless `force`: their runs then fail for good."""
    functions = _functions(admin)
    functions.get(read_name(name))
    users = () if force else tuple(sorted(_users(admin.store, name)))
    if users:
        raise FunctionInUse(name, users)
    functions.delete(name)
    return {"name": name, "deleted": True}


def get_function(admin: Deployment, name: str) -> View:
    """Show one function."""
    return function_view(_functions(admin).get(read_name(name)))


def list_functions(admin: Deployment) -> View:
    """Show all functions that this stack made, by name."""
    return {"functions": [function_view(function) for function in _functions(admin).list()]}


FUNCTION_ACTIONS: dict[str, Callable[..., View]] = {
    action.__name__: action
    for action in (create_function, update_function, delete_function, get_function, list_functions)
}

FUNCTION_CODES: dict[type[TicklineError], str] = {
    FunctionNotFound: "function_not_found",
    FunctionExists: "function_exists",
    FunctionInUse: "function_in_use",
    FunctionsOff: "functions_off",
    FunctionsError: "functions_error",
}


def function_view(function: Function) -> View:
    """Show a function, with the target text by which jobs call it. Of the environment only the names."""
    return {
        "name": function.name,
        "function": physical(function.name),
        "target": target_of(function.name),
        "state": function.state,
        "runtime": function.runtime,
        "handler": function.handler,
        "memory": function.memory,
        "timeout": function.timeout,
        "env": list(function.env_names),
        "description": function.description,
        "code_size": function.code_size,
        "code_sha256": function.code_sha256,
        "updated_at": function.updated_at,
    }


def _functions(admin: Deployment) -> Functions:
    if isinstance(admin.functions, NoFunctions):
        raise FunctionsOff(admin.functions.reason)
    return admin.functions


def _users(store: Store, name: str) -> Iterator[str]:
    """Yield the ids of jobs that call the function, by its name or by an ARN, whatever the qualifier."""
    address = re.compile(rf"(lambda:|arn:.*:function:){re.escape(physical(name))}(:.*)?")
    after = ""
    while definitions := store.some_jobs(after=after, limit=PAGE):
        for definition in definitions:
            document: Json = definition.document  # made by hand, it may be anything
            named = [document.get(field) for field in CALLING_FIELDS] if isinstance(document, dict) else []
            if any(isinstance(text, str) and address.fullmatch(text) for text in named):
                yield definition.job_id
        after = definitions[-1].job_id
