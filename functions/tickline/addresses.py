"""Addresses of targets: what the text of a job's `target` names. They are read here and nowhere else.

    lambda:NAME, lambda:NAME:QUALIFIER      a Lambda function
    python:NAME                             a handler that is registered under this name
    https://..., http://...                 an address of the web
    sqs:NAME, sqs:URL                       a queue
    sns:NAME                                a topic
    events:BUS, events:BUS/SOURCE/TYPE      an event bus; source and detail type, %20 is a space
    states:NAME, states:NAME:ALIAS          a state machine, and a version or an alias of it

In place of a name of AWS an ARN may stand, with `KIND:` before it or alone. A name is at home: in the
account and the region of the caller. An ARN, or the URL of a queue, says itself where it leads.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Self

from tickline.registry import NAME as HANDLER

LONGEST = 2048
"""The most characters of an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """An account and a region."""

    account: str
    region: str
    partition: str = "aws"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How the addresses of one kind of AWS are written.

    `path` stands before the name in the ARN. `name` and `rest` are regular expressions; the groups of `rest`
    are the parts of the address.
    """

    kind: str
    name: str
    example: str
    path: str = ""
    rest: str = ""


FORMS: Mapping[str, Form] = {
    form.kind: form
    for form in (
        Form(
            kind="lambda",
            path="function:",
            name=r"[A-Za-z0-9_-]{1,140}",
            rest=r"(?::(?P<qualifier>[A-Za-z0-9$_-]{1,128}))?",
            example="lambda:nightly-report",
        ),
        Form(kind="sqs", name=r"[\w-]{1,75}(?:[\w-]{0,5}|\.fifo)", example="sqs:orders"),
        Form(kind="sns", name=r"[\w-]{1,251}(?:[\w-]{0,5}|\.fifo)", example="sns:alerts"),
        Form(
            kind="events",
            path="event-bus/",
            name=r"[\w.-]{1,256}",
            rest=r"(?:/(?P<source>[^/\s]+)(?:/(?P<detail_type>\S+))?)?",
            example="events:default or events:orders/shop/order-placed",
        ),
        Form(
            kind="states",
            path="stateMachine:",
            name=r"[\w+!@.()='-]{1,80}",
            rest=r"(?::(?P<qualifier>[\w.-]{1,80}))?",
            example="states:nightly",
        ),
    )
}
"""The kinds that have ARNs."""

EXAMPLES: Mapping[str, str] = {
    "python": "python:nightly-report",
    "http": "https://example.com/hook",
    **{form.kind: form.example for form in FORMS.values()},
}
"""A right address of every kind."""

# Stricter than the standards: what two readers of an address could take for different hosts is none.
WEB = (
    r"(?P<scheme>https?)://(?:[^/?#@\\\s\x00-\x1f\x7f-\U0010ffff]*@)?"
    r"(?P<host>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[^?#\s\x00-\x1f\x7f]*)?(?:\?(?P<query>[^#\s\x00-\x1f\x7f]*))?(?:#[^\s\x00-\x1f\x7f]*)?"
)
QUEUE_URL = r"https://sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?P<china>\.cn)?/(?P<account>[0-9]{12})/(?P<name>[^/]+)"
USUAL_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What one text names.

    `name`: of the function, handler, queue ...; of the web it is `https://HOST`, with the port if that is not
    the usual one. `home` is None where the text is silent about it. `parts`: what the text says beyond that;
    of the web `scheme`, `host`, `port`, `path` and `query`. Passwords of the web are no part of this.
    """

    kind: str
    name: str
    home: Home | None = None
    parts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read an address; None if it is none."""
        kind = kind_of(text)
        rest = text.removeprefix(f"{kind}:")
        if len(text) > LONGEST:
            return None
        if kind == "http":
            return cls._of_web(text)
        if kind == "python":
            return cls(kind=kind, name=rest) if HANDLER.fullmatch(rest) else None
        return cls._of_aws(kind, rest) if kind in FORMS else None

    @classmethod
    def _of_web(cls, text: str) -> Self | None:
        match = re.fullmatch(WEB, text)
        if match is None:
            return None
        scheme, host = match["scheme"], match["host"].lower().rstrip(".")  # absolute or not: the same host
        port = match["port"] or USUAL_PORTS[scheme]
        if int(port) > 65535:
            return None
        parts = {"scheme": scheme, "host": host, "port": port}
        parts |= {"path": match["path"] or "/", "query": match["query"] or ""}
        shown = "" if port == USUAL_PORTS[scheme] else f":{port}"
        return cls(kind="http", name=f"{scheme}://{host}{shown}", parts=parts)

    @classmethod
    def _of_aws(cls, kind: str, rest: str) -> Self | None:
        match = _expression(kind).fullmatch(_url_as_arn(rest) if kind == "sqs" else rest)
        if match is None:
            return None
        parts = {name: value for name, value in match.groupdict().items() if value is not None}
        name = parts.pop("name")
        where = {key: parts.pop(key) for key in ("account", "region", "partition") if key in parts}
        return cls(kind=kind, name=name, home=Home(**where) if where else None, parts=parts)

    def at(self, home: Home) -> Self:
        """Return the address as one who is at `home` means it."""
        return replace(self, home=self.home or home)

    @property
    def arn(self) -> str:
        """The ARN, without qualifier; empty where the address does not say enough."""
        if self.home is None or self.kind not in FORMS:
            return ""
        there = self.home
        path = FORMS[self.kind].path
        return f"arn:{there.partition}:{self.kind}:{there.region}:{there.account}:{path}{self.name}"

    @property
    def qualifier(self) -> str:
        """The version or alias of a function or a state machine; empty if none is named."""
        return self.parts.get("qualifier", "")

    @property
    def qualified(self) -> str:
        """`NAME:QUALIFIER`, or the name alone."""
        return f"{self.name}:{self.qualifier}" if self.qualifier else self.name

    @property
    def fifo(self) -> bool:
        """True for queues and topics that keep order and drop doubles."""
        return self.kind in ("sqs", "sns") and self.name.endswith(".fifo")


def kind_of(text: str) -> str:
    """Return the kind that a text would be of: `https` is `http`, and an ARN is what its service is."""
    scheme, _, rest = text.partition(":")
    if scheme == "arn":
        return [*rest.split(":"), "", ""][1]
    return "http" if scheme == "https" else scheme


@cache
def _expression(kind: str) -> re.Pattern[str]:
    form = FORMS[kind]
    return re.compile(
        rf"(?:arn:(?P<partition>aws[a-z-]*):{form.kind}:(?P<region>[a-z0-9-]+):(?P<account>\d{{12}}):"
        rf"{form.path})?(?P<name>{form.name}){form.rest}",
        re.ASCII,
    )


def _url_as_arn(text: str) -> str:
    """Return the ARN of a queue's URL, so that nothing but its account, region and name counts."""
    match = re.fullmatch(QUEUE_URL, text)
    if match is None:
        return text
    region = match["region"]
    partitions = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    partition = next((name for prefix, name in partitions.items() if region.startswith(prefix)), "aws")
    if (partition == "aws-cn") != bool(match["china"]):
        return text  # of no queue: the domain and the region contradict each other
    return f"arn:{partition}:sqs:{region}:{match['account']}:{match['name']}"
