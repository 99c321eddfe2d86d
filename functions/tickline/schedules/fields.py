"""One field of a cron expression: its grammar, and the values that it names.

A field is a list of parts. What a part may be depends on the dialect and is written down as data, a
`FieldRule`; the tables are in `dialects.py`.

    *   */n   a   a-b   a-b/n   a/n   ?          numbers or names, ranges may wrap (FRI-MON, 22-2)
    H   H/n   H(a-b)   H(a-b)/n                  a value that is stable for one job
    L   L-n   LW   L-nW   nW                     day of month (Quartz, AWS)
    L   nL    n#k                                day of week (Quartz, AWS)

Sources: the EventBridge Scheduler user guide ("schedule-types"), the Javadoc of Quartz's
CronExpression, crontab(5), and for H the cron syntax of Jenkins.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Literal

PartKind = Literal["every", "value", "range", "any", "last", "last_weekday", "nearest", "last_dow", "nth_dow"]
_HASHED = re.compile(r"(?<![A-Za-z])[Hh](?![A-Za-z])")
NUMERIC: frozenset[PartKind] = frozenset({"every", "value", "range", "any"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldRule:
    """What one field of one dialect may say. There is one object of each, compared by identity."""

    name: str
    low: int
    high: int
    span: int
    """After how many values a wrapped range comes round: 7 for days of week, with 0 and 7 one."""
    names: Mapping[str, int] = field(default_factory=dict)
    base: int = 0
    """The number that Sunday has; inside the package it is 0 everywhere."""
    special: Literal["", "day-of-month", "day-of-week"] = ""
    any_mark: bool = False
    """`?` may stand for "no opinion"."""
    open_step: bool = True
    """`a/n` means a, a+n, ... to the end of the range. Vixie cron refuses it."""
    bare_step: bool = False
    """`/n` means `*/n`, as in Quartz."""
    step_limit: int = 0
    """The largest step; 0 means that there is no limit, as in Vixie cron."""
    step_names: bool = True
    """`MON-FRI/2` is a step. Quartz drops such a step silently, so its dialects refuse it."""
    wraps: bool = True
    lone_nearest: bool = False
    """`nW` must stand alone, as in AWS."""
    hash_high: int = 0
    """The last value that a plain H may take; 0 means that H has no meaning here."""

    @property
    def is_weekday(self) -> bool:
        """True for the field whose numbers differ between dialects."""
        return self.name == "day-of-week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One item of a field's list.

    Numbers have `first`, `last` and `step`, days have `first` and `number`.

    `last`: L-number. `last_weekday`: LW or L-numberW. `nearest`: firstW. `last_dow`: firstL.
    `nth_dow`: first#number. Days of week count from Sunday = 0.
    """

    kind: PartKind
    first: int = 0
    last: int = 0
    step: int = 1
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """A parsed field. Equal texts of one rule give one shared object, compared by identity."""

    name: str
    parts: tuple[Part, ...]
    values: tuple[int, ...]
    """The plain numbers it names, ascending. Days such as L are in `special` instead."""
    starred: bool = False
    """Its text begins with `*`: crontab(5) joins such a day field to the other one by AND."""

    @property
    def is_any(self) -> bool:
        """True for `?`: the field has no opinion."""
        return any(part.kind == "any" for part in self.parts)

    @property
    def special(self) -> tuple[Part, ...]:
        """The parts whose day depends on the month."""
        return tuple(part for part in self.parts if part.kind not in NUMERIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The fields of one expression, and how its two day fields go together."""

    second: Field | None
    minute: Field
    hour: Field
    day_of_month: Field
    month: Field
    day_of_week: Field
    year: Field | None
    either: bool
    """A day needs to match only one of the two day fields, not both."""


def seed_of(text: str, job_id: str) -> str:
    """Return what the values of a text hang on: the job's id if there is an H, else nothing."""
    return job_id if _HASHED.search(text) else ""


class FieldError(ValueError):
    """A field is refused; `offset` counts from the field's own first character."""

    def __init__(self, message: str, *, offset: int) -> None:
        self.offset = offset
        self.message = message
        super().__init__(message)


@lru_cache(maxsize=4096)
def parse_field(rule: FieldRule, text: str, seed: str = "") -> Field:
    """Read one field. `seed` is the job id, and matters only where the text holds an H."""
    if text == "?" and rule.any_mark:
        return Field(name=rule.name, parts=(Part(kind="any"),), values=_scale(rule, _whole(rule)))
    parts = []
    offset = 0
    for piece in text.split(","):
        parts.append(_part(rule, piece, offset, seed))
        offset += len(piece) + 1
    _check_company(rule, parts, text)
    numbers = chain.from_iterable(_expand(rule, part) for part in parts if part.kind in NUMERIC)
    return Field(
        name=rule.name,
        parts=tuple(_shown(rule, part) for part in parts),
        values=_scale(rule, numbers),
        starred=text[0] == "*",
    )


def _part(rule: FieldRule, piece: str, offset: int, seed: str) -> Part:
    if not piece:
        raise FieldError("an item of the list is empty", offset=offset)
    special = _special_part(rule, piece.upper(), offset)
    if special is not None:
        return special
    body, slash, step_text = piece.partition("/")
    step = _step(rule, step_text, offset + len(body) + 1) if slash else 1
    if body == "*" or (not body and rule.bare_step):
        return Part(kind="every", first=rule.low, last=rule.high, step=step)
    if body.upper() == "H" or body[:2].upper() == "H(":
        return _hashed_part(rule, body, step if slash else 0, offset, seed)
    if slash and not rule.step_names and any(c.isalpha() for c in body):
        raise FieldError(
            f"{piece}: Quartz ignores a step after a name; write the range in numbers",
            offset=offset,
        )
    first_text, dash, last_text = body.partition("-")
    first = _number(rule, first_text, offset)
    if dash:
        last = _number(rule, last_text, offset + len(first_text) + 1)
        if first > last and not rule.wraps:
            raise FieldError(f"{body} runs backwards", offset=offset)
        return Part(kind="range", first=first, last=last, step=step)
    if not slash:
        return Part(kind="value", first=first, last=first)
    if not rule.open_step:
        raise FieldError(
            f"{piece}: crontab(5) knows a step only after * or a range; write {first}-{rule.high}/{step}",
            offset=offset,
        )
    return Part(kind="range", first=first, last=rule.high, step=step)


def _special_part(rule: FieldRule, piece: str, offset: int) -> Part | None:
    if rule.special == "day-of-month":
        return _day_of_month(rule, piece, offset)
    if rule.special == "day-of-week":
        return _day_of_week(rule, piece, offset)
    return None


def _day_of_month(rule: FieldRule, piece: str, offset: int) -> Part | None:
    weekday = piece.endswith("W")
    body = piece[:-1] if weekday else piece
    if body.startswith("L"):
        number = 0
        if body != "L":
            if body[1] != "-" or not _is_number(body[2:]) or int(body[2:]) > rule.high - 1:
                raise FieldError(f"{piece}: L, L-n, LW or L-nW with n in 0-30 is meant", offset=offset)
            number = int(body[2:])
        return Part(kind="last_weekday" if weekday else "last", number=number)
    if weekday:
        return Part(kind="nearest", first=_number(rule, body, offset))
    return None


def _day_of_week(rule: FieldRule, piece: str, offset: int) -> Part | None:
    if piece == "L":
        return Part(kind="value", first=rule.high, last=rule.high)
    if piece.endswith("L"):
        return Part(kind="last_dow", first=_number(rule, piece[:-1], offset))
    if "#" in piece:
        day, _, number = piece.partition("#")
        first = _number(rule, day, offset)
        if number not in {"1", "2", "3", "4", "5"}:
            raise FieldError(f"{piece}: the number after # is 1-5", offset=offset + len(day) + 1)
        return Part(kind="nth_dow", first=first, number=int(number))
    return None


def _check_company(rule: FieldRule, parts: list[Part], text: str) -> None:
    """Refuse the lists that no reference gives a meaning to."""
    if len(parts) == 1:
        return
    if rule.special == "day-of-week" and (
        any(part.kind not in NUMERIC for part in parts) or "L" in text.upper().split(",")
    ):
        raise FieldError(f"{text}: L and # stand alone in this field", offset=0)
    if rule.lone_nearest and any(part.kind in {"nearest", "last_weekday"} for part in parts):
        raise FieldError(f"{text}: W stands alone in this field", offset=0)


def _hashed_part(rule: FieldRule, body: str, step: int, offset: int, seed: str) -> Part:
    """Turn H into a value: the same for a job and a field for ever, spread evenly over jobs."""
    if not rule.hash_high:
        raise FieldError("H has no meaning in this field", offset=offset)
    low, high = rule.low, rule.hash_high
    if len(body) > 1:
        if not body.endswith(")") or "-" not in body:
            raise FieldError(f"{body}: H(a-b) is meant", offset=offset)
        low_text, _, high_text = body[2:-1].partition("-")
        low = _number(rule, low_text, offset + 2)
        high = _number(rule, high_text, offset + 3 + len(low_text))
        if low > high:
            raise FieldError(f"{body} runs backwards", offset=offset)
    spread = min(step, high - low + 1) if step else high - low + 1
    first = low + _stable_hash(seed, rule.name) % spread
    if not step:
        return Part(kind="value", first=first, last=first)
    return Part(kind="range", first=first, last=high, step=step)


def _stable_hash(seed: str, name: str) -> int:
    # Few schedules have an H, and hashlib is a tenth of what this package costs to import.
    from hashlib import blake2b  # noqa: PLC0415 - see above

    return int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "big")


