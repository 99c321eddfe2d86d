"""`rate(n unit)`: elapsed time from an anchor, whatever the clocks do.

Slots are anchor + k * n for k = 0, 1, 2 ...; the first is the anchor itself. EventBridge
Scheduler's user guide ("schedule-types") has minutes, hours and days; seconds are Tickline's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tickline.errors import InvalidSchedule
from tickline.schedules.instants import DAY, END, instant_of, seconds_of
from tickline.schedules.schedule import Dialect

EXAMPLE = "rate(5 minutes)"
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": DAY}
_LONGEST = 100 * 366 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSchedule:
    """Every `period` seconds from `anchor` on. See `Schedule` for what its methods promise."""

    text: str
    zone: str
    anchor: int
    """The first slot, in seconds."""
    period: int
    unit: str

    @property
    def dialect(self) -> Dialect:
        """`rate` is EventBridge Scheduler's word."""
        return Dialect.AWS

    @property
    def one_time(self) -> bool:
        """A rate goes on."""
        return False

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first slot strictly after the instant; None means never again."""
        number = max(0, (seconds_of(instant) - self.anchor) // self.period + 1)
        return self._slot(number)

    def latest_until(self, instant: datetime) -> datetime | None:
        """Return the last slot at or before the instant; None means that there was none."""
        number = self._slots_until(instant) - 1
        return self._slot(number) if number >= 0 else None

    def count(self, after: datetime, until: datetime) -> int:
        """Return how many slots lie after the one instant, up to and including the other."""
        return max(0, self._slots_until(until) - self._slots_until(after))

    def iterate(self, after: datetime) -> Iterator[datetime]:
        """Yield the slots after the instant, in order."""
        found = self.next_after(after)
        while found is not None:
            yield found
            found = self.next_after(found)

    def describe(self) -> str:
        """Say in English when the slots are."""
        number = self.period // _UNITS[self.unit]
        every = f"{number} {self.unit}s" if number > 1 else self.unit
        return f"Every {every}, counted from {instant_of(self.anchor):%Y-%m-%d %H:%M:%S} UTC"

    def _slots_until(self, instant: datetime) -> int:
        reached = min(seconds_of(instant), END - 1)
        return max(0, (reached - self.anchor) // self.period + 1)

    def _slot(self, number: int) -> datetime | None:
        slot = self.anchor + number * self.period
        return instant_of(slot) if slot < END else None


def parse_rate(text: str, body: str, position: int, *, zone: str, anchor: datetime | None) -> RateSchedule:
    """Read the words between the parentheses; `position` is where they begin in the text."""
    words = body.split()
    if len(words) != 2:
        raise _refused(f"{body.strip() or 'nothing'} is not a number and a unit", position)
    number, unit_text = words
    unit = unit_text.removesuffix("s")
    at_number = position + body.index(number)
    at_unit = position + body.rindex(unit_text)
    if not (number.isascii() and number.isdigit()) or int(number) == 0:
        raise _refused(f"{number} is not a whole number from 1", at_number)
    if unit not in _UNITS:
        raise _refused(f"{unit_text} is not seconds, minutes, hours or days", at_unit)
    period = int(number) * _UNITS[unit]
    if period > _LONGEST:
        raise _refused(f"{number} {unit_text} is longer than 100 years", at_number)
    start = seconds_of(anchor) if anchor is not None else 0
    return RateSchedule(text=text, zone=zone, anchor=start, period=period, unit=unit)


def _refused(message: str, position: int) -> InvalidSchedule:
    return InvalidSchedule(message, field="rate", position=position, example=EXAMPLE)
