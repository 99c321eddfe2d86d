"""`at(yyyy-mm-ddThh:mm:ss)`: one slot, by the clock of a zone.

EventBridge Scheduler's user guide ("schedule-types"): one-time schedules. A time that the clock
leaps over is refused, for nobody can say what was meant; of a time that comes twice the first is
taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tickline.errors import InvalidSchedule
from tickline.schedules.instants import FIRST_YEAR, LAST_YEAR, instant_of, local_text, seconds_of
from tickline.schedules.schedule import Dialect, Fold
from tickline.schedules.zones import wall_clock, zone_title

EXAMPLE = "at(2027-05-01T09:00:00)"
_SHAPE = "dddd-dd-ddTdd:dd:dd"


@dataclass(frozen=True, slots=True, kw_only=True)
class AtSchedule:
    """One slot and no other. See `Schedule` for what its methods promise."""

    text: str
    zone: str
    slot: int
    """The slot, in seconds."""
    local: int
    """What the clock in the zone shows then."""

    @property
    def dialect(self) -> Dialect:
        """`at` is EventBridge Scheduler's word."""
        return Dialect.AWS

    @property
    def one_time(self) -> bool:
        """There is one slot and no other."""
        return True

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the slot if it lies strictly after the instant."""
        return instant_of(self.slot) if seconds_of(instant) < self.slot else None

    def latest_until(self, instant: datetime) -> datetime | None:
        """Return the slot if it lies at or before the instant."""
        return instant_of(self.slot) if self.slot <= seconds_of(instant) else None

    def count(self, after: datetime, until: datetime) -> int:
        """Return 1 if the slot lies after the one instant, up to and including the other."""
        return int(seconds_of(after) < self.slot <= seconds_of(until))

    def iterate(self, after: datetime) -> Iterator[datetime]:
        """Yield the slot if it is still to come."""
        if seconds_of(after) < self.slot:
            yield instant_of(self.slot)

    def describe(self) -> str:
        """Say in English when the slot is."""
        when = instant_of(self.local)
        return f"Once, on {when.day} {when:%B %Y} at {when:%H:%M:%S}, {zone_title(self.zone)}"


def parse_at(text: str, body: str, position: int, *, zone: str, fold: Fold) -> AtSchedule:
    """Read the words between the parentheses; `position` is where they begin in the text."""
    shape = "".join("d" if c.isascii() and c.isdigit() else c for c in body)
    if shape != _SHAPE:
        raise _refused(f"{body or 'nothing'} is not a local time yyyy-mm-ddThh:mm:ss", position)
    try:
        local = seconds_of(datetime.fromisoformat(body).replace(tzinfo=UTC))
    except ValueError as reason:
        raise _refused(f"{body} does not exist: {reason}", position) from None
    if not FIRST_YEAR <= int(body[:4]) <= LAST_YEAR:
        raise _refused(f"{body[:4]} is out of range {FIRST_YEAR}-{LAST_YEAR}", position)
    slot = _instant(local, body, position, zone, "second" if fold == "second" else "first")
    return AtSchedule(text=text, zone=zone, slot=slot, local=local)


def _instant(local: int, body: str, position: int, zone: str, fold: Fold) -> int:
    windows = wall_clock(zone, fold).around(local)
    index = windows.local_index(local)
    if local >= windows.opens[index]:
        return local - windows.offsets[index]
    before = local_text(windows.closes[index - 1] - 1)
    after = local_text(windows.opens[index])
    raise InvalidSchedule(
        f"{body} does not exist in {zone}: the clock goes from {before} to {after}; choose one of these",
        field="at",
        position=position,
        example=f"at({after})",
    )


def _refused(message: str, position: int) -> InvalidSchedule:
    return InvalidSchedule(message, field="at", position=position, example=EXAMPLE)
