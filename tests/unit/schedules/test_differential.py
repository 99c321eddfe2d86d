"""Other people's engines, asked the same questions where they mean the same thing."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

from tickline.schedules import Gap, parse

NEW_YORK = ZoneInfo("America/New_York")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TWO_YEARS = 2 * 365 * 86_400


def expressions(count: int, *, seed: int) -> list[str]:
    """Draw crontab lines of the usual kinds: no two day fields at once, no wrapped ranges."""
    draw = random.Random(seed)  # noqa: S311 - a workload, not a secret
    return [_expression(draw) for _ in range(count)]


def _expression(draw: random.Random) -> str:
    minute, hour, day = draw.randrange(60), draw.randrange(24), draw.randrange(1, 32)
    month, weekday = draw.randrange(1, 13), draw.randrange(7)
    return draw.choice(
        [
            f"*/{draw.choice([1, 2, 5, 7, 10, 15, 20, 30])} * * * *",
            f"{minute} * * * *",
            f"{minute} {hour} * * *",
            f"{minute} {hour} * * 1-5",
            f"{minute} {hour} * * {weekday}",
            f"{minute} {hour} {day} * *",
            f"{minute} {hour} {min(day, 28)} {month} *",
            f"{minute} {hour} 29 2 *",
            f"*/{draw.choice([5, 10])} 9-17 * * 1-5",
            f"0 */{draw.choice([2, 3, 4, 6])} * * *",
            f"{minute} {hour},{(hour + 6) % 24} * * *",
            f"{minute},{(minute + 20) % 60} {hour} * {month} *",
        ]
    )


def instants(count: int, *, seed: int) -> list[datetime]:
    draw = random.Random(seed)  # noqa: S311 - a workload, not a secret
    return [BEGIN + timedelta(seconds=draw.randrange(TWO_YEARS)) for _ in range(count)]


def gap_rule_of_debian(text: str) -> Gap:
    """Return what cronsim, like Debian's cron, does in a gap: fixed times run after it."""
    minute, hour, *_ = text.split()
    return "skip" if minute.startswith("*") or hour.startswith("*") else "shift"


def test_cronsim_agrees_on_ten_thousand_questions_in_new_york() -> None:
    texts = expressions(200, seed=1)
    moments = instants(50, seed=2)
    schedules = {
        text: parse(text, zone="America/New_York", dst_gap=gap_rule_of_debian(text)) for text in texts
    }

    differences = [
        (text, moment)
        for text in texts
        for moment in moments
        if schedules[text].next_after(moment)
        != next(CronSim(text, moment.astimezone(NEW_YORK))).astimezone(UTC)
    ]

    assert differences == []


def test_cronsim_agrees_on_the_slots_before() -> None:
    texts = expressions(60, seed=3)

    differences = [
        (text, moment)
        for text in texts
        for moment in instants(15, seed=4)
        if parse(text).latest_until(moment)
        != next(CronSim(text, moment + timedelta(seconds=1), reverse=True))
    ]

    assert differences == []


def test_croniter_agrees_in_utc() -> None:
    texts = expressions(80, seed=5)

    differences = [
        (text, moment)
        for text in texts
        for moment in instants(15, seed=6)
        if parse(text).next_after(moment) != croniter(text, moment).get_next(datetime)
    ]

    assert differences == []
