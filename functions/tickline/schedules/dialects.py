"""The fields of the cron dialects, as data.

unix    crontab(5): minute hour day-of-month month day-of-week
aws     EventBridge Scheduler user guide, "schedule-types": the same and an optional year
quartz  Javadoc of Quartz's CronExpression: second first, optional year last
"""

from dataclasses import dataclass, replace

from tickline.schedules.fields import FieldRule
from tickline.schedules.instants import FIRST_YEAR, LAST_YEAR
from tickline.schedules.schedule import Dialect

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True, slots=True, kw_only=True)
class CronDialect:
    """One dialect: its fields in order, and what its two day fields mean together."""

    dialect: Dialect
    rules: tuple[FieldRule, ...]
    needed: int
    """How many fields are needed; the rest, from the right, may be left out."""
    one_day_field: bool
    """Exactly one of day-of-month and day-of-week is `?`; otherwise crontab(5)'s either/or rule."""
    examples: tuple[str, ...]
    """For each field a whole expression that is right, to show in errors."""


MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

_SECOND = FieldRule(name="second", low=0, high=59, span=60, hash_high=59, open_step=False)
_MINUTE = replace(_SECOND, name="minute")
_HOUR = replace(_SECOND, name="hour", high=23, span=24, hash_high=23)
_DAY = replace(_SECOND, name="day-of-month", low=1, high=31, span=31, hash_high=28)
_MONTH = FieldRule(
    name="month",
    low=1,
    high=12,
    span=12,
    hash_high=12,
    open_step=False,
    names={name: number for number, name in enumerate(MONTHS, 1)},
)
_WEEKDAY = FieldRule(
    name="day-of-week",
    low=0,
    high=7,
    span=7,
    hash_high=6,
    open_step=False,
    names={name: number for number, name in enumerate(WEEKDAYS)},
)


def _quartz(rule: FieldRule) -> FieldRule:
    """Turn a crontab(5) field into Quartz's."""
    limit = rule.span if rule.low else rule.span - 1
    return replace(rule, open_step=True, bare_step=True, step_limit=limit, step_names=False)


_Q_DAY = replace(_quartz(_DAY), special="day-of-month", any_mark=True)
_Q_WEEKDAY = replace(
    _quartz(_WEEKDAY),
    low=1,
    base=1,
    hash_high=7,
    step_limit=7,
    names={name: number for number, name in enumerate(WEEKDAYS, 1)},
    special="day-of-week",
    any_mark=True,
)
_YEAR = FieldRule(
    name="year",
    low=FIRST_YEAR,
    high=LAST_YEAR,
    span=LAST_YEAR - FIRST_YEAR + 1,
    bare_step=True,
    wraps=False,
)

UNIX = CronDialect(
    dialect=Dialect.UNIX,
    rules=(_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY),
    needed=5,
    one_day_field=False,
    examples=("*/15 * * * *", "0 9-17 * * *", "0 9 1,15 * *", "0 9 1 JAN,JUL *", "0 9 * * MON-FRI"),
)

QUARTZ = CronDialect(
    dialect=Dialect.QUARTZ,
    rules=(
        _quartz(_SECOND),
        _quartz(_MINUTE),
        _quartz(_HOUR),
        _Q_DAY,
        _quartz(_MONTH),
        _Q_WEEKDAY,
        _YEAR,
    ),
    needed=6,
    one_day_field=True,
    examples=(
        "quartz(0/30 * * * * ?)",
        "quartz(0 0/15 * * * ?)",
        "quartz(0 0 9-17 * * ?)",
        "quartz(0 0 9 1,15 * ?)",
        "quartz(0 0 9 1 JAN,JUL ?)",
        "quartz(0 0 9 ? * MON-FRI)",
        "quartz(0 0 9 ? * MON-FRI 2027-2030)",
    ),
)


def _aws(rule: FieldRule) -> FieldRule:
    """Turn a Quartz field into AWS's."""
    return replace(rule, bare_step=False, lone_nearest=rule.name == "day-of-month")


AWS = CronDialect(
    dialect=Dialect.AWS,
    rules=tuple(_aws(rule) for rule in QUARTZ.rules[1:]),
    needed=5,
    one_day_field=True,
    examples=(
        "cron(0/15 * * * ? *)",
        "cron(0 9-17 * * ? *)",
        "cron(0 9 1,15 * ? *)",
        "cron(0 9 1 JAN,JUL ? *)",
        "cron(0 9 ? * MON-FRI *)",
        "cron(0 9 ? * MON-FRI 2027-2030)",
    ),
)
