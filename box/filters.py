"""Event filter patterns, as an event source mapping has them: whether a record concerns a function."""

from collections.abc import Callable, Mapping
from typing import Any


def matches(pattern: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Tell whether a record has, for every field of the pattern, one of the values there."""
    return all(_field(wanted, record.get(name)) for name, wanted in pattern.items())


def _field(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and matches(wanted, value)
    return any(_one(rule, value) for rule in wanted)


def _one(rule: Any, value: Any) -> bool:
    """Apply one rule of a list to a value; None means that the field is not there."""
    if not isinstance(rule, Mapping):
        return bool(rule == value)
    (name, argument), *more = rule.items()
    if name not in RULES or more:
        raise ValueError(f"filter rule {dict(rule)}: the box knows {', '.join(RULES)}, one at a time")
    return bool(RULES[name](value, argument))


RULES: dict[str, Callable[[Any, Any], bool]] = {
    "exists": lambda value, wanted: (value is not None) == wanted,
    "prefix": lambda value, start: isinstance(value, str) and value.startswith(start),
    "suffix": lambda value, end: isinstance(value, str) and value.endswith(end),
    "anything-but": lambda value, refused: (
        value is not None and value not in (refused if isinstance(refused, list) else [refused])
    ),
}
