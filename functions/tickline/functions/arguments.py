"""What a caller may ask of a function, and nothing else: role, layers, network and URLs are not theirs."""

import re
from collections.abc import Mapping
from typing import Any

from tickline.errors import InvalidRequest
from tickline.functions.code import check_handler, read_code
from tickline.functions.model import PREFIX, FunctionChange
from tickline.model import Json
from tickline.readers import Reader, Refused, pattern, shown, text, whole_number

DEFAULT_RUNTIME = "python3.13"
DEFAULT_MEMORY = 128
DEFAULT_TIMEOUT = 60

NAME = re.compile(rf"(?!{PREFIX})[A-Za-z0-9][A-Za-z0-9_-]{{0,51}}")
RUNTIME = re.compile(
    r"python3\.(1[1-9]|[2-9]\d)"
    r"|nodejs(2[2-9]|[3-9]\d)\.x"
    r"|ruby(3\.[3-9]|[4-9]\.\d)"
    r"|java(17|2[1-9]|[3-9]\d|\d+\.al2023)"
    r"|dotnet[1-9]\d"
    r"|provided\.al2023"
)
"""Runtimes that AWS supports now, and later ones of the same kinds; whether those exist is AWS's to say."""

ENV_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
ENV_BYTES = 4096
ENV_EXAMPLE = '{"STAGE": "prod"}'
RESERVED = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "TZ",
    }
)
"""Names that Lambda keeps for itself. Those that begin with an underscore are refused by ENV_NAME."""


def environment(value: Json) -> dict[str, str]:
    """Read a map of texts. No refusal says a value: it may be a secret."""
    if not isinstance(value, dict):
        raise Refused("is not a map of texts", example=ENV_EXAMPLE)
    for name, content in value.items():
        if not isinstance(name, str) or not ENV_NAME.fullmatch(name):
            raise Refused(
                f"{shown(name)} is not two or more letters, digits and underscores, a letter first",
                example=ENV_EXAMPLE,
            )
        if name in RESERVED:
            raise Refused(f"{name} is kept by Lambda for itself", example=ENV_EXAMPLE)
        if not isinstance(content, str):
            raise Refused(f"the value of {name} is not text", example=ENV_EXAMPLE)
    size = sum(len(f"{name}{content}".encode(errors="replace")) for name, content in value.items())
    if size > ENV_BYTES:
        raise Refused(f"has {size} bytes; at most {ENV_BYTES}", example=ENV_EXAMPLE)
    return dict(value)


READERS: Mapping[str, Reader] = {
    "handler": pattern(
        re.compile(r"[^\s.]\S{0,126}[^\s.]"),
        rule="a handler: the module's path, a dot and the name of the function",
        example="handler.handler",
    ),
    "runtime": pattern(
        RUNTIME, rule="a runtime that AWS supports (python3.11 or later, nodejs22.x or later, ...)",
        example=DEFAULT_RUNTIME,
    ),
    "memory": whole_number(least=128, most=10240),
    "timeout": whole_number(least=1, most=900),
    "env": environment,
    "description": text(longest=256, example="Sends the nightly report"),
}  # fmt: skip

_name = pattern(
    NAME,
    rule=f"a name: at most 52 letters, digits, dashes and underscores; {PREFIX} is put before it",
    example="nightly-report",
)


def read_name(name: Json) -> str:
    """Read a function's name, without the prefix."""
    return str(_read("name", _name, name))


def read_change(*, code: str | None, **given: Json) -> FunctionChange:
    """Check what is given. Raises InvalidRequest, which names the field and an example that is right."""
    read = {name: _read(name, READERS[name], value) for name, value in given.items() if value is not None}
    return FunctionChange(code=None if code is None else read_code(code), **read)


def check_together(change: FunctionChange, *, handler: str, runtime: str) -> None:
    """Refuse a handler that its runtime could not read, or that is not in the code."""
    if runtime.startswith(("python", "nodejs")) and "." not in handler:
        message = (
            f"handler: {shown(handler)} has no dot between module and function; for example handler.handler"
        )
        raise InvalidRequest(message, field="handler")
    if change.code is not None:
        check_handler(change.code, handler, runtime)


def _read(name: str, reader: Reader, value: Json) -> Any:
    try:
        return reader(value)
    except Refused as refused:
        raise InvalidRequest(f"{name}: {refused}; for example {refused.example}", field=name) from None
