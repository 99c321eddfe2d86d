"""The one door between plain JSON and DynamoDB's attribute values.

What JSON cannot hold, or DynamoDB would not give back as it was, does not pass: `NotJson` says why.
"""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tickline.model import Json, Unreadable

Attribute = Mapping[str, Any]
"""One value as the wire has it: {"S": "text"}."""

Wire = dict[str, Any]
"""An item as the wire has it: {"name": {"S": "text"}}."""

MOST_BYTES = 400 * 1024
MOST_DEEP = 32
EXACT = 2**53
"""Whole numbers below this are the same for every reader of JSON."""

SMALLEST, LARGEST = 1e-130, 1e126


class NotJson(ValueError):
    """A value cannot pass the door. The message says what it is and what to write instead."""


# in


def to_item(item: Mapping[str, Json]) -> Wire:
    """Write an item. Raises NotJson for what would not come back, and for more than 400 KB."""
    wire = {}
    for name, value in item.items():
        try:
            wire[name] = to_attribute(value)
        except NotJson as refused:
            raise NotJson(f"{name}: {refused}") from None
    size = size_of(wire)
    if size > MOST_BYTES:
        raise NotJson(f"the item has {size} bytes; DynamoDB keeps at most {MOST_BYTES}")
    return wire


def to_attribute(value: Json, depth: int = 0) -> Attribute:
    """Write one value."""
    if depth > MOST_DEEP:
        raise NotJson(f"nested more than {MOST_DEEP} deep")
    if isinstance(value, list):
        return {"L": [to_attribute(part, depth + 1) for part in value]}
    if isinstance(value, dict):
        return {"M": {_name(name): to_attribute(part, depth + 1) for name, part in value.items()}}
    if value is None:
        return {"NULL": True}
    writer = WRITERS.get(type(value))
    if writer is None:
        raise NotJson(f"a value of type {type(value).__name__} is not JSON")
    return writer(value)


def _name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise NotJson("every name in an object is text, and not empty")
    _text(name)
    return name


def _text(value: str) -> Attribute:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotJson("text with half a character (a lone surrogate) cannot be stored") from None
    return {"S": value}


def _whole(value: int) -> Attribute:
    if abs(value) >= EXACT:
        raise NotJson("a whole number of 2^53 or more is not exact in JSON; write it as text")
    return {"N": str(value)}


def _fraction(value: float) -> Attribute:
    if not math.isfinite(value):
        raise NotJson("not a number, or infinite")
    if value and not SMALLEST <= abs(value) < LARGEST:
        raise NotJson("the number is outside of what DynamoDB keeps, 1e-130 to 1e126; write it as text")
    return {"N": str(Decimal(str(value)))}


WRITERS: dict[type, Callable[[Any], Attribute]] = {
    str: _text,
    bool: lambda value: {"BOOL": value},
    int: _whole,
    float: _fraction,
}


# out


def of_item(wire: Mapping[str, Attribute]) -> dict[str, Json]:
    """Read an item that this store wrote. Raises NotJson for what it did not."""
    return {name: of_attribute(value) for name, value in wire.items()}


def document_of(wire: Mapping[str, Attribute]) -> dict[str, Json]:
    """Read an item that people may have written: a field that is not JSON becomes Unreadable."""
    return {name: _lenient(value) for name, value in wire.items()}


def _lenient(value: Attribute) -> Json:
    try:
        return of_attribute(value)
    except NotJson as refused:
        return Unreadable(str(refused))


def of_attribute(attribute: Attribute, depth: int = 0) -> Json:
    """Read one value."""
    if depth > MOST_DEEP:
        raise NotJson(f"nested more than {MOST_DEEP} deep")
    [(kind, value)] = attribute.items()
    if kind == "L":
        return [of_attribute(part, depth + 1) for part in value]
    if kind == "M":
        return {name: of_attribute(part, depth + 1) for name, part in value.items()}
    if kind == "N":
        return _number(value)
    if kind in ("S", "BOOL"):
        return value
    if kind == "NULL":
        return None
    raise NotJson(HINTS.get(kind, f"a value of kind {kind} is not JSON"))


HINTS = {
    "B": "a binary value (B) is not JSON; write text (S), for example in base64",
    "SS": "a string set (SS) is not JSON; write a list (L)",
    "NS": "a number set (NS) is not JSON; write a list (L)",
    "BS": "a binary set (BS) is not JSON; write a list (L) of text",
}


def _number(text: str) -> int | float:
    """Read a number as the one that every reader of JSON will read, or not at all."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise NotJson(NO_NUMBER) from None
    if not number.is_finite():
        raise NotJson(NO_NUMBER)
    if -EXACT < number < EXACT and number == number.to_integral_value():
        return int(number)
    near = float(number)
    if Decimal(str(near)) != number:
        raise NotJson("a number with more digits than JSON readers keep; write it as text (S)")
    return near


NO_NUMBER = "a number (N) that is none"


# size, by the rules in DynamoDB's manual


def size_of(wire: Mapping[str, Attribute]) -> int:
    """Return how many bytes an item takes."""
    return sum(len(name.encode()) + _size(value) for name, value in wire.items())


def _size(attribute: Attribute) -> int:
    [(kind, value)] = attribute.items()
    if kind == "S":
        return len(value.encode())
    if kind == "N":
        return len(value.strip("-0.")) // 2 + 2
    if kind == "L":
        return 3 + sum(1 + _size(part) for part in value)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(part) for name, part in value.items())
    return 1
