"""Zone names, and the clocks made from them."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tickline.errors import InvalidSchedule
from tickline.schedules import check_zone, parse, zones
from tickline.schedules.zones import CEILING, FLOOR, wall_clock


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Etc/UTC"]
)
def test_a_full_name_is_accepted(name: str) -> None:
    assert check_zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        *["EST", "PST8PDT", "GMT", "utc", "Zulu", "UTC+2", "localtime", "posixrules", "Factory"],
        *["europe/berlin", "Europe/berlin", "Europe", "Europe/", "/etc/localtime"],
        *["posix/Europe/Berlin", "right/Europe/Berlin", "../zoneinfo/UTC", "Mars/Olympus"],
        *["", "a\0/b", "Europe/Berlin ", None, ["UTC"], 5],
    ],
)
def test_any_other_name_is_refused_with_a_name_that_is_right(name: Any) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        check_zone(name)

    assert caught.value.field == "zone"
    assert check_zone(caught.value.example).key == caught.value.example


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("EST", "America/New_York"),
        ("CET", "Europe/Berlin"),
        ("utc", "UTC"),
        ("europe/berlin", "Europe/Berlin"),
        ("Europe/Berln", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("posix/Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_a_refusal_offers_the_name_that_was_probably_meant(name: str, meant: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        check_zone(name)

    assert caught.value.example == meant


def test_a_refusal_asks_what_was_meant() -> None:
    with pytest.raises(InvalidSchedule, match=r"did you mean Europe/Berlin\?"):
        check_zone("Europe/Berln")


def test_names_are_found_without_the_system_s_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "TZPATH", ("/nowhere",))

    assert zones._is_spelled_so("Europe/Berlin")
    assert not zones._is_spelled_so("Europe/berlin")


def test_a_folder_is_not_a_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "_is_spelled_so", lambda _: True)

    with pytest.raises(InvalidSchedule):
        check_zone("America/Argentina/")


SOME_ZONES = sorted(
    {
        *sorted(available_timezones() - {"localtime"})[::20],
        "America/Recife",
        "Asia/Gaza",
        "Africa/Casablanca",
    }
)


@pytest.mark.parametrize("zone", SOME_ZONES)
def test_windows_know_every_offset_that_zoneinfo_knows(zone: str) -> None:
    known = zones._windows(ZoneInfo(zone), "both", 1975, 2045)
    instants = range(zones._start_of(1975), zones._start_of(2046), 31 * 3600)

    wrong = [
        instant
        for instant in instants
        if known.offsets[known.index(instant)] != zones._offset(ZoneInfo(zone), instant)
    ]

    assert wrong == []


@pytest.mark.parametrize("zone", SOME_ZONES)
def test_windows_begin_at_the_second_of_a_change(zone: str) -> None:
    known = zones._windows(ZoneInfo(zone), "both", 1975, 2045)

    for start, (before, after) in zip(known.starts[1:], pairwise(known.offsets), strict=True):
        assert before != after
        assert zones._offset(ZoneInfo(zone), start - 1) == before
        assert zones._offset(ZoneInfo(zone), start) == after


def test_a_clock_learns_the_years_that_it_is_asked_for() -> None:
    clock = zones.WallClock("Europe/Paris", "first")
    in_2030, in_2090 = zones._start_of(2030), zones._start_of(2090)

    first = clock.covering(in_2030, in_2030)
    second = clock.covering(in_2090, in_2090)
    third = clock.covering(FLOOR, FLOOR)

    assert first.starts[0] <= in_2030 < first.until < in_2090
    assert second.starts[0] == first.starts[0]
    assert second.until > in_2090
    assert (third.starts[0], third.until) == (FLOOR, second.until)
    assert clock.covering(in_2030, in_2090) is third
    assert clock.covering(FLOOR, CEILING - 1).until == CEILING


def test_all_schedules_of_a_zone_share_its_clock() -> None:
    first, second = (parse(text, zone="Europe/Berlin") for text in ("0 9 * * *", "0 10 * * *"))

    assert first.clock is second.clock is wall_clock("Europe/Berlin", "first")  # type: ignore[attr-defined]


@pytest.mark.parametrize("zone", ["Africa/Monrovia", "Asia/Singapore", "America/Caracas", "Asia/Kathmandu"])
def test_a_slot_at_new_year_is_found_from_both_sides(zone: str) -> None:
    schedule = parse("59 23 31 12 *", zone=zone)
    summers = [datetime(year, 6, 1, tzinfo=UTC) for year in range(1971, 2030)]

    behind = [schedule.latest_until(summer) for summer in summers]
    ahead = [schedule.next_after(summer) for summer in summers]

    # Singapore went from 23:30 to midnight as 1982 began, so the evening before has no 23:59.
    found = sorted({slot for slot in behind if slot is not None})
    assert found == sorted({slot for slot in [behind[0], *ahead[:-1]] if slot is not None})
    assert len(found) == len(summers) - (zone == "Asia/Singapore")
