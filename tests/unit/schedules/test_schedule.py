"""What every schedule promises, whatever its form."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tickline.schedules import Dialect, Schedule, parse

NOW = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)
ONE_OF_EACH = [
    "*/15 * * * *",
    "@daily",
    "unix(0 9 * * 1-5)",
    "cron(0 9 ? * MON-FRI *)",
    "cron(0 9 ? * MON-FRI)",
    "quartz(0 0 9 ? * MON-FRI)",
    "0 0 9 ? * MON-FRI 2027-2030",
    "croniter(0 9 * * mon-fri)",
    "rate(5 minutes)",
    "at(2027-05-01T09:00:00)",
]
every_form = pytest.mark.parametrize("text", ONE_OF_EACH)


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("0 9 * * *", "unix"),
        ("@hourly", "unix"),
        ("unix(0 9 * * *)", "unix"),
        ("cron(0 9 * * ? *)", "aws"),
        ("rate(1 day)", "aws"),
        ("at(2027-05-01T09:00:00)", "aws"),
        ("quartz(0 0 9 * * ?)", "quartz"),
        ("0 0 9 * * ? *", "quartz"),
        ("croniter(0 9 * * *)", "croniter"),
    ],
)
def test_a_form_says_its_dialect(text: str, dialect: str) -> None:
    schedule = parse(text)

    assert schedule.dialect is Dialect(dialect)
    assert str(schedule.dialect) == dialect


@every_form
def test_a_schedule_keeps_its_text_and_zone(text: str) -> None:
    schedule = parse(f" {text} ", zone="Europe/Berlin")

    assert (schedule.text, schedule.zone) == (f" {text} ", "Europe/Berlin")
    assert schedule.one_time is text.startswith("at(")


@every_form
def test_equal_arguments_give_equal_schedules(text: str) -> None:
    first, second = parse(text), parse(text)

    assert first == second
    assert hash(first) == hash(second)
    assert first != parse(text, zone="Asia/Tokyo")


def test_schedules_with_other_options_are_other_schedules() -> None:
    plain, gap, fold = (
        parse("30 1 * * *", zone="Europe/Rome"),
        parse("30 1 * * *", zone="Europe/Rome", dst_gap="shift"),
        parse("30 1 * * *", zone="Europe/Rome", dst_fold="both"),
    )

    assert len({plain, gap, fold}) == 3
    assert parse("H H * * *", job_id="a") != parse("H H * * *", job_id="b")


@every_form
@pytest.mark.parametrize(
    "instant", [NOW.replace(tzinfo=None), date(2027, 1, 15), 1_800_000_000, "2027-01-15", None]
)
def test_anything_but_an_aware_datetime_is_refused_in_words(text: str, instant: Any) -> None:
    schedule = parse(text)

    for question in (
        schedule.next_after,
        schedule.latest_until,
        lambda t: schedule.count(t, NOW),
        lambda t: schedule.count(NOW, t),
        lambda t: next(iter(schedule.iterate(t)), None),
    ):
        with pytest.raises(ValueError, match="an aware datetime is needed, such as"):
            question(instant)


@every_form
def test_instants_of_any_zone_are_understood(text: str) -> None:
    schedule = parse(text, zone="America/New_York")

    for zone in (ZoneInfo("Asia/Tokyo"), timezone(timedelta(hours=-3, minutes=-30))):
        there = NOW.astimezone(zone)
        assert schedule.next_after(there) == schedule.next_after(NOW)
        assert schedule.latest_until(there) == schedule.latest_until(NOW)
        assert schedule.count(there, there + timedelta(days=9)) == schedule.count(
            NOW, NOW + timedelta(days=9)
        )


@every_form
def test_slots_come_in_utc_and_whole_seconds(text: str) -> None:
    for slot in islice(parse(text, zone="America/New_York").iterate(NOW), 5):
        assert slot.tzinfo is UTC
        assert slot.microsecond == 0


@every_form
def test_a_fraction_of_a_second_is_neither_lost_nor_added(text: str) -> None:
    schedule = parse(text)
    slot = schedule.next_after(NOW)
    assert slot is not None
    just_before, just_after = (slot + timedelta(microseconds=n) for n in (-1, 1))

    assert schedule.next_after(just_before) == slot
    assert schedule.latest_until(just_after) == slot
    assert schedule.next_after(just_after) != slot
    assert schedule.latest_until(just_before) != slot
    assert schedule.count(just_before, slot) == 1
    assert schedule.count(slot, just_after) == 0


@every_form
def test_a_count_from_later_to_earlier_is_nothing(text: str) -> None:
    schedule = parse(text)

    assert schedule.count(NOW, NOW - timedelta(days=900)) == 0
    assert schedule.count(NOW, NOW) == 0


@every_form
def test_time_has_an_end_and_a_beginning(text: str) -> None:
    schedule = parse(text, zone="Pacific/Kiritimati")
    last_moment = datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))
    first_moment = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))

    assert schedule.next_after(last_moment) is None
    assert list(schedule.iterate(last_moment)) == []
    assert schedule.latest_until(first_moment) is None
    last, first = schedule.latest_until(last_moment), schedule.next_after(first_moment)
    assert last is not None
    assert first is not None
    assert first.year >= 1969
    assert last.year <= 2199


def test_the_last_slots_are_in_the_year_2199_by_the_local_clock() -> None:
    west = parse("* * * * *", zone="Pacific/Pago_Pago")
    east = parse("* * * * *", zone="Pacific/Kiritimati")
    after_all = datetime(2300, 1, 1, tzinfo=UTC)

    assert west.latest_until(after_all) == datetime(2200, 1, 1, 10, 59, tzinfo=UTC)
    assert east.latest_until(after_all) == datetime(2199, 12, 31, 9, 59, tzinfo=UTC)
    assert west.next_after(datetime(2200, 1, 1, 10, 59, tzinfo=UTC)) is None
    assert east.next_after(datetime(1960, 1, 1, tzinfo=UTC)) == datetime(1970, 1, 1, 10, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "0 0 30 2 *",
        "0 0 31 4,6,9,11 *",
        "cron(0 0 31W 2 ? *)",
        "cron(0 0 ? 2 2#5 2027)",
        "cron(0 0 * * ? 1970)",
        "quartz(59 59 23 L-30 2 ?)",
        "croniter(0 0 30 2 *)",
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_never_is_an_answer_and_not_a_search_without_end(text: str, zone: str) -> None:
    schedule = parse(text, zone=zone)

    assert schedule.next_after(NOW) is None
    assert list(schedule.iterate(NOW)) == []
    assert schedule.count(NOW, datetime(2190, 1, 1, tzinfo=UTC)) == 0


def test_a_count_over_all_time_is_quick_and_right() -> None:
    begin, end = datetime(1971, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)

    seconds = parse("quartz(* * * * * ?)", zone="America/New_York").count(begin, end)
    gone = parse("30 2 * * *", zone="America/New_York").count(begin, end)
    days = (end - begin).days

    assert seconds == days * 86_400
    assert days - 300 < gone < days - 200


@pytest.mark.parametrize(
    ("macro", "same"),
    [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ],
)
def test_a_macro_is_short_for_five_fields(macro: str, same: str) -> None:
    assert list(islice(parse(macro).iterate(NOW), 3)) == list(islice(parse(same).iterate(NOW), 3))
    assert list(islice(parse(f"unix({macro})").iterate(NOW), 3))


def days_of_january(text: str) -> list[int]:
    begin = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    end = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)
    return [slot.day for slot in takewhile(lambda slot: slot <= end, parse(text).iterate(begin))]


# 1 January 2027 is a Friday.
@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 0 13 * 5", [1, 8, 13, 15, 22, 29]),
        ("0 0 1-31 * 5", list(range(1, 32))),
        ("0 0 */10 * 1", [11]),
        ("0 0 1,11,21,31 * 1", [1, 4, 11, 18, 21, 25, 31]),
        ("0 0 8-14 * */5", [8, 10]),
        ("0 0 10,* * 1", list(range(1, 32))),
        ("0 0 * * 7", [3, 10, 17, 24, 31]),
        ("0 0 * * FRI-MON", [1, 2, 3, 4, 8, 9, 10, 11, 15, 16, 17, 18, 22, 23, 24, 25, 29, 30, 31]),
        ("0 0 * * 6-7", [2, 3, 9, 10, 16, 17, 23, 24, 30, 31]),
        ("0 0 * * */7", [3, 10, 17, 24, 31]),
        ("0 0 29-2 * *", [1, 2, 29, 30, 31]),
        ("0 0 29-8/3 * *", [1, 4, 7, 29]),
        ("0 0 */70 * *", [1]),
        (
            "cron(0 0 ? * FRI-MON *)",
            [1, 2, 3, 4, 8, 9, 10, 11, 15, 16, 17, 18, 22, 23, 24, 25, 29, 30, 31],
        ),
        ("cron(0 0 LW * ? *)", [29]),
        ("cron(0 0 L-2 * ? *)", [29]),
        ("cron(0 0 L,15 * ? *)", [15, 31]),
        ("cron(0 0 2W * ? *)", [1]),
        ("cron(0 0 31W * ? *)", [29]),
        ("cron(0 0 ? * 7L *)", [30]),
        ("cron(0 0 ? * 2/3 *)", [4, 7, 11, 14, 18, 21, 25, 28]),
        ("quartz(0 0 0 /10 * ?)", [1, 11, 21, 31]),
        ("quartz(0 0 0 ? * FRI#5)", [29]),
    ],
)
def test_the_days_of_a_month(text: str, days: list[int]) -> None:
    assert days_of_january(text) == days


def test_a_range_that_wraps_keeps_its_step() -> None:
    begin = datetime(2027, 1, 1, 0, 0, tzinfo=UTC)

    found = [slot.hour for slot in islice(parse("0 17-12/5 * * *").iterate(begin), 4)]

    assert found == [3, 8, 17, 22]


def test_a_whole_text_is_parsed_once_and_shared() -> None:
    texts = [f"{n % 60} {n % 24} * * *" for n in range(200)]
    for text in texts:
        parse(text)

    again = {id(parse(text)) for text in texts}

    assert len(again) == len(set(texts))


def test_schedules_of_the_same_fields_share_their_tables() -> None:
    first, second = parse("5 9 * * 1-5 "), parse("5 9 * * 1-5")

    assert first is not second
    assert first.rule.days is second.rule.days  # type: ignore[attr-defined]
    assert first.rule.times is second.rule.times  # type: ignore[attr-defined]


def test_importing_schedules_brings_in_neither_croniter_nor_what_only_refusals_need() -> None:
    program = (
        "import sys, tickline.schedules as s;"
        "s.parse('cron(0 9 ? * MON-FRI *)', zone='Asia/Tokyo');"
        "print([name for name in ('croniter', 'difflib', 'calendar') "
        "if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_every_schedule_is_a_schedule() -> None:
    schedules: list[Schedule] = [parse(text) for text in ONE_OF_EACH]

    assert len({type(schedule) for schedule in schedules}) == 3
