"""The targets that a stack may call: patterns, set at deploy, that the address of a job's target must match.

    lambda:tickline-*                                          functions at home, by name
    lambda:arn:aws:lambda:eu-west-1:210987654321:function:*    functions elsewhere
    python:*                                                   handlers that were deployed with the stack
    https://hooks.example.com/*                                one host; *.example.com: those below it
    sqs:orders-*  sns:alerts  events:default  states:nightly   queues, topics, event buses, state machines

`*` stands for any text within one part: it leads out of no name, no field of an ARN, no host and no port. A
name is a name at home, never the same name elsewhere. Qualifiers and aliases are not looked at. IAM holds the
same fence; where the two differ, the narrower counts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

from tickline.addresses import FORMS, USUAL_PORTS, Address, Home
from tickline.errors import InvalidPattern, Problem
from tickline.model import Json

FUNCTIONS = ("tick", "invoke", "admin", "admit")
"""The stack's own functions, as their names end."""

FIELDS = ("target", "on_failure")
"""The fields of a job that hold an address."""

# A * in a host is all of it, or its first labels: example.com* would be example.com.evil.com, too.
WEB = (
    r"https://(?P<host>\*|(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>\*|[1-9][0-9]{0,4}))?(?P<path>/[^?#\s]*)?(?:\?(?P<query>[^#\s]*))?"
)
NAMES = {
    "lambda": r"[A-Za-z0-9*_-]+",
    "python": r"[A-Za-z0-9*._-]+",
    "sqs": r"[A-Za-z0-9*_-]+(?:\.fifo)?",
    "sns": r"[A-Za-z0-9*_-]+(?:\.fifo)?",
    "events": r"[A-Za-z0-9*_.-]+",
    "states": r"[A-Za-z0-9*_+!@.()='-]+",
}
"""Names with wildcards, by kind."""

EXAMPLE = "lambda:tickline-* python:* https://hooks.example.com/* sqs:orders-*"

Parts = tuple[str, ...]
"""An address, or a pattern of addresses, in pieces that are compared one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Which targets may be called by the jobs of the stack `stack`, which is at `home`."""

    text: str
    patterns: tuple[Parts, ...]
    home: Home
    stack: str

    @classmethod
    def of(cls, text: str, *, home: Home, stack: str) -> Self:
        """Read patterns separated by spaces. Raises InvalidPattern with all that is wrong with them."""
        words = text.split()
        patterns = {word: _parts_of_pattern(word) for word in words}
        if bad := tuple(_hint(word) for word, parts in patterns.items() if parts is None):
            raise InvalidPattern(bad)
        good = tuple(parts for parts in patterns.values() if parts is not None)
        return cls(text=" ".join(words), patterns=good, home=home, stack=stack)

    def refusal(self, target: str) -> str | None:
        """Return why this target may not be called, for a person who can change that; None: it may."""
        address = Address.parse(target)
        if address is None:
            return "not the address of a target; for example lambda:nightly-report"
        if self._own(address):
            return f"lambda:{address.name} is a part of Tickline itself, which no job may call"
        if address.parts.get("scheme") == "http":
            return f"{address.name} is not encrypted, and cannot be allowed; use https://"
        if _climbs(address):
            return f"the path of {address.name} has '.' or '..' in it; write the path that is meant"
        if any(_matches(parts, seen) for parts in self.patterns for seen in self._parts(address)):
            return None
        pattern = self._narrowest(address)
        present = f"({self.text})" if self.text else "(none)"
        wanted = f"{self.text} {pattern}".strip()
        return f'{pattern} is not among the allowed targets {present}; deploy with -c targets="{wanted}"'

    def problems(self, document: object) -> tuple[Problem, ...]:
        """Return what is wrong with the addresses of a job document; what is no address is not looked at."""
        if not isinstance(document, Mapping):
            return ()
        return tuple(
            Problem(field=name, message=reason)
            for name in FIELDS
            if (reason := self._refusal_of(document.get(name))) is not None
        )

    def _refusal_of(self, value: Json) -> str | None:
        known = isinstance(value, str) and Address.parse(value) is not None
        return self.refusal(value) if known else None

    def _own(self, address: Address) -> bool:
        # Whatever its case: a name that differs in nothing else is a mistake at best.
        own = {f"{self.stack}-{name}".casefold() for name in FUNCTIONS}
        at_home = address.at(self.home).home == self.home
        return address.kind == "lambda" and at_home and address.name.casefold() in own

    def _parts(self, address: Address) -> Iterator[Parts]:
        """Yield the ways to write an address: the name if it is at home, and the ARN if it has one."""
        if address.kind == "http":
            web = address.parts
            yield web["scheme"], web["host"], web["port"], web["path"], web["query"]
            return
        there = address.at(self.home)
        if there.home == self.home:
            yield address.kind, address.name
        if there.arn:
            yield address.kind, *there.arn.split(":")

    def _narrowest(self, address: Address) -> str:
        """Return a pattern that allows the address and little more. Paths of the web are secrets."""
        if address.kind == "http":
            return f"{address.name}/*"
        there = address.at(self.home)
        return f"{address.kind}:{address.name if there.home == self.home else there.arn}"


def _parts_of_pattern(text: str) -> Parts | None:
    """Read one pattern; None if it is none."""
    if text in ("https:*", "https://*"):
        return "https", "*", "*", "*", "*"
    if text.startswith("https:"):
        return _parts_of_web(text)
    kind, _, rest = text.partition(":")
    if kind not in NAMES:
        return None
    if re.fullmatch(NAMES[kind], rest):
        return kind, rest
    if kind in FORMS and re.fullmatch(_arns(kind), rest):
        return kind, *rest.split(":")
    return None


def _parts_of_web(text: str) -> Parts | None:
    match = re.fullmatch(WEB, text)
    if match is None:
        return None
    path, query = match["path"] or "/", match["query"]
    if query is None:
        query = "*" if path.endswith("*") else ""
    return "https", match["host"].lower(), match["port"] or USUAL_PORTS["https"], path, query


def _arns(kind: str) -> str:
    form = FORMS[kind]
    return rf"arn:[a-z*-]+:{kind}:[a-z0-9*-]+:[0-9*]{{1,12}}:{form.path}{NAMES[kind]}"


def _hint(pattern: str) -> str:
    kind, _, rest = pattern.partition(":")
    if kind == "http":
        why = "what is not encrypted cannot be allowed"
    elif kind == "https":
        why = "a host is written out, or begins with *. as in https://*.example.com/*"
    elif kind not in NAMES:
        why = f"it begins with one of: {' '.join(f'{name}:' for name in (*NAMES, 'https'))}"
    elif rest.startswith("arn:"):
        why = f"an ARN has six fields and no qualifier, and belongs to {kind}"
    else:
        why = "a name has no qualifier, and no wildcard but *"
    return f"{pattern!r} is not a pattern of targets: {why}; a right list is {EXAMPLE}"


def _matches(pattern: Parts, seen: Parts) -> bool:
    return len(pattern) == len(seen) and all(map(_like, pattern, seen))


def _like(pattern: str, text: str) -> bool:
    """Tell whether a text is what a pattern says. Takes no longer for texts that are made to take long."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    at, end = len(first), len(text) - len(last)
    if end < at or not (text.startswith(first) and text.endswith(last)):
        return False
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _climbs(address: Address) -> bool:
    """True for a path that may lead out of what it begins with, however that is disguised."""
    path = address.parts.get("path", "")
    while (plain := unquote(path)) != path:
        path = plain
    return any(step.partition(";")[0] in (".", "..") for step in re.split(r"[/\\]", path))
