"""On which days a cron expression runs.

Days are numbered from 1970-01-01 = 0 and kept as bits, 512 to an integer: "the next day", "the
day before" and "how many days" are then one shift and one count. The integers are made when first
asked for.
"""

from datetime import date
from functools import lru_cache

from tickline.schedules.fields import Field, Part
from tickline.schedules.instants import (
    EPOCH_ORDINAL,
    FIRST_YEAR,
    LAST_DAY,
    LAST_YEAR,
    LONG_AGO,
    NEVER,
)

_CHUNK_BITS = 9
_CHUNK = 1 << _CHUNK_BITS
_OFFSET = _CHUNK - 1
_LAST_CHUNK = LAST_DAY >> _CHUNK_BITS
_SIX_WEEKS = sum(1 << 7 * week for week in range(6))
_SATURDAY, _SUNDAY = 6, 0
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@lru_cache(maxsize=4096)
def days_of(
    day_of_month: Field, month: Field, day_of_week: Field, year: Field | None, *, either: bool
) -> "Days":
    """Return the one `Days` of these fields, shared by every schedule that has them.

    `either`: a day needs to match only one of the two day fields, not both.
    """
    return Days(day_of_month, month, day_of_week, year, either=either)


class Days:
    """The days of an expression, from 1970 to 2199."""

    __slots__ = (
        "_chunks",
        "_dates",
        "_either",
        "_months",
        "_shapes",
        "_special_dates",
        "_special_days",
        "_weeks",
        "_years",
    )

    def __init__(
        self,
        day_of_month: Field,
        month: Field,
        day_of_week: Field,
        year: Field | None,
        *,
        either: bool,
    ) -> None:
        self._dates = sum(1 << (day - 1) for day in day_of_month.values)
        self._weeks = sum(1 << day for day in day_of_week.values) * _SIX_WEEKS
        self._special_dates = day_of_month.special
        self._special_days = day_of_week.special
        self._months = frozenset(month.values)
        self._years = frozenset(year.values) if year else range(FIRST_YEAR, LAST_YEAR + 1)
        self._either = either
        self._chunks: dict[int, int] = {}
        self._shapes: dict[tuple[int, int], int] = {}

    def next(self, day: int) -> int:
        """Return the first day of the expression from this day on, or NEVER."""
        bits = self._chunks.get(day >> _CHUNK_BITS, 0) >> (day & _OFFSET)
        if bits & 1:
            return day
        return day + _lowest(bits) if bits else self._next_beyond(max(day, 0))

    def _next_beyond(self, day: int) -> int:
        for chunk in range(day >> _CHUNK_BITS, _LAST_CHUNK + 1):
            bits = self._chunk(chunk) >> (day & _OFFSET)
            if bits:
                return day + _lowest(bits)
            day = (chunk + 1) << _CHUNK_BITS
        return NEVER

    def previous(self, day: int) -> int:
        """Return the last day of the expression up to this day, or LONG_AGO."""
        day = min(day, LAST_DAY)
        chunk = day >> _CHUNK_BITS
        while chunk >= 0:
            bits = self._chunk(chunk) & ((2 << (day & _OFFSET)) - 1)
            if bits:
                return (chunk << _CHUNK_BITS) + bits.bit_length() - 1
            chunk -= 1
            day = _OFFSET
        return LONG_AGO

    def count(self, first: int, stop: int) -> int:
        """Return how many days of the expression are in [first, stop)."""
        first, stop = max(first, 0), min(stop, LAST_DAY + 1)
        total = 0
        while first < stop:
            chunk = first >> _CHUNK_BITS
            end = min(stop, (chunk + 1) << _CHUNK_BITS)
            bits = self._chunk(chunk) >> (first & _OFFSET)
            total += (bits & ((1 << (end - first)) - 1)).bit_count()
            first = end
        return total

    def _chunk(self, chunk: int) -> int:
        bits = self._chunks.get(chunk)
        if bits is None:
            bits = self._chunks[chunk] = self._build(chunk)
        return bits

    def _build(self, chunk: int) -> int:
        """Lay the months that touch this chunk side by side and cut off what sticks out."""
        start = chunk << _CHUNK_BITS
        first = date.fromordinal(EPOCH_ORDINAL + start)
        year, month, day = first.year, first.month, 1 - first.day
        bits = 0
        while day < _CHUNK:
            length = _LENGTHS[month - 1] + (month == 2 and _is_leap(year))
            if month in self._months and year in self._years:
                shape = self._shape((start + day + 4) % 7, length)
                bits |= shape << day if day >= 0 else shape >> -day
            day += length
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        return bits & ((1 << _CHUNK) - 1)

    def _shape(self, weekday: int, length: int) -> int:
        """Return the days of a month of this first weekday and length; bit 0 = the 1st."""
        shape = self._shapes.get((weekday, length))
        if shape is None:
            of_month = self._dates | _special_dates(self._special_dates, weekday, length)
            of_week = self._weeks >> weekday | _special_days(self._special_days, weekday, length)
            shape = of_month | of_week if self._either else of_month & of_week
            self._shapes[weekday, length] = shape = shape & ((1 << length) - 1)
        return shape


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _special_dates(parts: tuple[Part, ...], weekday: int, length: int) -> int:
    bits = 0
    for part in parts:
        bits |= 1 << _date_of(part, weekday, length) >> 1
    return bits


def _date_of(part: Part, weekday: int, length: int) -> int:
    """Return the day that L, L-n, nW, LW or L-nW means in a month, or 0 where it has no such day.

    W is the weekday nearest to the day without leaving the month; a day that the month does not
    have is not moved into it.
    """
    day = part.first if part.kind == "nearest" else length - part.number
    if not 1 <= day <= length:
        return 0
    if part.kind == "last":
        return day
    falls_on = (weekday + day - 1) % 7
    if falls_on == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if falls_on == _SUNDAY:
        return day + 1 if day < length else day - 2
    return day


def _special_days(parts: tuple[Part, ...], weekday: int, length: int) -> int:
    """Return the days that n#k and nL mean; a fifth one that is missing lies beyond the month."""
    bits = 0
    for part in parts:
        first = (part.first - weekday) % 7
        last = first + (length - 1 - first) // 7 * 7
        bits |= 1 << (first + 7 * (part.number - 1) if part.kind == "nth_dow" else last)
    return bits
