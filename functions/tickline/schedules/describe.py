"""Cron expressions in English, told from the values: the same in every dialect."""

from collections.abc import Iterable

from tickline.schedules.fields import Field, Fields, Part
from tickline.schedules.instants import FIRST_YEAR, LAST_YEAR
from tickline.schedules.zones import zone_title

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_NTH = ("first", "second", "third", "fourth", "fifth")
_FEW = 6
_ON_THE_MINUTE = (0,)
_EVERY_MINUTE = tuple(range(60))
_EVERY_HOUR = tuple(range(24))


def describe_fields(fields: Fields, zone: str) -> str:
    """Return one sentence, without a full stop: At 09:30 on weekdays, New York time."""
    times, days = _times(fields), _days(fields)
    if not days and "very" not in times:
        days = "every day"
    months, years = _months(fields.month), _years(fields.year)
    if days.endswith("of the month") and months.startswith("in "):
        days, months = days.removesuffix("the month") + months.removeprefix("in "), ""
    phrase = " ".join(words for words in (times, days, months, years) if words)
    return f"{phrase}, {zone_title(zone)}"


def _times(fields: Fields) -> str:
    seconds = fields.second.values if fields.second else _ON_THE_MINUTE
    minutes, hours = fields.minute.values, fields.hour.values
    if len(seconds) * len(minutes) * len(hours) <= _FEW:
        return "At " + _join(
            _clock(hour, minute, second, with_seconds=seconds != _ON_THE_MINUTE)
            for hour in hours
            for minute in minutes
            for second in seconds
        )
    if seconds != _ON_THE_MINUTE:
        return _often("second", seconds) + _in_minutes(minutes) + _in_hours(hours)
    if len(minutes) == 1:
        return _hourly(minutes[0], hours)
    return _often("minute", minutes) + _in_hours(hours)


def _clock(hour: int, minute: int, second: int, *, with_seconds: bool) -> str:
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if with_seconds else "")


def _often(unit: str, values: tuple[int, ...]) -> str:
    """Say how often a unit comes: Every minute, Every 15 minutes, At seconds 1, 2 and 40."""
    larger = "hour" if unit == "minute" else "minute"
    if len(values) == 60:
        return f"Every {unit}"
    step = _step(values, 0, 59)
    if step:
        start = f" from {unit} {values[0]}" if values[0] or 60 % step else ""
        uneven = f" of each {larger}" if 60 % step else ""
        return f"Every {step} {unit}s{start}{uneven}"
    if _is_run(values):
        return f"Every {unit} from {unit} {values[0]} to {values[-1]} of each {larger}"
    return f"At {_counted(unit, values)} of every {larger}"


def _hourly(minute: int, hours: tuple[int, ...]) -> str:
    past = f" at minute {minute}" if minute else ""
    if hours == _EVERY_HOUR:
        return f"Every hour{past}"
    first, last = _turn(hours, 24)
    if last is not None:
        return f"Every hour from {first:02}:{minute:02} to {last:02}:{minute:02}"
    step = _step(hours, 0, 23)
    if step:
        return f"Every {step} hours from {hours[0]:02}:{minute:02} to {hours[-1]:02}:{minute:02}"
    return f"At minute {minute} of the hours {_join(f'{hour:02}' for hour in hours)}"


def _in_minutes(minutes: tuple[int, ...]) -> str:
    if minutes == _EVERY_MINUTE:
        return ""
    step = _step(minutes, 0, 59)
    if step:
        start = f" from minute {minutes[0]}" if minutes[0] else ""
        return f", in every {_ordinal(step)} minute{start}"
    if _is_run(minutes):
        return f", in minutes {minutes[0]} to {minutes[-1]}"
    return f", in {_counted('minute', minutes)}"


def _in_hours(hours: tuple[int, ...]) -> str:
    if hours == _EVERY_HOUR:
        return ""
    first, last = _turn(hours, 24)
    if last is not None:
        return f", from {first:02}:00 to {last:02}:59"
    step = _step(hours, 0, 23)
    if step:
        return f", in every {_ordinal(step)} hour from {hours[0]:02}:00 to {hours[-1]:02}:59"
    return f", in the hours {_join(f'{hour:02}' for hour in hours)}"


