"""What a person is told about a schedule when it is created."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tickline.schedules import parse, warnings
from tickline.schedules.lint import MOST_WARNINGS

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "options", "kinds"),
    [
        ("0 9 * * *", {}, []),
        ("0 9 * * *", {"zone": "America/New_York"}, []),
        ("rate(1 hour)", {"zone": "America/New_York"}, []),
        ("30 * * * *", {"zone": "America/New_York", "dst_fold": "both", "dst_gap": "shift"}, []),
        ("30 1 * * *", {"zone": "America/New_York"}, []),
        ("30 1 * * *", {"zone": "America/New_York", "dst_fold": "second"}, []),
        ("at(2035-01-01T00:00:00)", {}, []),
        ("0 0 30 2 *", {}, ["never"]),
        ("cron(0 0 * * ? 2020)", {}, ["never"]),
        ("at(2020-01-01T00:00:00)", {}, ["never"]),
        ("0 0 29 2 *", {}, ["leap_day"]),
        ("* * 29 2 *", {"zone": "Asia/Tokyo"}, ["leap_day"]),
        ("cron(0 0 ? 2 2#5 *)", {}, ["leap_day"]),
        ("cron(0 0 29 2 ? 2028)", {}, ["rare"]),
        ("cron(0 0 * * ? 2030)", {}, ["rare"]),
        ("30 2 * * *", {"zone": "America/New_York"}, ["dst_skipped"] * 5),
        ("30 2 * * 1", {"zone": "America/New_York"}, []),
        ("30 2 * * *", {"zone": "America/New_York", "dst_gap": "shift"}, ["dst_shifted"] * 5),
        ("30 1 * * *", {"zone": "America/New_York", "dst_fold": "both"}, ["dst_doubled"] * 5),
        ("croniter(30 2 * * *)", {"zone": "America/New_York"}, ["dst_skipped"] * 5),
        ("cron(30 2 ? 3 1#2 *)", {"zone": "America/New_York"}, ["never"] + ["dst_skipped"] * 5),
    ],
)
def test_kinds_of_warnings(text: str, options: dict[str, Any], kinds: list[str]) -> None:
    found = warnings(parse(text, **options), now=NOW)

    assert [warning.kind for warning in found] == kinds


@pytest.mark.parametrize(
    ("text", "options", "local_time", "instants", "sentence"),
    [
        (
            "30 2 * * *",
            {},
            "2027-03-14T02:30:00",
            [],
            "the slot at 02:30 is skipped.",
        ),
        (
            "quartz(30 */20 2 * * ?)",
            {},
            "2027-03-14T02:00:30",
            [],
            "the 3 slots from 02:00:30 on are skipped.",
        ),
        (
            "30 2 * * *",
            {"dst_gap": "shift"},
            "2027-03-14T02:30:00",
            ["07:00"],
            "the slot at 02:30 runs at 03:00.",
        ),
        (
            "0,30 2 * * *",
            {"dst_gap": "shift"},
            "2027-03-14T02:00:00",
            ["07:00"],
            "the 2 slots from 02:00 on become one, at 03:00.",
        ),
        (
            "30 1 * * *",
            {"dst_fold": "both"},
            "2026-11-01T01:30:00",
            ["05:30", "06:30"],
            "the slot at 01:30 runs twice.",
        ),
        (
            "15,45 1 * * *",
            {"dst_fold": "both"},
            "2026-11-01T01:15:00",
            ["05:15", "06:15"],
            "the 2 slots from 01:15 on run twice.",
        ),
    ],
)
def test_a_change_of_the_clock_is_told_with_its_times(
    text: str, options: dict[str, Any], local_time: str, instants: list[str], sentence: str
) -> None:
    first, *_ = warnings(parse(text, zone="America/New_York", **options), now=NOW)

    verb = "goes back from 02:00 to 01:00" if "twice" in sentence else "leaps from 02:00 to 03:00"
    date = local_time[:10]
    assert first.sentence == f"On {date} the clock in America/New_York {verb}: {sentence}"
    assert first.local_time == local_time
    assert [f"{instant:%H:%M}" for instant in first.instants] == instants


def test_the_first_time_of_a_rare_schedule_is_named() -> None:
    (leap,) = warnings(parse("0 0 29 2 *"), now=NOW)

    assert leap.sentence == ("It runs only on 29 February; the first time is 2028-02-29 00:00:00 UTC.")
    assert leap.instants == (datetime(2028, 2, 29, tzinfo=UTC),)


def test_warnings_are_few_however_far_one_looks() -> None:
    schedule = parse("30 2 * * *", zone="America/New_York")

    assert len(warnings(schedule, now=NOW, years=500)) == MOST_WARNINGS
    assert warnings(schedule, now=NOW, years=0) == []
    assert warnings(schedule, now=datetime(2250, 1, 1, tzinfo=UTC))[0].kind == "never"
