"""Elapsed time from an anchor, and single instants."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from tickline.schedules import Fold, parse

ANCHOR = datetime(2027, 1, 1, 8, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("rate(1 second)", timedelta(seconds=1)),
        ("rate(90 seconds)", timedelta(seconds=90)),
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(1 minutes)", timedelta(minutes=1)),
        ("rate(5 minute)", timedelta(minutes=5)),
        (" rate( 5  minutes ) ", timedelta(minutes=5)),
        ("rate(1 hour)", timedelta(hours=1)),
        ("rate(7 days)", timedelta(days=7)),
        ("rate(007 days)", timedelta(days=7)),
    ],
)
def test_a_rate_runs_at_its_anchor_and_every_period_after_it(text: str, period: timedelta) -> None:
    schedule = parse(text, anchor=ANCHOR)

    found = list(islice(schedule.iterate(ANCHOR - timedelta(days=30)), 4))

    assert found == [ANCHOR, ANCHOR + period, ANCHOR + 2 * period, ANCHOR + 3 * period]


def test_a_rate_does_not_drift_over_a_century() -> None:
    schedule = parse("rate(7 minutes)", anchor=ANCHOR)
    much_later = ANCHOR + timedelta(minutes=7) * 7_500_000

    assert schedule.next_after(much_later - timedelta(seconds=1)) == much_later
    assert schedule.count(ANCHOR, much_later) == 7_500_000
    assert schedule.count(ANCHOR - timedelta(days=1), much_later) == 7_500_001


def test_a_rate_has_no_slot_before_its_anchor() -> None:
    schedule = parse("rate(1 day)", anchor=ANCHOR)

    assert schedule.latest_until(ANCHOR - timedelta(seconds=1)) is None
    assert schedule.latest_until(ANCHOR) == ANCHOR
    assert schedule.count(ANCHOR - timedelta(days=9), ANCHOR - timedelta(days=1)) == 0


def test_a_rate_without_an_anchor_counts_from_1970() -> None:
    schedule = parse("rate(6 hours)", zone="Asia/Kolkata")

    assert schedule.next_after(ANCHOR) == datetime(2027, 1, 1, 12, 0, tzinfo=UTC)


def test_an_anchor_is_rounded_down_to_the_second() -> None:
    schedule = parse("rate(1 minute)", anchor=ANCHOR + timedelta(microseconds=999_999))

    assert schedule.next_after(ANCHOR - timedelta(seconds=1)) == ANCHOR


def test_a_naive_anchor_is_refused() -> None:
    with pytest.raises(ValueError, match="an aware datetime is needed"):
        parse("rate(1 minute)", anchor=ANCHOR.replace(tzinfo=None))


def test_a_rate_ends_with_the_year_2199() -> None:
    schedule = parse("rate(1 day)", anchor=datetime(2199, 12, 30, 12, 0, tzinfo=UTC))

    assert len(list(schedule.iterate(ANCHOR))) == 2
    assert schedule.count(ANCHOR, datetime(2300, 1, 1, tzinfo=UTC)) == 2


@pytest.mark.parametrize(
    ("text", "zone", "fold", "expected"),
    [
        ("at(2027-05-01T09:00:00)", "UTC", "first", "2027-05-01T09:00:00+00:00"),
        (" at(2027-05-01T09:00:59) ", "America/New_York", "first", "2027-05-01T13:00:59+00:00"),
        ("at(2026-11-01T01:30:00)", "America/New_York", "first", "2026-11-01T05:30:00+00:00"),
        ("at(2026-11-01T01:30:00)", "America/New_York", "second", "2026-11-01T06:30:00+00:00"),
        ("at(2026-11-01T01:30:00)", "America/New_York", "both", "2026-11-01T05:30:00+00:00"),
        ("at(2027-03-14T03:00:00)", "America/New_York", "first", "2027-03-14T07:00:00+00:00"),
        ("at(1970-01-01T00:00:00)", "Pacific/Kiritimati", "first", "1970-01-01T10:40:00+00:00"),
        ("at(2199-12-31T23:59:59)", "Pacific/Pago_Pago", "first", "2200-01-01T10:59:59+00:00"),
    ],
)
def test_a_one_time_schedule_has_one_slot_by_the_clock_of_its_zone(
    text: str, zone: str, fold: Fold, expected: str
) -> None:
    schedule = parse(text, zone=zone, dst_fold=fold)
    slot = datetime.fromisoformat(expected)
    before, after = slot - timedelta(days=1), slot + timedelta(days=1)

    assert list(schedule.iterate(before)) == [slot]
    assert schedule.next_after(before) == slot
    assert schedule.next_after(slot) is None
    assert schedule.latest_until(slot) == slot
    assert schedule.latest_until(before) is None
    assert schedule.count(before, after) == schedule.count(before, slot) == 1
    assert schedule.count(slot, after) == 0
