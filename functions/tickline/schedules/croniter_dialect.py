"""`croniter(...)`: the dialect of the croniter package, answered by croniter itself.

Five fields, or six with the seconds last. croniter is imported only when such a text is met, and
is only ever given naive wall-clock times: what it makes of zones differs from release to release,
and from our rule.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, takewhile

from croniter import CroniterBadDateError, croniter

from tickline.errors import InvalidSchedule
from tickline.schedules.describe import describe_fields
from tickline.schedules.fields import Field, Fields, Part
from tickline.schedules.instants import DAY, END, EPOCH, LONG_AGO, NEVER
from tickline.schedules.schedule import Dialect

EXAMPLE = "croniter(*/15 9-17 * * mon-fri)"
COUNT_LIMIT = 1_000
"""croniter can only step; no more slots than this are counted."""

_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
_RANDOM = re.compile(r"(?<![a-z])r(?![a-z])", re.IGNORECASE)
_NAMES = ("minute", "hour", "day-of-month", "month", "day-of-week", "second")
_RANGES = (range(60), range(24), range(1, 32), range(1, 13), range(7), range(60))


@dataclass(frozen=True, slots=True, kw_only=True)
class CroniterRule:
    """An expression that croniter reads and steps through. Local times are seconds."""

    expression: str
    hash_id: bytes
    every_hour: bool
    fields: Fields = field(compare=False, repr=False)

    @property
    def dialect(self) -> Dialect:
        """The dialect is the package's own."""
        return Dialect.CRONITER

    def next_local(self, local: int) -> int:
        """Return the first local time of the rule from this one on, or NEVER."""
        return next(self._steps(local), NEVER)

    def previous_local(self, local: int) -> int:
        """Return the last local time of the rule up to this one, or LONG_AGO."""
        try:
            found = self._from(min(local, END) + 1).get_prev(datetime)
        except CroniterBadDateError:
            return LONG_AGO
        return max(_local(found), LONG_AGO)

    def count_local(self, first: int, stop: int) -> int:
        """Return how many local times are in [first, stop), but never more than COUNT_LIMIT.

        croniter can only step, at tens of microseconds each, and a tick must not wait for millions.
        """
        within = takewhile(lambda local: local < stop, self._steps(first))
        return sum(1 for _ in islice(within, COUNT_LIMIT))

    def describe(self, zone: str) -> str:
        """Say in English when the local times are."""
        return describe_fields(self.fields, zone)

    def _steps(self, local: int) -> Iterator[int]:
        if local >= END:
            return
        steps = self._from(max(local, 0) - 1)
        while True:
            try:
                found = _local(steps.get_next(datetime))
            except CroniterBadDateError:
                return
            if found >= END:
                return
            yield found

    def _from(self, local: int) -> croniter:
        start = _NAIVE_EPOCH + timedelta(0, local)
        return croniter(self.expression, start, ret_type=datetime, hash_id=self.hash_id)


def parse_croniter(body: str, position: int, seed: str) -> CroniterRule:
    """Read the words between the parentheses; `position` is where they begin in the text."""
    count = len(body.split())
    if count not in {5, 6}:
        raise _refused(f"croniter's dialect has 5 fields, or 6 with the seconds last, not {count}", position)
    random = _RANDOM.search(body)
    if random:
        raise _refused("R would be another time at each look; H is stable", position + random.start())
    try:
        values, nth = croniter.expand(body, hash_id=seed.encode())
        croniter(body, _NAIVE_EPOCH, hash_id=seed.encode())
    except (ValueError, TypeError, LookupError) as reason:
        raise _refused(f"croniter says: {reason}", position) from None
    fields = [
        _field(name, whole, found, nth) for name, whole, found in zip(_NAMES, _RANGES, values, strict=False)
    ]
    minute, hour, day, month, weekday, second, *_ = [*fields, None]
    return CroniterRule(
        expression=" ".join(body.split()),
        hash_id=seed.encode(),
        every_hour=len(hour.values) == 24,
        fields=Fields(
            second=second,
            minute=minute,
            hour=hour,
            day_of_month=day,
            month=month,
            day_of_week=weekday,
            year=None,
            either="*" not in values[2] and "*" not in values[4],
        ),
    )


def _field(name: str, whole: range, found: list[int | str], nth: dict[int, set[int | str]]) -> Field:
    """Turn what croniter expanded into a field that can be described."""
    if "*" in found:
        return Field(name=name, parts=(Part(kind="every"),), values=tuple(whole))
    parts = [Part(kind="last")] if "l" in found else []
    of_month = nth if name == "day-of-week" else {}
    for day, numbers in of_month.items():
        parts += [_nth(day, number) for number in numbers]
    values = {n for n in found if isinstance(n, int) and n not in of_month}
    return Field(name=name, parts=tuple(parts), values=tuple(sorted(values)))


def _nth(day: int, number: int | str) -> Part:
    if isinstance(number, str):
        return Part(kind="last_dow", first=day)
    return Part(kind="nth_dow", first=day, number=number)


def _local(naive: datetime) -> int:
    since = naive - _NAIVE_EPOCH
    return since.days * DAY + since.seconds


def _refused(message: str, position: int) -> InvalidSchedule:
    return InvalidSchedule(message, field="croniter", position=position, example=EXAMPLE)
