"""What a person should know about a schedule before it is stored.

Nothing here is an error: a schedule that never runs again, or is skipped one night a year, is a
right schedule. It is said at creation because nobody looks for it afterwards.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tickline.schedules.instants import DAY, instant_of, local_text, seconds_of
from tickline.schedules.schedule import Schedule
from tickline.schedules.wall import WallSchedule
from tickline.schedules.zones import CEILING, FLOOR, Windows, check_zone

WarningKind = Literal["never", "leap_day", "rare", "dst_skipped", "dst_shifted", "dst_doubled"]
MOST_WARNINGS = 50
_YEAR = 366 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleWarning:
    """One thing to know. `sentence` says it in full; the rest is for programs.

    `local_time` is what the clock in the schedule's zone shows, as 2027-03-14T02:30:00; it is empty
    where no single time is meant. `instants` are the slots that come of it: none where the time is
    skipped, one where it is shifted, two where it is doubled.
    """

    kind: WarningKind
    sentence: str
    local_time: str = ""
    instants: tuple[datetime, ...] = ()


def warnings(schedule: Schedule, *, now: datetime, years: int = 5) -> list[ScheduleWarning]:
    """Return what to know about a schedule from now on, at most MOST_WARNINGS.

    It never runs; it runs only on 29 February, or not within a year; and each date in the years to
    come on which daylight saving skips, shifts or doubles a slot. A slot in the hour that comes
    twice and runs once is no news.
    """
    found = _rarity(schedule, now)
    if isinstance(schedule, WallSchedule):
        found += _daylight_saving(schedule, now, years)
    return found[:MOST_WARNINGS]


def _rarity(schedule: Schedule, now: datetime) -> list[ScheduleWarning]:
    first = schedule.next_after(now)
    if first is None:
        return [ScheduleWarning(kind="never", sentence="It never runs: no slot is left.")]
    when = f"the first time is {first:%Y-%m-%d %H:%M:%S} UTC"
    later = schedule.next_after(first + timedelta(days=2))
    if later and _is_leap_day(first, schedule.zone) and _is_leap_day(later, schedule.zone):
        sentence = f"It runs only on 29 February; {when}."
        return [ScheduleWarning(kind="leap_day", sentence=sentence, instants=(first,))]
    if not schedule.one_time and seconds_of(first) - seconds_of(now) > _YEAR:
        sentence = f"It does not run within a year; {when}."
        return [ScheduleWarning(kind="rare", sentence=sentence, instants=(first,))]
    return []


def _is_leap_day(instant: datetime, zone: str) -> bool:
    local = instant.astimezone(check_zone(zone))
    return (local.month, local.day) == (2, 29)


def _daylight_saving(schedule: WallSchedule, now: datetime, years: int) -> list[ScheduleWarning]:
    first = min(max(seconds_of(now), FLOOR), CEILING - 1)
    last = min(first + years * _YEAR, CEILING - 1)
    windows = schedule.clock.covering(first, last)
    changes = range(windows.index(first) + 1, windows.index(last) + 1)
    found = (_change(schedule, windows, index) for index in changes)
    return [warning for warning in found if warning is not None]


def _change(schedule: WallSchedule, windows: Windows, index: int) -> ScheduleWarning | None:
    """Return the warning of the change at which a window begins, if any slot is touched."""
    ends, begins = windows.closes[index - 1], windows.opens[index]
    count = schedule.rule.count_local(min(ends, begins), max(ends, begins))
    if count == 0 or schedule.rule.every_hour:
        return None
    local = schedule.rule.next_local(min(ends, begins))
    leaps = f"leaps from {_clock(ends)} to {_clock(begins)}"
    one = count == 1
    slots = f"the slot at {_clock(local)}" if one else f"the {count} slots from {_clock(local)} on"
    kind: WarningKind
    if begins < ends:
        kind, leaps = "dst_doubled", f"goes back from {_clock(ends)} to {_clock(begins)}"
        fate = "runs twice" if one else "run twice"
        instants = tuple(instant_of(local - o) for o in windows.offsets[index - 1 : index + 1])
    elif schedule.shifts:
        kind, instants = "dst_shifted", (instant_of(windows.starts[index]),)
        fate = f"runs at {_clock(begins)}" if one else f"become one, at {_clock(begins)}"
    else:
        kind, instants = "dst_skipped", ()
        fate = "is skipped" if one else "are skipped"
    local_time = local_text(local)
    return ScheduleWarning(
        kind=kind,
        sentence=f"On {local_time[:10]} the clock in {schedule.zone} {leaps}: {slots} {fate}.",
        local_time=local_time,
        instants=instants,
    )


def _clock(local: int) -> str:
    """Write the time of day of a local time, with the seconds only where they matter."""
    return local_text(local)[11:].removesuffix(":00")
