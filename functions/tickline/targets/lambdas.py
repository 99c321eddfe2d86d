"""What the real Lambda target and its local stand-in must agree on: addresses and the run's context."""

import re
from dataclasses import dataclass
from typing import Self

from tickline.model import RunContext, slot_of

ADDRESS = re.compile(r"lambda:(?P<name>[A-Za-z0-9_-]{1,140})(?::(?P<qualifier>[A-Za-z0-9$_-]{1,128}))?")
ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):\d{12}:function:"
    r"(?P<name>[A-Za-z0-9_-]{1,140})(?::(?P<qualifier>[A-Za-z0-9$_-]{1,128}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaAddress:
    """Which function is meant. `qualifier`, `region` and `arn` are empty where the address is silent."""

    name: str
    qualifier: str = ""
    region: str = ""
    arn: str = ""

    @classmethod
    def parse(cls, target: str) -> Self | None:
        """Read `lambda:NAME[:QUALIFIER]` or a function's ARN; None if it is neither."""
        if match := ADDRESS.fullmatch(target):
            return cls(name=match["name"], qualifier=match["qualifier"] or "")
        if match := ARN.fullmatch(target):
            arn = f"{target.rpartition(':function:')[0]}:function:{match['name']}"
            return cls(
                name=match["name"], qualifier=match["qualifier"] or "", region=match["region"], arn=arn
            )
        return None

    @property
    def qualified(self) -> str:
        """`NAME:QUALIFIER`, or the name alone."""
        return f"{self.name}:{self.qualifier}" if self.qualifier else self.name


def custom_context(context: RunContext) -> dict[str, str]:
    """Return what the function finds in `context.client_context.custom`.

    All values are text: runtimes other than Python's read the field as a map of strings.
    """
    return {
        "run_id": context.run_id,
        "job_id": context.job_id,
        "scheduled_time": slot_of(context.scheduled_time),
        "attempt": str(context.attempt),
        "attempt_id": context.attempt_id,
        "missed_count": str(context.missed_count),
    }
