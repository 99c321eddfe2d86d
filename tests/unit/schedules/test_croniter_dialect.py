"""croniter's own dialect: its meaning, our daylight saving."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest

from tickline.schedules import croniter_dialect, parse

NOW = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("croniter(0 9 * * 0)", "2027-01-17T09:00:00+00:00"),
        ("croniter(0 9 * * L5)", "2027-01-29T09:00:00+00:00"),
        ("croniter(0 9 l * *)", "2027-01-31T09:00:00+00:00"),
        ("croniter(0 9 * * wed#1)", "2027-02-03T09:00:00+00:00"),
        ("croniter(* * * * * 15)", "2027-01-15T12:00:15+00:00"),
        ("croniter(*/2 * * * * */20)", "2027-01-15T12:00:20+00:00"),
        ("croniter( 0  9 * *  * )", "2027-01-16T09:00:00+00:00"),
    ],
)
def test_an_expression_has_croniter_s_meaning(text: str, expected: str) -> None:
    found = parse(text).next_after(NOW)

    assert found == datetime.fromisoformat(expected)


def test_both_passes_are_kept_where_every_hour_is_named() -> None:
    begin, end = datetime(2026, 11, 1, 4, 0, tzinfo=UTC), datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
    schedule = parse("croniter(*/30 * * * *)", zone="America/New_York")

    found = list(takewhile(lambda slot: slot <= end, schedule.iterate(begin)))

    assert found == [begin + timedelta(minutes=30 * n) for n in range(1, 9)]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("croniter(*/20 1-2 * * *)", "*/20 1-2 * * *"),
        ("croniter(30 2 * * mon)", "30 2 * * MON"),
        ("croniter(0 0 1,15 * *)", "0 0 1,15 * *"),
        ("croniter(10 4 * * * 30)", "quartz(30 10 4 * * ?)"),
    ],
)
def test_slots_are_those_of_the_same_expression_elsewhere(text: str, same: str, zone: str) -> None:
    ours, theirs = parse(same, zone=zone), parse(text, zone=zone)
    slots = list(islice(ours.iterate(datetime(2026, 9, 20, tzinfo=UTC)), 200))

    assert list(islice(theirs.iterate(datetime(2026, 9, 20, tzinfo=UTC)), 200)) == slots
    assert theirs.count(slots[0], slots[-1]) == len(slots) - 1
    assert [theirs.latest_until(slot) for slot in slots[::20]] == slots[::20]
    middle = slots[100] - timedelta(seconds=1)
    assert theirs.latest_until(middle) == slots[99]


def test_a_hashed_field_is_hashed_by_croniter_with_the_job_s_id() -> None:
    times = {parse("croniter(H H * * *)", job_id=f"job-{n}").next_after(NOW) for n in range(20)}

    assert len(times) > 15
    assert parse("croniter(H H * * *)", job_id="job-1").next_after(NOW) in times


def test_a_count_ends_where_it_would_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(croniter_dialect, "COUNT_LIMIT", 50)
    schedule = parse("croniter(* * * * *)")

    assert schedule.count(NOW, NOW + timedelta(minutes=49)) == 49
    assert schedule.count(NOW, NOW + timedelta(days=365)) == 50


def test_before_the_first_slot_there_is_none() -> None:
    schedule = parse("croniter(0 0 1 2 *)")

    assert schedule.latest_until(datetime(1970, 1, 31, tzinfo=UTC)) is None
    assert schedule.latest_until(datetime(1970, 2, 1, tzinfo=UTC)) == datetime(1970, 2, 1, tzinfo=UTC)
    assert schedule.next_after(datetime(2199, 2, 1, tzinfo=UTC)) is None
    assert parse("croniter(0 0 30 2 *)").latest_until(NOW) is None
