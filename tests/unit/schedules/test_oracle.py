"""The schedules against a second opinion that steps through real time and looks at the clock."""

import calendar
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickline.schedules import Fold, Gap, Schedule, parse

from .oracle import Plain, slots

# Odd days: shifts of half an hour and of two, at Ramadan, at midnight and one minute past it; a day
# that never was; a zone that moved for good by a quarter or half of an hour; and none at all.
ODD_DAYS = [
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Europe/London", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("Australia/Lord_Howe", "2026-04-04"),
    ("Australia/Lord_Howe", "2026-10-03"),
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kwajalein", "1993-08-21"),
    ("Africa/Casablanca", "2027-02-07"),
    ("Africa/Casablanca", "2027-03-14"),
    ("Antarctica/Troll", "2026-03-29"),
    ("Antarctica/Troll", "2026-10-25"),
    ("America/Havana", "2024-03-10"),
    ("America/Havana", "2024-11-03"),
    ("America/St_Johns", "2006-04-02"),
    ("America/St_Johns", "2006-10-29"),
    ("America/Sao_Paulo", "2017-10-15"),
    ("America/Sao_Paulo", "2018-02-18"),
    ("Asia/Kathmandu", "1985-12-31"),
    ("Asia/Pyongyang", "2015-08-14"),
    ("Asia/Pyongyang", "2018-05-04"),
    ("America/Caracas", "2007-12-09"),
    ("Asia/Gaza", "2040-10-12"),
    ("Africa/Cairo", "2023-10-26"),
    ("Pacific/Chatham", "2027-04-03"),
    ("UTC", "2026-12-31"),
]


def listed(values: set[int]) -> str:
    return ",".join(str(value) for value in sorted(values))


hours_of_day = st.one_of(
    st.sets(st.integers(0, 4), min_size=1, max_size=4),
    st.sets(st.integers(0, 23), min_size=1, max_size=8),
    st.sampled_from([set(range(24)), set(range(0, 24, 2)), set(range(1, 4)), set(range(1, 24))]),
)
minutes_of_hour = st.one_of(
    st.sets(st.integers(0, 59), min_size=1, max_size=4),
    st.sampled_from([{0}, {30}, {0, 30}, set(range(0, 60, 15)), set(range(60)), {59}, {0, 1}]),
)
moments = st.integers(0, 4 * 24 * 60 * 60)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    odd_day=st.sampled_from(ODD_DAYS),
    hours=hours_of_day,
    minutes=minutes_of_hour,
    weekdays=st.one_of(st.just(set(range(7))), st.sets(st.integers(0, 6), min_size=1)),
    gap=st.sampled_from(["skip", "shift"]),
    fold=st.sampled_from(["first", "second", "both"]),
    times=st.lists(moments, min_size=8, max_size=8),
)
def test_slots_are_those_that_a_look_at_every_minute_finds(
    odd_day: tuple[str, str],
    hours: set[int],
    minutes: set[int],
    weekdays: set[int],
    gap: Gap,
    fold: Fold,
    times: list[int],
) -> None:
    zone, day = odd_day
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=2)
    end = begin + timedelta(days=4)
    text = f"{listed(minutes)} {listed(hours)} * * {listed(weekdays)}"
    rule = Plain(
        minutes=frozenset(minutes),
        hours=frozenset(hours),
        is_day=lambda local: local.isoweekday() % 7 in weekdays,
        gap=gap,
        fold=fold,
    )
    expected = slots(rule, zone, begin, end, 60)

    schedule = parse(text, zone=zone, dst_gap=gap, dst_fold=fold)

    assert list(takewhile(lambda slot: slot <= end, schedule.iterate(begin))) == expected
    check_questions(schedule, expected, begin, end, times)


