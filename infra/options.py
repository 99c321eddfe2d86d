"""The options of a deployment: the context of cdk.json, or `-c NAME=VALUE` on the command line.

Each is read and checked before anything is made. A value that will not do is told with its option and with
one that would.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Self

from infra.targets import InvalidPattern, Pattern

STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,49}", re.ASCII)
"""CloudFormation's rule, but shorter, so that every name made of it is within its own limit."""

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
MOST_SHARDS = 256
MOST_TICKS = 50
MEMORY = range(128, 10_241)
RETENTION = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""The days that CloudWatch Logs knows."""

MADE_ON_THE_FLY = "lambda:tickline-fn-*"
"""The functions that `tickline function create` makes."""


class InvalidOption(ValueError):
    """An option has a value that it cannot have."""

    def __init__(self, name: str, value: object, rule: str, example: str) -> None:
        super().__init__(f"option {name}: {value!r} is not {rule}; for example {name}={example}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a deployment may choose. docs/deploy.md has the table."""

    stack: str = "Tickline"
    shards: int = 4
    ticks: int = 1
    precision: str = "second"
    targets: str = "lambda:tickline-* python:*"
    handlers: str = ""
    functions: bool = False
    retain: bool = True
    alarm_email: str = ""
    log_retention_days: int = 30
    tick_memory: int = 256
    invoke_memory: int = 512

    @classmethod
    def from_context(cls, value_of: Callable[[str], Any]) -> Self:
        """Read the options; one that has no value is at its default. Raises InvalidOption."""
        given = {option.name: value_of(option.name) for option in fields(cls)}
        defaults = {option.name: option.default for option in fields(cls) if option.default is not MISSING}
        values: dict[str, Any] = {
            name: _typed(name, value, default=defaults[name])
            for name, value in given.items()
            if value is not None
        }
        options = cls(**values)
        options.check()
        return options

    def check(self) -> None:
        """Raise InvalidOption for the first value that will not do."""
        for name, (fits, rule, example) in self._rules().items():
            if not fits:
                raise InvalidOption(name, getattr(self, name), rule, example)
        for text in self.targets.split():
            try:
                Pattern.parse(text)
            except InvalidPattern as error:
                raise InvalidOption("targets", text, str(error), '"lambda:reports-* python:*"') from None

    @property
    def allowed_targets(self) -> str:
        """The patterns of targets that jobs may name, separated by spaces."""
        patterns = self.targets.split()
        made = [MADE_ON_THE_FLY] if self.functions and MADE_ON_THE_FLY not in patterns else []
        return " ".join(patterns + made)

    def _rules(self) -> Mapping[str, tuple[bool, str, str]]:
        return {
            "stack": (
                bool(STACK_NAME.fullmatch(self.stack)) and not self.stack.startswith("tickline-fn"),
                "a name of letters, digits and hyphens, at most 50, a letter first, and not tickline-fn",
                "Tickline",
            ),
            "shards": (1 <= self.shards <= MOST_SHARDS, f"a whole number from 1 to {MOST_SHARDS}", "4"),
            "ticks": (
                1 <= self.ticks <= min(self.shards, MOST_TICKS),
                f"a whole number from 1 to the number of shards, at most {MOST_TICKS}",
                "1",
            ),
            "precision": (self.precision in ("second", "minute"), "one of second, minute", "second"),
            "handlers": (
                not self.handlers or any(Path(self.handlers).glob("*.py")),
                "a folder with *.py files in it",
                "handlers",
            ),
            "alarm_email": (
                not self.alarm_email or bool(EMAIL.fullmatch(self.alarm_email)),
                "an e-mail address",
                "oncall@example.com",
            ),
            "log_retention_days": (
                self.log_retention_days in RETENTION,
                f"a number of days that CloudWatch Logs knows ({', '.join(map(str, RETENTION))})",
                "30",
            ),
            "tick_memory": (self.tick_memory in MEMORY, "a number of megabytes from 128 to 10240", "256"),
            "invoke_memory": (self.invoke_memory in MEMORY, "a number of megabytes from 128 to 10240", "512"),
        }


def _typed(name: str, value: object, *, default: object) -> object:
    """Return the value as the type of its default: the command line gives text for everything."""
    kind = type(default)
    if type(value) is kind:
        return value
    if isinstance(value, str) and kind is bool and value in ("true", "false"):
        return value == "true"
    if isinstance(value, str) and kind is int and re.fullmatch(r"[0-9]{1,9}", value, re.ASCII):
        return int(value)
    rule = {bool: "true or false", int: "a whole number", str: "text"}[kind]
    raise InvalidOption(name, value, rule, str(default).lower() if kind is bool else f"{default}")
