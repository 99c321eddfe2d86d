"""The allow-list of targets, as the permissions of the role that calls them.

A pattern is KIND:NAME, or KIND:ARN for another account or region; `*` stands for any text. The code checks
the same list: permissions are the last wall, not the first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Self


class InvalidPattern(ValueError):
    """Not a pattern of targets. The text says what it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of target: its action, and how ARNs are made of its names.

    `paths`: what stands before the name in an ARN; `qualified`: ARNs may go on after the name.
    """

    action: str
    path: str = ""
    qualified: bool = False
    name: str = r"[A-Za-z0-9*_-]+"


KINDS = {
    "lambda": Kind(action="lambda:InvokeFunction", path="function:", qualified=True),
    "sqs": Kind(action="sqs:SendMessage", name=r"[A-Za-z0-9*_-]+(?:\.fifo)?"),
    "sns": Kind(action="sns:Publish", name=r"[A-Za-z0-9*_-]+(?:\.fifo)?"),
    "events": Kind(action="events:PutEvents", path="event-bus/", name=r"[A-Za-z0-9*_.-]+"),
    "states": Kind(
        action="states:StartExecution",
        path="stateMachine:",
        qualified=True,
        name=r"[A-Za-z0-9*_+!@.()='-]+",
    ),
}
"""The kinds that IAM knows of."""

HOST = r"(?:\*|(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(?::(?:\*|[1-9][0-9]{0,4}))?"
FREE = {"python": r"[A-Za-z0-9*._-]+", "https": rf"\*|//{HOST}(?:/[^?#\s]*)?(?:\?[^#\s]*)?"}
"""The kinds that need no permission, and what stands behind their colon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One pattern. `account`, `region`, `partition` are empty for those of the stack."""

    kind: str
    name: str
    partition: str = ""
    region: str = ""
    account: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a pattern. Raises InvalidPattern."""
        kind, colon, rest = text.partition(":")
        if not colon or kind not in (*KINDS, *FREE):
            raise InvalidPattern(f"KIND:NAME with a kind of {', '.join((*KINDS, *FREE))}")
        if kind in FREE:
            if not re.fullmatch(FREE[kind], rest):
                raise InvalidPattern(f"a pattern of {kind} targets")
            return cls(kind=kind, name=rest)
        known = KINDS[kind]
        match = re.fullmatch(
            rf"(?:arn:(?P<partition>[a-z*-]+):{kind}:(?P<region>[a-z0-9*-]+):(?P<account>[0-9*]{{1,12}}):{known.path})?"
            rf"(?P<name>{known.name})",
            rest,
            re.ASCII,
        )
        if match is None:
            raise InvalidPattern(f"a pattern of {kind} targets")
        return cls(kind=kind, **{part: text or "" for part, text in match.groupdict().items()})

    def resources(self, *, partition: str, region: str, account: str) -> list[str]:
        """Return the ARNs that the pattern stands for; where it says nothing, those of the stack's place."""
        kind = KINDS[self.kind]
        place = f"{self.partition or partition}:{self.kind}:{self.region or region}:{self.account or account}"
        arn = f"arn:{place}:{kind.path}{self.name}"
        return [arn, f"{arn}:*"] if kind.qualified else [arn]

    def covers(self, other: "Pattern") -> bool:
        """Return True when everything that the other pattern stands for is in this one."""
        here, there = replace(self, name=""), replace(other, name="")
        return here == there and fnmatchcase(other.name, self.name)


def permissions(
    allowed: str, *, partition: str, region: str, account: str
) -> list[tuple[str, Sequence[str]]]:
    """Return action and resources for each kind of the allow-list that needs any."""
    patterns = [Pattern.parse(text) for text in dict.fromkeys(allowed.split())]
    widest = [
        pattern for pattern in patterns if not any(o is not pattern and o.covers(pattern) for o in patterns)
    ]
    found: dict[str, list[str]] = {}
    for pattern in widest:
        if pattern.kind in KINDS:
            arns = pattern.resources(partition=partition, region=region, account=account)
            found.setdefault(KINDS[pattern.kind].action, []).extend(arns)
    return list(found.items())
