"""Time zones: which names are accepted, and how a zone's clock runs.

A zone's clock is kept as windows: stretches of real time with one offset, each with the local
times that count in it. The rule for the two odd hours of a year is thus decided once, in the
bounds of the windows:

    clock goes forward    local times of the gap are in no window
    clock goes back       local times that come twice are in the first window, the second, or both

Windows are made from zoneinfo, a few years at a time and only for years that are asked for.
"""

import os
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tickline.errors import InvalidSchedule
from tickline.schedules.closest import closest
from tickline.schedules.instants import DAY, EPOCH, instant_of, seconds_of
from tickline.schedules.schedule import Fold

FIRST_COVERED, LAST_COVERED = 1969, 2200
FLOOR = seconds_of(EPOCH.replace(year=FIRST_COVERED))
CEILING = seconds_of(EPOCH.replace(year=LAST_COVERED + 1))
"""No slot lies outside [FLOOR, CEILING): every zone's 1970 to 2199 is inside."""

_SAMPLE = 6 * DAY
"""Since 1970 no zone changes its offset twice within 6.9 days (Brazil, 2000; Gaza, 2040)."""

_MARGIN = 3
_ABBREVIATIONS = {
    "est": "America/New_York",
    "edt": "America/New_York",
    "cst": "America/Chicago",
    "mst": "America/Denver",
    "pst": "America/Los_Angeles",
    "gmt": "Europe/London",
    "bst": "Europe/London",
    "cet": "Europe/Berlin",
    "ist": "Asia/Kolkata",
    "jst": "Asia/Tokyo",
}
_NOT_PLACES = ("posix/", "right/")


def check_zone(name: str) -> ZoneInfo:
    """Return the zone of a canonical name: "UTC", or one such as "Europe/Berlin".

    Abbreviations (EST), offsets (UTC+2), names of files (localtime) and names in the wrong case are
    refused with InvalidSchedule(field="zone"), even where this machine would know them: another
    may not.
    """
    if isinstance(name, str):
        zone = _zone(name)
        if zone is not None:
            return zone
    raise InvalidSchedule(_refusal(name), field="zone", example=_nearest_name(name))


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    canonical = name == "UTC" or ("/" in name and not name.startswith(_NOT_PLACES))
    try:
        return ZoneInfo(name) if canonical and _is_spelled_so(name) else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _is_spelled_so(name: str) -> bool:
    """Tell whether a zone has exactly this name, also on file systems that ignore case."""
    return any(_is_path_below(root, name) for root in TZPATH) or name in _all_names()


@lru_cache(maxsize=1)
def _all_names() -> frozenset[str]:
    """Return every name that this machine knows. It opens hundreds of files: for refusals only."""
    return frozenset(available_timezones())


def _is_path_below(folder: str, path: str) -> bool:
    for segment in path.split("/"):
        try:
            with os.scandir(folder) as entries:
                names = {entry.name for entry in entries}
        except OSError:
            return False
        if segment not in names:
            return False
        folder = f"{folder}/{segment}"
    return True


def _refusal(name: object) -> str:
    if not isinstance(name, str):
        return f"{name!r} is not the name of a time zone"
    return f"{name!r} is not the full name of a time zone; did you mean {_nearest_name(name)}?"


def _nearest_name(name: object) -> str:
    known = {zone.lower(): zone for zone in _all_names() if "/" in zone or zone == "UTC"}
    wanted = str(name).lower().replace(" ", "_")
    by_place = [zone for lower, zone in known.items() if lower.rpartition("/")[2] == wanted]
    found = known.get(wanted) or _ABBREVIATIONS.get(wanted) or min(by_place, default="")
    return found or known[closest(wanted, known, "utc")]


