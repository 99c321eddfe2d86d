"""What a deployment tells its functions, by environment variables. The stack sets them; all are needed.

TICKLINE_STACK            the name of the stack
TICKLINE_JOBS_TABLE       names of the three tables
TICKLINE_TIMELINE_TABLE
TICKLINE_RUNS_TABLE
TICKLINE_SHARDS           into how many parts the timeline is divided; may be raised, never lowered
TICKLINE_TOPIC_ARN        where doorbells are published
TICKLINE_TARGETS          what jobs may call: patterns with * as wildcard, separated by spaces
TICKLINE_PRECISION        second: a tick looks ahead; minute: it rings for what is due and ends
TICKLINE_FUNCTIONS_ROLE   the role of functions made on the fly; empty where none may be made
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from tickline.errors import InvalidSettings

PREFIX = "TICKLINE_"

MAY_BE_EMPTY = frozenset({"targets", "functions_role"})


class Precision(StrEnum):
    """How exactly jobs are started."""

    SECOND = "second"
    MINUTE = "minute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a deployment; field `x` is the variable TICKLINE_X."""

    stack: str
    jobs_table: str
    timeline_table: str
    runs_table: str
    shards: int
    topic_arn: str
    targets: str
    precision: Precision
    functions_role: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Read all settings. Raises InvalidSettings, which names everything that is missing or wrong."""
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for field in fields(cls):
            name = PREFIX + field.name.upper()
            text = environment.get(name)
            if text is None or (not text and field.name not in MAY_BE_EMPTY):
                wrong.append(f"{name} is missing")
                continue
            try:
                values[field.name] = READERS.get(field.name, str)(text)
            except ValueError:
                wrong.append(f"{name} is {text!r}, for example {EXAMPLES[field.name]}")
        if wrong:
            raise InvalidSettings("; ".join(wrong))
        return cls(**values)

    @property
    def region(self) -> str:
        """Where the deployment is."""
        return self.topic_arn.split(":")[3]

    @property
    def account(self) -> str:
        """Whose the deployment is."""
        return self.topic_arn.split(":")[4]

    @property
    def partition(self) -> str:
        """Which AWS it is: `aws`, `aws-cn`, ..."""
        return self.topic_arn.split(":")[1]


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError("less than one")
    return count


def _topic(text: str) -> str:
    if len(text.split(":")) != len(EXAMPLES["topic_arn"].split(":")):
        raise ValueError("not the ARN of a topic")
    return text


READERS: dict[str, Callable[[str], Any]] = {"shards": _count, "precision": Precision, "topic_arn": _topic}

EXAMPLES = {
    "shards": "4",
    "precision": "second",
    "topic_arn": "arn:aws:sns:eu-west-1:123456789012:doorbells",
}
