from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner

from tickline.cli.live import Screen, Tally
from tickline.cli.output import Column, _fitted, print_warnings, zone_of
from tickline.cli.plain import clock_time, counted, escaped, lateness, result_text, seconds_text, shortened
from tickline.errors import StoreBusy
from tickline.model import RunState
from unit.cli.command import DUE, dead, skipped, succeeded


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain äöü 漢字 text", "plain äöü 漢字 text"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("two\nlines\ttab\r", "two\\nlines\\ttab\\r"),
        ("\u202eright to left", "\\u202eright to left"),
        ("\ud800", "\\ud800"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_nothing_that_a_terminal_obeys_is_printed(text: str, safe: str) -> None:
    assert escaped(text) == safe


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, ""),
        (0, "0 ms"),
        (999, "999 ms"),
        (-20, "-20 ms"),
        (1500, "1.5 s"),
        (250_000, "4m 10s"),
        (32_580_000, "9h 3m"),
        (187_200_000, "2d 4h"),
    ],
)
def test_lateness_has_the_unit_that_fits(milliseconds: int | None, text: str) -> None:
    assert lateness(milliseconds) == text


def test_the_date_is_shown_only_when_it_is_not_today() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    today = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)

    assert clock_time(today, berlin, today=today) == "23:30:00"
    assert clock_time(today + timedelta(hours=1), berlin, today=today) == "03 Mar 00:30:00"
    assert clock_time(today - timedelta(days=90), berlin, today=today) == "2025-12-02 23:30:00"
    assert clock_time(today + timedelta(milliseconds=7), berlin, today=today, ms=True) == "23:30:00.007"


def test_small_words() -> None:
    assert (counted(1, "job"), counted(2, "job")) == ("1 job", "2 jobs")
    assert (seconds_text(timedelta(seconds=20)), seconds_text(timedelta(seconds=1.53))) == ("20 s", "1.5 s")
    assert (shortened("abcdef", 4), shortened("abcd", 4)) == ("abc…", "abcd")
    assert (result_text('"hello"'), result_text('{"a":1}'), result_text('"cut…')) == (
        "hello",
        '{"a":1}',
        '"cut…',
    )


def test_a_bad_zone_is_shown_as_utc() -> None:
    assert zone_of("nowhere").key == zone_of(None).key == zone_of(5).key == zone_of("../etc").key == "UTC"


def test_columns_that_yield_become_narrow_the_widest_first() -> None:
    columns = [Column(title="a"), Column(title="b", yields=True), Column(title="c", yields=True)]

    assert _fitted([10, 30, 20], columns, 60) == [10, 30, 20]
    assert _fitted([10, 30, 20], columns, 50) == [10, 20, 20]
    assert _fitted([10, 30, 20], columns, 40) == [10, 15, 15]
    assert _fitted([10, 30, 20], columns, 5) == [10, 8, 8]


@click.command()
def warn() -> None:
    print_warnings([f"number {n}" for n in range(7)])


def test_many_warnings_are_cut_and_counted() -> None:
    lines = CliRunner().invoke(warn).stdout.splitlines()

    assert len(lines) == 4
    assert lines[-1] == "and 4 more warnings; --json has all"


def test_a_tally_counts_attempts_runs_and_slots() -> None:
    tally = Tally()
    again = dead(state=RunState.READY, attempt=2, started_at=DUE, due=DUE)

    for record in (succeeded(), again, dead(), skipped(count=540), skipped(count=0)):
        tally.add(record)

    assert str(tally) == (
        "1 succeeded, 2 failed attempts, 1 dead, 541 skipped; lateness p50 0 ms, p99 1.5 s, max 1.5 s"
    )


def test_a_run_on_create_is_not_measured() -> None:
    tally = Tally()

    tally.add(succeeded(slot="c:2026-03-02T12:00:00Z"))

    assert str(tally) == "1 succeeded, 0 failed attempts, 0 dead, 0 skipped"


def test_percentiles_are_of_the_runs() -> None:
    tally = Tally()
    tally.late.update({1: 98, 5: 1, 900: 1})

    assert (tally.percentile(0.5), tally.percentile(0.99), tally.percentile(1)) == (1, 5, 900)


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_record_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(widest_job=8, attempts=lambda _: 3)

    screen.titles()
    screen.run(succeeded(missed=2, result='"a\\nb"'))
    screen.run(
        dead(state=RunState.READY, attempt=2, not_before=DUE + timedelta(seconds=1), reason="", ended_at=None)
    )
    screen.run(skipped(slot="m:t"))

    titles, ran, failed, held = lines_of(capsys)
    assert titles.split() == [
        "time",
        "state",
        "job",
        "slot",
        "late",
        "try",
        "result,",
        "error",
        "or",
        "reason",
    ]
    assert ran.endswith("1.5 s  1/3  stands for 2 missed slots · a\\nb")
    assert "  failed     report  " in failed
    assert "1/3  KeyError: 'x' · again at " in failed
    assert held.endswith("run now · the job is paused")


def test_a_job_that_nobody_can_read_has_no_known_number_of_attempts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Screen(widest_job=8, attempts=lambda _: None).run(succeeded())

    assert "1/?" in lines_of(capsys)[0]


def test_the_same_trouble_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(widest_job=8, attempts=lambda _: 3)

    screen.trouble(StoreBusy("tickline.db is locked"))
    screen.trouble(StoreBusy("tickline.db is locked"))
    screen.trouble(ValueError("odd"))

    busy, odd = lines_of(capsys)
    assert busy.endswith("trouble    tickline.db is locked")
    assert odd.endswith("trouble    ValueError: odd")