def check_questions(
    schedule: Schedule, expected: list[datetime], begin: datetime, end: datetime, times: list[int]
) -> None:
    """Ask about moments in between, about slots themselves, and about the seconds beside them."""
    instants = [begin + timedelta(seconds=time) for time in sorted(times)]
    for slot in expected[:3] + expected[-3:]:
        instants += [slot, slot - timedelta(seconds=1), slot + timedelta(seconds=1)]
    for instant in instants:
        ahead = bisect_right(expected, instant)
        if ahead < len(expected):
            assert schedule.next_after(instant) == expected[ahead]
        if ahead and instant <= end:
            assert schedule.latest_until(instant) == expected[ahead - 1]
        assert schedule.count(begin, min(instant, end)) == bisect_right(expected, min(instant, end))
        assert schedule.count(instant, end) == len(expected) - bisect_right(expected, instant)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    odd_day=st.sampled_from(
        [
            ("America/New_York", "2026-03-08T06:30"),
            ("America/New_York", "2026-11-01T05:00"),
            ("Australia/Lord_Howe", "2026-04-04T14:00"),
            ("Australia/Lord_Howe", "2026-10-03T15:00"),
            ("Africa/Monrovia", "1972-01-07T00:00"),
        ]
    ),
    hours=st.sampled_from([set(range(24)), {1, 2}, {0, 1, 2, 3}]),
    minutes=minutes_of_hour,
    seconds=st.sets(st.integers(0, 59), min_size=1, max_size=5),
    gap=st.sampled_from(["skip", "shift"]),
    fold=st.sampled_from(["first", "second", "both"]),
)
def test_slots_are_those_that_a_look_at_every_second_finds(
    odd_day: tuple[str, str],
    hours: set[int],
    minutes: set[int],
    seconds: set[int],
    gap: Gap,
    fold: Fold,
) -> None:
    zone, moment = odd_day
    begin = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    end = begin + timedelta(hours=3)
    rule = Plain(
        seconds=frozenset(seconds),
        minutes=frozenset(minutes),
        hours=frozenset(hours),
        gap=gap,
        fold=fold,
    )
    expected = slots(rule, zone, begin, end, 1)

    text = f"quartz({listed(seconds)} {listed(minutes)} {listed(hours)} * * ?)"
    schedule = parse(text, zone=zone, dst_gap=gap, dst_fold=fold)

    assert list(takewhile(lambda slot: slot <= end, schedule.iterate(begin))) == expected
    check_questions(schedule, expected, begin, end, [0, 1800, 5400, 7201])


def weekday(day: date) -> int:
    """Return Quartz's number: Sunday = 1."""
    return day.isoweekday() % 7 + 1


def nearest_weekday(year: int, month: int, day: int) -> date | None:
    """Return the Monday to Friday nearest to a day of a month, without leaving the month."""
    length = calendar.monthrange(year, month)[1]
    if not 1 <= day <= length:
        return None
    for distance in (0, -1, 1, -2, 2):
        if 1 <= day + distance <= length:
            candidate = date(year, month, day + distance)
            if candidate.isoweekday() <= 5:
                return candidate
    raise AssertionError


def is_date(part: str, day: date) -> bool:
    """Answer for one item of a day-of-month list."""
    length = calendar.monthrange(day.year, day.month)[1]
    if part.endswith("W"):
        body = part[:-1]
        wanted = length - int(body[2:] or 0) if body.startswith("L") else int(body)
        return day == nearest_weekday(day.year, day.month, wanted)
    if part.startswith("L"):
        return day.day == length - int(part[2:] or 0)
    return day.day == int(part)


def is_weekday(part: str, day: date) -> bool:
    """Answer for one item of a day-of-week list."""
    if "#" in part:
        wanted, number = part.split("#")
        return weekday(day) == int(wanted) and (day.day - 1) // 7 + 1 == int(number)
    if part.endswith("L") and part != "L":
        length = calendar.monthrange(day.year, day.month)[1]
        return weekday(day) == int(part[:-1]) and day.day + 7 > length
    return weekday(day) == (7 if part == "L" else int(part))


