"""A cron expression as a rule over local time.

The rule knows nothing of zones: it answers for a clock on the wall that never changes. `wall.py`
lays it over a real zone.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, Never

from tickline.errors import InvalidSchedule
from tickline.schedules.days import Days, days_of
from tickline.schedules.describe import describe_fields
from tickline.schedules.dialects import CronDialect
from tickline.schedules.fields import Field, FieldError, FieldRule, Fields, parse_field, seed_of
from tickline.schedules.instants import DAY, END, LONG_AGO, NEVER
from tickline.schedules.schedule import Dialect
from tickline.schedules.times import Times, times_of

_ON_THE_MINUTE = (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A compiled cron expression. Local times are seconds; see `instants.py`."""

    dialect: Dialect
    fields: Fields
    days: Days = field(compare=False, repr=False)
    times: Times = field(compare=False, repr=False)

    @property
    def every_hour(self) -> bool:
        """True if it names all hours, so that it measures time more than it names it."""
        return len(self.fields.hour.values) == 24

    def next_local(self, local: int) -> int:
        """Return the first local time of the rule from this one on, or NEVER."""
        day, second = divmod(local, DAY)
        found = self.days.next(day)
        if found == day:
            second = self.times.next(second)
            if second >= 0:
                return day * DAY + second
            found = self.days.next(day + 1)
        return found * DAY + self.times.first if found < NEVER else NEVER

    def previous_local(self, local: int) -> int:
        """Return the last local time of the rule up to this one, or LONG_AGO."""
        day, second = divmod(min(local, END), DAY)
        found = self.days.previous(day)
        if found == day:
            rank = self.times.before(second + 1)
            if rank:
                return day * DAY + self.times.at(rank - 1)
            found = self.days.previous(day - 1)
        return found * DAY + self.times.last if found >= 0 else LONG_AGO

    def count_local(self, first: int, stop: int) -> int:
        """Return how many local times of the rule are in [first, stop)."""
        first, stop = max(first, 0), min(stop, END)
        return self._before(stop, first // DAY) - self._before(first, first // DAY) if first < stop else 0

    def describe(self, zone: str) -> str:
        """Say in English when the local times are."""
        return describe_fields(self.fields, zone)

    def _before(self, local: int, from_day: int) -> int:
        """Count the local times before this one, beginning with the start of `from_day`."""
        day, second = divmod(local, DAY)
        total = self.days.count(from_day, day) * self.times.per_day
        if second and self.days.count(day, day + 1):
            total += self.times.before(second)
        return total


class Token(NamedTuple):
    """One field as written, and where it begins in the text."""

    text: str
    position: int


def compile_cron(dialect: CronDialect, tokens: list[Token], seed: str) -> Cron:
    """Compile the fields of one expression; InvalidSchedule names the first field that is wrong."""
    fields = {
        rule.name: _field(rule, token, seed, example)
        for rule, token, example in zip(dialect.rules, tokens, dialect.examples, strict=False)
    }
    second, year = fields.get("second"), fields.get("year")
    day_of_month, day_of_week = fields["day-of-month"], fields["day-of-week"]
    if dialect.one_day_field and day_of_month.is_any == day_of_week.is_any:
        _refuse_day_fields(dialect, tokens)
    either = not (dialect.one_day_field or day_of_month.starred or day_of_week.starred)
    seconds = second.values if second else _ON_THE_MINUTE
    return Cron(
        dialect=dialect.dialect,
        fields=Fields(
            second=second,
            minute=fields["minute"],
            hour=fields["hour"],
            day_of_month=day_of_month,
            month=fields["month"],
            day_of_week=day_of_week,
            year=year,
            either=either,
        ),
        days=days_of(day_of_month, fields["month"], day_of_week, year, either=either),
        times=times_of(seconds, fields["minute"].values, fields["hour"].values),
    )


def _field(rule: FieldRule, token: Token, seed: str, example: str) -> Field:
    try:
        return parse_field(rule, token.text, seed_of(token.text, seed))
    except FieldError as refusal:
        raise InvalidSchedule(
            refusal.message,
            field=rule.name,
            position=token.position + refusal.offset,
            example=example,
        ) from None


def _refuse_day_fields(dialect: CronDialect, tokens: list[Token]) -> Never:
    names = [rule.name for rule in dialect.rules]
    weekday = names.index("day-of-week")
    month_day = tokens[names.index("day-of-month")].text
    raise InvalidSchedule(
        f"{month_day} and {tokens[weekday].text}: exactly one of day-of-month and day-of-week must be ?",
        field="day-of-week",
        position=tokens[weekday].position,
        example=dialect.examples[weekday],
    )