def _days(fields: Fields) -> str:
    of_month = _month_days(fields.day_of_month)
    of_week = _week_days(fields.day_of_week)
    if not (of_month and of_week):
        return "" if fields.either else of_month or of_week
    return f"{of_month}{' and also' if fields.either else ', but only'} {of_week}"


def _month_days(field: Field) -> str:
    values = field.values
    if len(values) == 31:
        return ""
    phrases = [_month_part(part) for part in field.special]
    step = _step(values, 1, 31)
    if step and not phrases:
        return f"on every {_ordinal(step)} day of the month from the {_ordinal(values[0])}"
    if _is_run(values):
        phrases.insert(0, f"the {_ordinal(values[0])} to the {_ordinal(values[-1])}")
    elif values:
        phrases.insert(0, f"the {_join(_ordinal(value) for value in values)}")
    return f"on {_join(phrases)} of the month"


def _month_part(part: Part) -> str:
    """Say L, L-n, LW, L-nW or nW, to go before "of the month"."""
    if part.kind == "nearest":
        return f"the weekday nearest to the {_ordinal(part.first)}"
    if part.number == 0:
        return "the last weekday" if part.kind == "last_weekday" else "the last day"
    number = f"{_ordinal(part.number)} day" if part.number > 1 else "day"
    day = f"the {number} before the last day"
    return f"the weekday nearest to {day}" if part.kind == "last_weekday" else day


def _week_days(field: Field) -> str:
    values = field.values
    if len(values) == 7:
        return ""
    if values == (1, 2, 3, 4, 5):
        return "on weekdays"
    if values == (0, 6):
        return "on weekends"
    first, last = _turn(values, 7)
    if len(values) >= 3 and last is not None:
        return f"from {_DAYS[first]} to {_DAYS[last]}"
    names = [_DAYS[day] for day in sorted(values, key=lambda day: (day - 1) % 7)]
    special = [f"the {_which(part)} {_DAYS[part.first]} of the month" for part in field.special]
    return f"on {_join([*names, *special])}"


def _which(part: Part) -> str:
    return _NTH[part.number - 1] if part.kind == "nth_dow" else "last"


def _months(field: Field) -> str:
    values = field.values
    if len(values) == 12:
        return ""
    first, last = _turn(values, 12, low=1)
    if len(values) >= 3 and last is not None:
        return f"from {_MONTHS[first - 1]} to {_MONTHS[last - 1]}"
    return f"in {_join(_MONTHS[value - 1] for value in values)}"


def _years(field: Field | None) -> str:
    if field is None or len(field.values) == LAST_YEAR - FIRST_YEAR + 1:
        return ""
    values = field.values
    if _is_run(values):
        return f"in the years {values[0]} to {values[-1]}"
    step = _step(values, values[0], values[-1])
    if step:
        return f"in every {_ordinal(step)} year from {values[0]} to {values[-1]}"
    return f"in {_join(str(value) for value in values)}"


def _is_run(values: tuple[int, ...]) -> bool:
    return len(values) >= 3 and values[-1] - values[0] == len(values) - 1


def _turn(values: tuple[int, ...], span: int, low: int = 0) -> tuple[int, int | None]:
    """Return the ends of a run, which may go round; the second is None if there is no run."""
    starts = [v for v in values if (v - low - 1) % span + low not in values]
    if len(starts) != 1:
        return 0, None
    return starts[0], (starts[0] - low + len(values) - 1) % span + low


def _step(values: tuple[int, ...], low: int, high: int) -> int:
    """Return n if the values are every n-th of the whole range, else 0."""
    if len(values) < 3:
        return 0
    step = values[1] - values[0]
    even = values == tuple(range(values[0], values[-1] + 1, step))
    reaches = values[0] - low < step and high - values[-1] < step
    return step if step > 1 and even and reaches else 0


def _ordinal(number: int) -> str:
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _counted(unit: str, values: tuple[int, ...]) -> str:
    return f"{unit}{'s' if len(values) > 1 else ''} {_join(str(value) for value in values)}"


def _join(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
