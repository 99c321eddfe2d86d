"""H: a value that is another one for every job, and the same one for ever."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from tickline.schedules import parse

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def first(text: str, job_id: str) -> datetime:
    slot = parse(text, job_id=job_id).next_after(NOW - timedelta(seconds=1))
    assert slot is not None
    return slot


# Written down once. If one of these changes, every user's hashed job moves to another time of day.
@pytest.mark.parametrize(
    ("text", "job_id", "expected"),
    [
        ("H H * * *", "job-1", "2027-01-01T19:22:00+00:00"),
        ("H H * * *", "job-2", "2027-01-01T23:56:00+00:00"),
        ("H H * * *", "", "2027-01-01T08:14:00+00:00"),
        ("H H H H H", "nightly/report", "2027-08-03T22:19:00+00:00"),
        ("quartz(H H H H H ?)", "job-1", "2027-09-04T19:22:56+00:00"),
        ("cron(H H ? * H *)", "job-1", "2027-01-02T19:22:00+00:00"),
    ],
)
def test_a_hashed_time_never_changes(text: str, job_id: str, expected: str) -> None:
    assert first(text, job_id).isoformat() == expected


@pytest.mark.parametrize("text", ["H H * * *", "quartz(H H H * * ?)", "cron(H H * * ? *)"])
def test_jobs_with_the_same_text_are_spread(text: str) -> None:
    times = {first(text, f"job-{n}") for n in range(50)}

    assert len(times) > 40


def test_a_plain_h_for_the_day_of_the_month_is_in_every_month() -> None:
    days = {first("0 0 H * *", f"job-{n}").day for n in range(500)}

    assert days == set(range(1, 29))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("H(10-19) * * * *", range(10, 20)),
        ("h(10-19) * * * *", range(10, 20)),
        ("H(0-29)/10 * * * *", range(10)),
        ("H/15 * * * *", range(15)),
    ],
)
def test_a_hashed_minute_stays_in_its_bounds(text: str, allowed: range) -> None:
    found = Counter(first(text, f"job-{n}").minute for n in range(300))

    assert set(found) == set(allowed)


def test_a_hashed_step_keeps_its_distance() -> None:
    schedule = parse("H/15 * * * *", job_id="job-1")

    minutes = [slot.minute for slot in islice(schedule.iterate(NOW), 8)]

    assert minutes == [7, 22, 37, 52] * 2


def test_h_can_stand_in_a_list_and_beside_names() -> None:
    schedule = parse("H,30 0 * MAR THU", job_id="job-1")

    assert schedule.next_after(NOW) == datetime(2027, 3, 4, 0, 22, tzinfo=UTC)


def test_every_weekday_can_be_hashed() -> None:
    unix = {first("0 0 * * H", f"job-{n}").isoweekday() for n in range(100)}
    quartz = {first("quartz(0 0 0 ? * H)", f"job-{n}").isoweekday() for n in range(100)}

    assert unix == quartz == set(range(1, 8))


def test_a_text_without_h_is_the_same_object_for_every_job() -> None:
    assert parse("0 9 * MAR THU", job_id="a") == parse("0 9 * MAR THU", job_id="b")
    assert parse("0 9 * * *", job_id="a") is parse("0 9 * * *", job_id="b")


def test_the_fields_of_one_job_are_hashed_apart() -> None:
    slots = [first("quartz(H H 0 * * ?)", f"job-{n}") for n in range(20)]

    assert any(slot.second != slot.minute for slot in slots)