dates = st.one_of(
    st.integers(1, 31).map(str),
    st.integers(1, 31).map(lambda n: f"{n}W"),
    st.integers(1, 30).map(lambda n: f"L-{n}"),
    st.integers(1, 30).map(lambda n: f"L-{n}W"),
    st.sampled_from(["L", "LW"]),
)
weekdays_of_month = st.one_of(
    st.integers(1, 7).map(str),
    st.integers(1, 7).map(lambda n: f"{n}L"),
    st.just("L"),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(lambda pair: f"{pair[0]}#{pair[1]}"),
)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    parts=st.lists(dates, min_size=1, max_size=3),
    months=st.one_of(st.just(set(range(1, 13))), st.sets(st.integers(1, 12), min_size=1)),
    first_year=st.sampled_from([1970, 2023, 2098]),
)
def test_days_of_the_month_are_those_of_the_calendar(
    parts: list[str], months: set[int], first_year: int
) -> None:
    text = f"quartz(0 0 12 {','.join(parts)} {listed(months)} ? {first_year}-{first_year + 4})"

    found = [slot.date() for slot in parse(text).iterate(datetime(1969, 1, 1, tzinfo=UTC))]

    assert found == [
        day
        for day in all_days(first_year, 5)
        if day.month in months and any(is_date(part, day) for part in parts)
    ]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(part=weekdays_of_month, months=st.sets(st.integers(1, 12), min_size=1))
def test_days_of_the_week_are_those_of_the_calendar(part: str, months: set[int]) -> None:
    text = f"quartz(0 0 12 ? {listed(months)} {part} 2024-2028)"

    found = [slot.date() for slot in parse(text).iterate(datetime(2000, 1, 1, tzinfo=UTC))]

    assert found == [day for day in all_days(2024, 5) if day.month in months and is_weekday(part, day)]


def all_days(first_year: int, years: int) -> list[date]:
    first = date(first_year, 1, 1)
    stop = date(first_year + years, 1, 1)
    return [first + timedelta(days=n) for n in range((stop - first).days)]


TEXTS = [
    "*/7 * * * *",
    "30 2 * * *",
    "30 1 * * 0",
    "0 0 29 2 *",
    "0 12 13 * 5",
    "quartz(*/20 0 0 L-3W * ?)",
    "cron(15 10 ? * 6L 2022-2033)",
    "cron(0 8 1W * ? *)",
    "rate(7 hours)",
    "at(2027-02-28T01:30:00)",
    "H H * * *",
]
instants_of_the_horizon = st.datetimes(
    min_value=datetime(1968, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2201, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    timezones=st.just(UTC),
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    text=st.sampled_from(TEXTS),
    zone=st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]),
    gap=st.sampled_from(["skip", "shift"]),
    fold=st.sampled_from(["first", "second", "both"]),
    instant=instants_of_the_horizon,
)
def test_the_next_and_the_latest_slot_enclose_every_instant(
    text: str, zone: str, gap: Gap, fold: Fold, instant: datetime
) -> None:
    schedule = parse(text, zone=zone, dst_gap=gap, dst_fold=fold)

    ahead, behind = schedule.next_after(instant), schedule.latest_until(instant)

    if ahead is not None:
        assert instant < ahead
        assert ahead.microsecond == 0
        assert schedule.latest_until(ahead) == ahead
        assert schedule.latest_until(ahead - timedelta(microseconds=1)) == behind
        assert schedule.count(instant, ahead) == 1
    if behind is not None:
        assert behind <= instant
        assert schedule.next_after(behind) == ahead
        assert schedule.next_after(behind - timedelta(microseconds=1)) == behind
        assert schedule.count(behind, instant) == 0


@pytest.mark.parametrize("gap", ["skip", "shift"])
@pytest.mark.parametrize("fold", ["first", "second", "both"])
@pytest.mark.parametrize("zone", ["America/New_York", "Africa/Casablanca", "Antarctica/Troll"])
@pytest.mark.parametrize("text", ["*/20 1,2 * * *", "30 1 * * *", "15 * * * *", "0 */2 * * *"])
def test_a_count_over_years_is_the_number_of_steps(
    text: str, zone: str, fold: Literal["first", "second", "both"], gap: Gap
) -> None:
    schedule = parse(text, zone=zone, dst_gap=gap, dst_fold=fold)
    begin, end = datetime(2024, 2, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)

    found = list(takewhile(lambda slot: slot <= end, schedule.iterate(begin)))

    assert schedule.count(begin, end) == len(found)
    assert found == sorted(set(found))
    middle = datetime(2025, 3, 9, 7, 0, tzinfo=UTC)
    assert schedule.count(begin, middle) == bisect_right(found, middle)
    assert bisect_left(found, middle) <= bisect_right(found, middle)
