"""A slow, plain second opinion: step through real time and look at the clock on the wall.

It shares nothing with the package but the rule it checks: no parser, no tables, no windows. A rule
is given as sets of numbers, and zoneinfo says what the clock shows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Plain:
    """Which local times match, in the simplest words. Weekdays count from Sunday = 0."""

    seconds: frozenset[int] = frozenset({0})
    minutes: frozenset[int]
    hours: frozenset[int]
    is_day: Callable[[datetime], bool] = lambda _: True
    gap: str = "skip"
    fold: str = "first"

    def matches(self, local: datetime) -> bool:
        return (
            local.second in self.seconds
            and local.minute in self.minutes
            and local.hour in self.hours
            and self.is_day(local)
        )

    @property
    def names_every_hour(self) -> bool:
        return self.hours == set(range(24))


def slots(rule: Plain, zone: str, after: datetime, until: datetime, step: int) -> list[datetime]:
    """List the slots in (after, until], looking every `step` seconds."""
    return list(_slots(rule, ZoneInfo(zone), after, until, timedelta(seconds=step)))


def _slots(
    rule: Plain, zone: ZoneInfo, after: datetime, until: datetime, step: timedelta
) -> Iterator[datetime]:
    before = after.astimezone(zone).replace(tzinfo=None)
    instant = after + step
    while instant <= until:
        local = instant.astimezone(zone)
        shown = local.replace(tzinfo=None)
        missing = _missing(rule, before, shown, step) if not rule.names_every_hour else False
        if (missing and rule.gap == "shift") or (rule.matches(shown) and _counts(rule, local)):
            yield instant
        before = shown
        instant += step


def _missing(rule: Plain, before: datetime, shown: datetime, step: timedelta) -> bool:
    """Tell whether the clock leapt over a local time of the rule since the last look."""
    leapt = before + step
    while leapt < shown:
        if rule.matches(leapt):
            return True
        leapt += step
    return False


def _counts(rule: Plain, local: datetime) -> bool:
    """Tell whether this pass of a local time is one that the rule runs in."""
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    comes_twice = first != second
    if not comes_twice or rule.names_every_hour or rule.fold == "both":
        return True
    return local.fold == (1 if rule.fold == "second" else 0)
