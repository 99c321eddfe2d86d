"""Addresses of queues, topics, event buses and state machines: what is meant, and may it be called.

`KIND:NAME` is at home: in the account and the region of the caller. A full ARN, or the URL of a queue, may
lead elsewhere; only what is allowed by a pattern is called there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

QUEUE_URL = re.compile(
    r"https://sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?P<china>\.cn)?/(?P<account>\d{12})/(?P<name>[^/]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where names without an ARN are. The caller runs here."""

    account: str
    region: str
    partition: str = "aws"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing that can be called. `parts`: what the address says beyond its name."""

    home: Home
    arn: str
    name: str
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def fifo(self) -> bool:
        """True for queues and topics that keep order and drop doubles."""
        return self.name.endswith(".fifo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How addresses of one kind are written.

    `path` stands before the name in the ARN. `name` and `rest` are regular expressions; the groups of `rest`
    are the parts of the place.
    """

    kind: str
    name: str
    example: str
    path: str = ""
    rest: str = ""

    def place(self, address: str, home: Home, allowed: Sequence[str]) -> Place:
        """Read an address. Raises ValueError if it is none, or leads where nothing is allowed."""
        scheme, _, rest = address.partition(":")
        text = address if scheme == "arn" else _url_as_arn(rest, home)
        match = re.fullmatch(
            rf"(?:arn:(?P<partition>aws[a-z-]*):{self.kind}:(?P<region>[a-z0-9-]+):(?P<account>\d{{12}}):"
            rf"{self.path})?(?P<name>{self.name}){self.rest}",
            text,
            re.ASCII,
        )
        if match is None or scheme not in ("arn", self.kind):
            raise ValueError(f"not an address of this kind; for example {self.example}")
        found = {name: value for name, value in match.groupdict().items() if value is not None}
        name = found.pop("name")
        there = Home(
            partition=found.pop("partition", home.partition),
            region=found.pop("region", home.region),
            account=found.pop("account", home.account),
        )
        arn = f"arn:{there.partition}:{self.kind}:{there.region}:{there.account}:{self.path}{name}"
        if there != home and not any(fnmatchcase(arn, pattern) for pattern in allowed):
            raise ValueError(f"{arn} is in another account or region, and not among those that are allowed")
        return Place(home=there, arn=arn, name=name, parts=found)


def _url_as_arn(text: str, home: Home) -> str:
    """Return the ARN of a queue's URL, so that nothing but its account, region and name counts."""
    match = QUEUE_URL.fullmatch(text)
    if match is None:
        return text
    partition = "aws-cn" if match["china"] else home.partition
    return f"arn:{partition}:sqs:{match['region']}:{match['account']}:{match['name']}"
