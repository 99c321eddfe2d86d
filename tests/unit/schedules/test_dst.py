"""What becomes of slots in the hour that the clock leaps over, and in the hour that comes twice."""

from datetime import UTC, datetime

import pytest

from tickline.schedules import Fold, Gap, parse

NEW_YORK, LORD_HOWE, CASABLANCA = "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"
HAVANA, APIA, TROLL, LONDON = "America/Havana", "Pacific/Apia", "Antarctica/Troll", "Europe/London"
LOS_ANGELES = "America/Los_Angeles"


def slots(text: str, zone: str, day: str, *, gap: Gap = "skip", fold: Fold = "first") -> list[str]:
    """Return the slots of one day by UTC, as 02:30."""
    schedule = parse(text, zone=zone, dst_gap=gap, dst_fold=fold)
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
    found = []
    for slot in schedule.iterate(begin):
        if slot.date() != begin.date():
            break
        found.append(f"{slot:%H:%M}")
    return found


# In New York the clock goes from 02:00 to 03:00 at 07:00 UTC on 2027-03-14.
@pytest.mark.parametrize(
    ("text", "zone", "day", "gap", "expected"),
    [
        ("30 2 * * *", NEW_YORK, "2027-03-14", "skip", []),
        ("30 2 * * *", NEW_YORK, "2027-03-14", "shift", ["07:00"]),
        ("0 2,3 * * *", NEW_YORK, "2027-03-14", "skip", ["07:00"]),
        ("0 2,3 * * *", NEW_YORK, "2027-03-14", "shift", ["07:00"]),
        ("*/20 2 * * *", NEW_YORK, "2027-03-14", "shift", ["07:00"]),
        ("*/30 1-3 * * *", NEW_YORK, "2027-03-14", "skip", ["06:00", "06:30", "07:00", "07:30"]),
        ("*/30 1-3 * * *", NEW_YORK, "2027-03-14", "shift", ["06:00", "06:30", "07:00", "07:30"]),
        ("15 1,2,3 * * *", NEW_YORK, "2027-03-14", "shift", ["06:15", "07:00", "07:15"]),
        ("59 1 * * *", NEW_YORK, "2027-03-14", "shift", ["06:59"]),
        ("0 3 * * *", NEW_YORK, "2027-03-14", "shift", ["07:00"]),
        ("30 2 * * *", LOS_ANGELES, "2027-03-14", "skip", []),
        ("30 1 * * *", LONDON, "2027-03-28", "skip", []),
        ("30 1 * * *", LONDON, "2027-03-28", "shift", ["01:00"]),
        ("15 2 * * *", LORD_HOWE, "2026-10-03", "skip", []),
        ("15 2 * * *", LORD_HOWE, "2026-10-03", "shift", ["15:30"]),
        ("30 0 * * *", HAVANA, "2024-03-10", "skip", []),
        ("30 0 * * *", HAVANA, "2024-03-10", "shift", ["05:00"]),
        ("0 12 30 12 *", APIA, "2011-12-30", "skip", []),
        ("0 12 30 12 *", APIA, "2011-12-30", "shift", ["10:00"]),
        ("0 */6 * * *", APIA, "2011-12-30", "skip", ["04:00", "10:00", "16:00", "22:00"]),
        ("30 0,1,2 * * *", TROLL, "2026-03-29", "skip", ["00:30", "22:30", "23:30"]),
        ("30 0,1,2 * * *", TROLL, "2026-03-29", "shift", "00:30 01:00 22:30 23:30"),
    ],
)
def test_a_slot_in_a_gap_is_skipped_or_becomes_the_first_instant_after_it(
    text: str, zone: str, day: str, gap: Gap, expected: list[str] | str
) -> None:
    wanted = expected.split() if isinstance(expected, str) else expected

    assert slots(text, zone, day, gap=gap) == wanted


