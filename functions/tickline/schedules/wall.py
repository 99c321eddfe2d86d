"""A rule over local time laid over a real zone: where daylight saving is decided.

    dst_gap    a slot in the hour that the clock leaps over is skipped; or the slots of a gap
               become one slot, at the first instant after it ("shift")
    dst_fold   a slot in the hour that comes twice runs at the first pass, the second, or both

A rule that names every hour measures time more than it names it: every 15 minutes stays every 15
minutes. It runs through both passes, and for it the gap does not exist. Otherwise this is the
rule of EventBridge Scheduler (user guide, "schedule-types", on daylight saving time).
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from tickline.schedules.instants import END, NEVER, instant_of, seconds_of
from tickline.schedules.schedule import Dialect, Fold, Gap
from tickline.schedules.zones import CEILING, FLOOR, WallClock, Windows, wall_clock

_from_timestamp = datetime.fromtimestamp


class LocalRule(Protocol):
    """A rule over local time, in seconds."""

    @property
    def dialect(self) -> Dialect:
        """Whose rules the text was read by."""
        ...

    @property
    def every_hour(self) -> bool:
        """True if the rule names all hours."""
        ...

    def next_local(self, local: int) -> int:
        """Return the first local time of the rule from this one on, or NEVER."""
        ...

    def previous_local(self, local: int) -> int:
        """Return the last local time of the rule up to this one, or LONG_AGO."""
        ...

    def count_local(self, first: int, stop: int) -> int:
        """Return how many local times of the rule are in [first, stop)."""
        ...

    def describe(self, zone: str) -> str:
        """Say in English when the rule's local times are, by the clock of this zone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WallSchedule:
    """A rule by the clock of a zone. See `Schedule` for what its methods promise."""

    text: str
    zone: str
    rule: LocalRule
    shifts: bool = False
    """Slots in a gap become one slot after it, instead of none."""
    clock: WallClock = field(repr=False)

    @property
    def dialect(self) -> Dialect:
        """Whose rules the text was read by."""
        return self.rule.dialect

    @property
    def one_time(self) -> bool:
        """A cron expression is never one-time, even with a single slot left."""
        return False

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first slot strictly after the instant; None means never again."""
        found = self._next(seconds_of(instant))
        return _from_timestamp(found, UTC) if found < NEVER else None

    def latest_until(self, instant: datetime) -> datetime | None:
        """Return the last slot at or before the instant; None means that there was none."""
        found = self._latest(seconds_of(instant))
        return instant_of(found) if found >= FLOOR else None

    def iterate(self, after: datetime) -> Iterator[datetime]:
        """Yield the slots after the instant, in order."""
        found = self._next(seconds_of(after))
        while found < NEVER:
            yield instant_of(found)
            found = self._next(found)

    def count(self, after: datetime, until: datetime) -> int:
        """Return how many slots lie after the one instant, up to and including the other."""
        first = max(seconds_of(after) + 1, FLOOR)
        stop = min(seconds_of(until) + 1, CEILING)
        if first >= stop:
            return 0
        windows = self.clock.covering(first, stop - 1)
        here, there = windows.index(first), windows.index(stop - 1)
        total = 0
        for index in range(here, there + 1):
            offset = windows.offsets[index]
            total += self.rule.count_local(
                max(first + offset, windows.opens[index]), min(stop + offset, windows.closes[index])
            )
            if index and self.shifts and first <= windows.starts[index]:
                total += self._adds_shifted(windows, index)
        return total

    def _adds_shifted(self, windows: Windows, index: int) -> bool:
        """Tell whether the start of a window is a slot only because a gap before it held one."""
        opens = windows.opens[index]
        in_gap = self.rule.count_local(windows.closes[index - 1], opens)
        return in_gap > 0 and self.rule.next_local(opens) != opens

    def _next(self, after: int) -> int:
        """Return the first slot after this instant, or NEVER; most often in the same window."""
        windows = self.clock.windows
        index = bisect_right(windows.starts, after) - 1
        if index >= 0:
            offset = windows.offsets[index]
            local = after + 1 + offset
            if local < windows.opens[index]:  # noqa: PLR1730 - max() would cost as much as a search
                local = windows.opens[index]
            slot = self.rule.next_local(local)
            if slot < windows.closes[index]:
                return slot - offset
        return self._next_beyond(max(after, FLOOR))

    def _next_beyond(self, after: int) -> int:
        reach = after
        while reach < CEILING:
            found, reach = self._search_on(self.clock.covering(after, reach), after)
            if found < NEVER:
                return found
        return NEVER

    def _search_on(self, windows: Windows, after: int) -> tuple[int, int]:
        """Search window after window. Return the slot, or NEVER and the instant to know more about.

        1. A slot in the window that the search has reached is the one.
        2. If the clock goes back at its end, to before the local time searched from, local times
           come again: search the next window from its beginning.
        3. Otherwise go to the first window that closes after the slot. It holds the slot, or it
           opens after it: then the slot lies in the gap between, and is shifted or skipped.
        """
        index = windows.index(after)
        local = max(after + 1 + windows.offsets[index], windows.opens[index])
        while (slot := self.rule.next_local(local)) < END:
            if slot < windows.closes[index]:
                return slot - windows.offsets[index], after
            if index + 1 < len(windows.opens) and windows.opens[index + 1] < local:
                index += 1
                local = windows.opens[index]
                continue
            index = bisect_right(windows.closes, slot, index + 1)
            if index == len(windows.closes):
                return NEVER, slot - windows.offsets[-1]
            if self.shifts and slot < windows.opens[index]:
                return windows.starts[index], after
            local = max(slot, windows.opens[index])
        return NEVER, CEILING

    def _latest(self, until: int) -> int:
        """Return the last slot up to this instant, or something before FLOOR."""
        until = min(until, CEILING - 1)
        reach = until
        while reach >= FLOOR:
            found, reach = self._search_back(self.clock.covering(reach, until), until)
            if found >= FLOOR:
                return found
        return FLOOR - 1

    def _search_back(self, windows: Windows, until: int) -> tuple[int, int]:
        """Search window after window towards the past, in the three steps of `_search_on`."""
        index = windows.index(until)
        local = min(until + windows.offsets[index], windows.closes[index] - 1)
        while (slot := self.rule.previous_local(local)) >= 0:
            if slot >= windows.opens[index]:
                return slot - windows.offsets[index], until
            if index > 0 and windows.closes[index - 1] - 1 > local:
                index -= 1
                local = windows.closes[index] - 1
                continue
            index = bisect_right(windows.opens, slot, 0, index) - 1
            if index < 0:
                return FLOOR - 1, slot - windows.offsets[0]
            if self.shifts and slot >= windows.closes[index]:
                return windows.starts[index + 1], until
            local = min(slot, windows.closes[index] - 1)
        return FLOOR - 1, FLOOR - 1

    def describe(self) -> str:
        """Say in English when the slots are."""
        return self.rule.describe(self.zone)


def on_the_wall(*, text: str, zone: str, rule: LocalRule, dst_gap: Gap, dst_fold: Fold) -> WallSchedule:
    """Lay a rule over a zone; a rule that names every hour overrules both options."""
    return WallSchedule(
        text=text,
        zone=zone,
        rule=rule,
        shifts=dst_gap == "shift" and not rule.every_hour,
        clock=wall_clock(zone, "both" if rule.every_hour else dst_fold),
    )