def zone_title(zone: str) -> str:
    """Name a zone in a sentence: New York time, UTC."""
    region, _, place = zone.rpartition("/")
    if not region:
        return zone
    return f"{zone if region == 'Etc' else place.replace('_', ' ')} time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """A stretch of a zone's clock. Window i begins at the instant `starts[i]` and has `offsets[i]`.

    The local times that count in it are [opens[i], closes[i]). All four are ascending, and all
    are seconds. Nothing is known outside [starts[0], until).
    """

    starts: tuple[int, ...]
    offsets: tuple[int, ...]
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    until: int

    def index(self, instant: int) -> int:
        """Return the window that an instant lies in."""
        return bisect_right(self.starts, instant) - 1

    def local_index(self, local: int) -> int:
        """Return the window that a local time lies in, or the one after the gap that it lies in."""
        return bisect_right(self.closes, local)


class WallClock:
    """The clock of one zone, with one opinion on local times that come twice."""

    __slots__ = ("_fold", "_zone", "windows")

    def __init__(self, zone: str, fold: Fold) -> None:
        self._zone = check_zone(zone)
        self._fold = fold
        self.windows = Windows(starts=(), offsets=(), opens=(), closes=(), until=FLOOR)

    def covering(self, first: int, last: int) -> Windows:
        """Return windows that know both instants; both must lie in [FLOOR, CEILING).

        `windows` is replaced as a whole and never changed, so threads may share a clock.
        """
        known = self.windows
        if known.starts and known.starts[0] <= first and last < known.until:
            return known
        first_year, last_year = _year(first) - 1, _year(last) + _MARGIN
        if known.starts:
            first_year = min(first_year, _year(known.starts[0]))
            last_year = max(last_year, _year(known.until) - 1)
        self.windows = _windows(
            self._zone, self._fold, max(first_year, FIRST_COVERED), min(last_year, LAST_COVERED)
        )
        return self.windows

    def around(self, local: int) -> Windows:
        """Return windows that know everything within two days of a local time."""
        return self.covering(max(local - 2 * DAY, FLOOR), local + 2 * DAY)


@lru_cache(maxsize=2048)
def wall_clock(zone: str, fold: Fold) -> WallClock:
    """Return the one clock of this zone and opinion, shared by all schedules in it."""
    return WallClock(zone, fold)


def _windows(zone: ZoneInfo, fold: Fold, first_year: int, last_year: int) -> Windows:
    """Make the windows of these UTC years, looking a year to either side for what reaches in."""
    starts = [_start_of(first_year - 1)]
    offsets = [_offset(zone, starts[0])]
    opens, closes = [starts[0] + offsets[0]], []
    for year in range(first_year - 1, last_year + 2):
        for instant, offset in _changes(zone, year):
            before, after = instant + offsets[-1], instant + offset
            goes_back = after < before
            closes.append(after if goes_back and fold == "second" else before)
            opens.append(before if goes_back and fold == "first" else after)
            starts.append(instant)
            offsets.append(offset)
    closes.append(_start_of(last_year + 2) + offsets[-1])
    return _cut(starts, offsets, opens, closes, _start_of(first_year), _start_of(last_year + 1))


def _cut(
    starts: list[int],
    offsets: list[int],
    opens: list[int],
    closes: list[int],
    first: int,
    until: int,
) -> Windows:
    """Keep what lies in [first, until)."""
    here, there = bisect_right(starts, first) - 1, bisect_left(starts, until)
    starts[here] = first
    opens[here] = max(opens[here], first + offsets[here])
    closes[there - 1] = min(closes[there - 1], until + offsets[there - 1])
    return Windows(
        starts=tuple(starts[here:there]),
        offsets=tuple(offsets[here:there]),
        opens=tuple(opens[here:there]),
        closes=tuple(closes[here:there]),
        until=until,
    )


@lru_cache(maxsize=8192)
def _changes(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """Find the instants of a UTC year at which the offset changes, and the offset from then on."""
    changes = []
    here, stop = _start_of(year) - 1, _start_of(year + 1) - 1
    offset = _offset(zone, here)
    while here < stop:
        there = min(here + _SAMPLE, stop)
        new_offset = _offset(zone, there)
        if new_offset != offset:
            changes.append((_change_between(zone, here, there), new_offset))
            offset = new_offset
        here = there
    return tuple(changes)


def _change_between(zone: ZoneInfo, here: int, there: int) -> int:
    """Return the first instant after `here` that has the offset of `there`."""
    offset = _offset(zone, there)
    while there - here > 1:
        middle = (here + there) // 2
        if _offset(zone, middle) == offset:
            there = middle
        else:
            here = middle
    return there


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset() or timedelta(0)
    return offset.days * DAY + offset.seconds


def _year(instant: int) -> int:
    return instant_of(instant).year


def _start_of(year: int) -> int:
    return seconds_of(EPOCH.replace(year=year))