def _number(rule: FieldRule, text: str, offset: int) -> int:
    if text.upper() in rule.names:
        return rule.names[text.upper()]
    if not _is_number(text):
        raise FieldError(f"{text or 'nothing'} is not {_expected(rule)}", offset=offset)
    value = int(text)
    if not rule.low <= value <= rule.high:
        raise FieldError(f"{text} is out of range {rule.low}-{rule.high}", offset=offset)
    return value


def _expected(rule: FieldRule) -> str:
    if not rule.names:
        return f"a number in {rule.low}-{rule.high}"
    first, *_, last = rule.names
    return f"a number in {rule.low}-{rule.high} or a name in {first}-{last}"


def _step(rule: FieldRule, text: str, offset: int) -> int:
    if not _is_number(text) or int(text) == 0:
        raise FieldError(f"the step {text or 'after /'} must be a number from 1", offset=offset)
    if rule.step_limit and int(text) > rule.step_limit:
        raise FieldError(f"the step {text} is out of range 1-{rule.step_limit}", offset=offset)
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _whole(rule: FieldRule) -> range:
    return range(rule.low, rule.high + 1)


def _expand(rule: FieldRule, part: Part) -> Iterable[int]:
    """List the numbers of a part; a range that wraps keeps its step across the turn."""
    if part.first <= part.last:
        return range(part.first, part.last + 1, part.step)
    turn = range(part.first, part.last + rule.span + 1, part.step)
    return [rule.low + (number - rule.low) % rule.span for number in turn]


def _scale(rule: FieldRule, numbers: Iterable[int]) -> tuple[int, ...]:
    if rule.is_weekday:
        numbers = (_internal(rule, number) for number in numbers)
    return tuple(sorted(set(numbers)))


def _internal(rule: FieldRule, number: int) -> int:
    return (number - rule.base) % 7


def _shown(rule: FieldRule, part: Part) -> Part:
    """Give a part's days of week the numbers that the rest of the package uses."""
    if not rule.is_weekday:
        return part
    return Part(
        kind=part.kind,
        first=_internal(rule, part.first),
        last=_internal(rule, part.last),
        step=part.step,
        number=part.number,
    )
