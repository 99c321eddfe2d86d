"""Reading one value of a job document: each reader takes what JSON gives and returns what Job holds.

A value of the wrong kind is refused with a correct example, never bent into shape: "false" is no boolean.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from tickline.model import Json

Reader = Callable[[Json], Any]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = re.compile(r"(\d{1,9})([smhd])")
ZERO = timedelta(0)
FIRST_YEAR, LAST_YEAR = 1970, 2199
"""The years of the schedules. Near the ends of datetime's own range, arithmetic would raise."""


class Refused(ValueError):
    """A value is not what its field takes. `example` is one that is."""

    def __init__(self, message: str, *, example: str = "", field: str = "") -> None:
        self.example = example
        self.field = field
        super().__init__(message)


def shown(value: Json) -> str:
    """Write a refused value for a message: as JSON, cut to a readable length, control characters escaped."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 60 else text[:57] + "..."


def text(*, longest: int, example: str) -> Reader:
    """Read text of at most `longest` characters."""

    def read(value: Json) -> str:
        if not isinstance(value, str):
            raise Refused(f"{shown(value)} is not text", example=example)
        if len(value) > longest:
            raise Refused(f"is {len(value)} characters long; at most {longest}", example=example)
        return value

    return read


def pattern(expression: re.Pattern[str], *, rule: str, example: str) -> Reader:
    """Read text that matches `expression` as a whole; `rule` says it in words."""

    def read(value: Json) -> str:
        if not isinstance(value, str) or not expression.fullmatch(value):
            raise Refused(f"{shown(value)} is not {rule}", example=example)
        return value

    return read


def boolean(value: Json) -> bool:
    """Read true or false, and nothing that only looks like it."""
    if not isinstance(value, bool):
        raise Refused(f"{shown(value)} is not true or false", example="true")
    return value


def whole_number(*, least: int, most: int) -> Reader:
    """Read a whole number within bounds."""

    def read(value: Json) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused(f"{shown(value)} is not a whole number", example=str(least))
        if not least <= value <= most:
            raise Refused(f"{value} is not between {least} and {most}", example=str(least))
        return value

    return read


def duration(*, least: timedelta = ZERO, most: timedelta = timedelta(days=3650)) -> Reader:
    """Read a duration such as 90s, 5m, 24h or 7d, within bounds."""
    example = duration_text(max(least, min(most, timedelta(minutes=5))))

    def read(value: Json) -> timedelta:
        match = DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            message = f"{shown(value)} is not a duration: a whole number and s, m, h or d"
            raise Refused(message, example=example)
        length = timedelta(seconds=int(match[1]) * UNITS[match[2]])
        if not least <= length <= most:
            limits = f"{duration_text(least)} and {duration_text(most)}"
            raise Refused(f"{value} is not between {limits}", example=example)
        return length

    return read


def duration_text(length: timedelta) -> str:
    """Write a duration as `duration` reads it, in the largest unit that is exact."""
    seconds = int(length.total_seconds())
    unit = next((u for u in "dhm" if seconds and seconds % UNITS[u] == 0), "s")
    return f"{seconds // UNITS[unit]}{unit}"


def word(*words: str) -> Reader:
    """Read one of these words."""

    def read(value: Json) -> str:
        if not isinstance(value, str) or value not in words:
            raise Refused(f"{shown(value)} is not one of: {', '.join(words)}", example=words[0])
        return value

    return read


def choice(words: type[StrEnum]) -> Reader:
    """Read one of an enum's words."""
    one = word(*words)
    return lambda value: words(one(value))


def choices(words: type[StrEnum]) -> Reader:
    """Read a list of an enum's words."""
    one = choice(words)

    def read(value: Json) -> frozenset[StrEnum]:
        if not isinstance(value, list):
            raise Refused(f"{shown(value)} is not a list", example=json.dumps(list(words)))
        return frozenset(one(word) for word in value)

    return read


def tags(value: Json) -> tuple[str, ...]:
    """Read a list of at most 50 short texts."""
    example = '["nightly", "finance"]'
    if not isinstance(value, list) or len(value) > 50:
        raise Refused(f"{shown(value)} is not a list of at most 50 texts", example=example)
    one = text(longest=128, example=example)
    return tuple(one(tag) for tag in value)


def instant(zone: ZoneInfo) -> Reader:
    """Read an ISO 8601 date and time, to the second. Without an offset it is local time in `zone`."""
    example = "2026-12-24T18:00:00 or 2026-12-24T18:00:00Z"

    def read(value: Json) -> datetime:
        try:
            parsed = datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else None
        except ValueError:
            parsed = None
        if parsed is None:
            raise Refused(f"{shown(value)} is not a date and time", example=example)
        if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
            raise Refused(f"{shown(value)} is not in the years {FIRST_YEAR} to {LAST_YEAR}", example=example)
        if parsed.microsecond:
            raise Refused(f"{shown(value)} has fractions of a second", example=example)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)

    return read


def json_value(*, most_bytes: int) -> Reader:
    """Read any JSON value that is not larger than `most_bytes` when written out."""

    def read(value: Json) -> Json:
        try:
            size = len(json.dumps(value, allow_nan=False).encode())
        except (TypeError, ValueError, RecursionError):
            raise Refused("is not JSON", example='{"path": "/in"}') from None
        if size > most_bytes:
            raise Refused(f"is {size} bytes long; at most {most_bytes}", example='{"path": "/in"}')
        return value

    return read
