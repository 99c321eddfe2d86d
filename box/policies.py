"""IAM's decision: which statement of which policy allows or denies one call.

Deny by default, and an explicit Deny wins. A kind of condition that is not known here is an error: a box that
is more generous than AWS would be worse than none.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

ALLOW, DENY = "Allow", "Deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What somebody wants to do: one action on one resource, and what conditions may ask about it."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One action pattern on one resource pattern: the smallest thing that a policy can give."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a policy. `not_actions` and `not_resources` are of the Not... forms.

    `principals` are those of a resource's policy: services, ARNs, or `*`.
    """

    effect: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ("*",)
    not_resources: tuple[str, ...] = ()
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    principals: tuple[str, ...] = ()

    def covers(self, call: Call) -> bool:
        """Tell whether the statement speaks of this call."""
        return (
            _in(call.action, self.actions, self.not_actions, fold=True)
            and _in(call.resource, self.resources, self.not_resources, fold=False)
            and all(_holds(test, keys, call) for test, keys in self.conditions.items())
        )

    def permissions(self) -> Iterable[Permission]:
        """Return what the statement gives, pair by pair."""
        for action in self.actions or tuple(f"not {a}" for a in self.not_actions):
            for resource in self.resources:
                yield Permission(action=action, resource=resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether a call is allowed, why, and which permissions it used."""

    allowed: bool
    reason: str
    used: tuple[Permission, ...] = ()


@lru_cache(maxsize=512)
def statements(document: str) -> tuple[Statement, ...]:
    """Read a policy document."""
    return tuple(_statement(raw) for raw in _several(json.loads(document)["Statement"]))


def decide(policy: Sequence[Statement], call: Call) -> Decision:
    """Decide on one call by all statements that apply to its caller."""
    covering = [statement for statement in policy if statement.covers(call)]
    if any(statement.effect == DENY for statement in covering):
        return Decision(allowed=False, reason="with an explicit deny in an identity-based policy")
    used = tuple(p for statement in covering for p in statement.permissions() if _matches(p, call))
    if not covering:
        reason = f"because no identity-based policy allows the {call.action} action"
        return Decision(allowed=False, reason=reason)
    return Decision(allowed=True, reason="allowed", used=used)


def invites(document: str, service: str, call: Call) -> bool:
    """Tell whether a resource's own policy lets a service of AWS make a call."""
    meant = [s for s in statements(document) if service in s.principals or "*" in s.principals]
    return decide(meant, call).allowed


def _statement(raw: Mapping[str, Any]) -> Statement:
    not_resources = _texts(raw.get("NotResource"))
    return Statement(
        effect=raw["Effect"],
        actions=_texts(raw.get("Action")),
        not_actions=_texts(raw.get("NotAction")),
        resources=_texts(raw.get("Resource")) or (() if not_resources else ("*",)),
        not_resources=not_resources,
        conditions={
            test: {key.lower(): _texts(values) for key, values in keys.items()}
            for test, keys in raw.get("Condition", {}).items()
        },
        principals=_principals(raw.get("Principal")),
    )


def _principals(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, Mapping):
        return tuple(text for each in raw.values() for text in _texts(each))
    return _texts(raw)


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in _several(value))


def _matches(permission: Permission, call: Call) -> bool:
    return like(call.action, permission.action, fold=True) and like(call.resource, permission.resource)


def _in(text: str, patterns: tuple[str, ...], but: tuple[str, ...], *, fold: bool) -> bool:
    if but:
        return not any(like(text, pattern, fold=fold) for pattern in but)
    return any(like(text, pattern, fold=fold) for pattern in patterns)


def like(text: str, pattern: str, *, fold: bool = False) -> bool:
    """Tell whether a text is what a pattern of `*` and `?` says."""
    return _regex(pattern, fold).fullmatch(text) is not None


@lru_cache(maxsize=2048)
def _regex(pattern: str, fold: bool) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    text = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if fold else 0))


TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda have, want: have == want,
    "StringLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": lambda have, want: have.lower() == want.lower(),
}


def _holds(test: str, keys: Mapping[str, tuple[str, ...]], call: Call) -> bool:
    """Tell whether every key of one condition block holds; a key that the call does not have holds not."""
    context = {key.lower(): value for key, value in call.context.items()}
    name = test.removeprefix("ForAllValues:").removeprefix("ForAnyValue:")
    absent = name.endswith("IfExists") or test.startswith("ForAllValues:")
    name = name.removesuffix("IfExists")
    negative = name.replace("StringNot", "String").replace("ArnNot", "Arn")
    if name == "Null":
        return all((context.get(key) is None) == ("true" in wanted) for key, wanted in keys.items())
    compare = TESTS.get(negative)
    if compare is None:
        raise ValueError(f"condition {test}: the box knows Null, {', '.join(TESTS)} and their negations")
    for key, wanted in keys.items():
        have = context.get(key)
        if have is None:
            if not (absent or negative != name):
                return False
        elif any(compare(have, want) for want in wanted) == (negative != name):
            return False
    return True