# In New York the clock goes from 02:00 back to 01:00 at 06:00 UTC on 2026-11-01.
@pytest.mark.parametrize(
    ("text", "zone", "day", "fold", "expected"),
    [
        ("30 1 * * *", NEW_YORK, "2026-11-01", "first", ["05:30"]),
        ("30 1 * * *", NEW_YORK, "2026-11-01", "second", ["06:30"]),
        ("30 1 * * *", NEW_YORK, "2026-11-01", "both", ["05:30", "06:30"]),
        ("0 2 * * *", NEW_YORK, "2026-11-01", "both", ["07:00"]),
        ("*/30 0-2 * * *", NEW_YORK, "2026-11-01", "first", "04:00 04:30 05:00 05:30 07:00 07:30"),
        ("*/30 0-2 * * *", NEW_YORK, "2026-11-01", "second", "04:00 04:30 06:00 06:30 07:00 07:30"),
        ("30 1 * * *", LOS_ANGELES, "2026-11-01", "first", ["08:30"]),
        ("30 1 * * *", LONDON, "2026-10-25", "first", ["00:30"]),
        ("30 1 * * *", LONDON, "2026-10-25", "second", ["01:30"]),
        ("45 1 * * *", LORD_HOWE, "2027-04-03", "first", ["14:45"]),
        ("45 1 * * *", LORD_HOWE, "2027-04-03", "second", ["15:15"]),
        ("45 1 * * *", LORD_HOWE, "2027-04-03", "both", ["14:45", "15:15"]),
        ("30 2 * * *", CASABLANCA, "2027-02-07", "first", ["01:30"]),
        ("30 2 * * *", CASABLANCA, "2027-02-07", "second", ["02:30"]),
        ("30 0 * * *", HAVANA, "2024-11-03", "both", ["04:30", "05:30"]),
        ("30 1,2 * * *", TROLL, "2026-10-25", "both", ["00:30", "01:30", "02:30"]),
    ],
)
def test_a_slot_in_a_fold_runs_in_the_passes_that_were_asked_for(
    text: str, zone: str, day: str, fold: Fold, expected: list[str] | str
) -> None:
    wanted = expected.split() if isinstance(expected, str) else expected

    assert slots(text, zone, day, fold=fold) == wanted


@pytest.mark.parametrize("fold", ["first", "second", "both"])
@pytest.mark.parametrize("gap", ["skip", "shift"])
@pytest.mark.parametrize("hours", ["*", "*/1", "0-23", "12-11"])
@pytest.mark.parametrize("day", ["2027-03-14", "2026-11-01"])
def test_an_expression_that_names_every_hour_keeps_its_pace(
    hours: str, day: str, gap: Gap, fold: Fold
) -> None:
    found = slots(f"*/15 {hours} * * *", NEW_YORK, day, gap=gap, fold=fold)

    assert found == [f"{n // 4:02}:{n % 4 * 15:02}" for n in range(1, 96)]


@pytest.mark.parametrize(
    "text",
    ["quartz(0 30 2 * * ?)", "cron(30 2 * * ? *)", "croniter(30 2 * * *)", "unix(30 2 * * *)"],
)
def test_every_dialect_has_the_same_rule(text: str) -> None:
    assert slots(text, NEW_YORK, "2027-03-14") == []
    assert slots(text, NEW_YORK, "2027-03-14", gap="shift") == ["07:00"]


def test_a_slot_that_always_falls_in_a_gap_never_runs() -> None:
    schedule = parse("cron(30 2 ? 3 1#2 2027-2199)", zone=NEW_YORK)
    shifted = parse("cron(30 2 ? 3 1#2 2027-2199)", zone=NEW_YORK, dst_gap="shift")
    begin = datetime(2027, 1, 1, tzinfo=UTC)

    assert schedule.next_after(begin) is None
    assert schedule.latest_until(datetime(2199, 12, 31, tzinfo=UTC)) is None
    assert len(list(shifted.iterate(begin))) == 173
    assert shifted.latest_until(datetime(2027, 3, 14, 7, 0, tzinfo=UTC)) == datetime(
        2027, 3, 14, 7, 0, tzinfo=UTC
    )


def test_a_rate_is_elapsed_time() -> None:
    anchor = datetime(2027, 3, 13, 12, 0, tzinfo=UTC)

    schedule = parse("rate(1 day)", zone=NEW_YORK, anchor=anchor)

    assert schedule.next_after(anchor) == datetime(2027, 3, 14, 12, 0, tzinfo=UTC)
