"""Job documents: what is accepted, what is refused, and how the refusal helps."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import document
from tickline.document import READERS, read_job
from tickline.errors import InvalidJob
from tickline.model import CatchUp, Delivery, Job, OnComplete, Overlap, Retry, RetryOn
from tickline.readers import duration_text


def problems(**changes: Any) -> dict[str, str]:
    """Return what is wrong with a document, by field."""
    with pytest.raises(InvalidJob) as refused:
        read_job(document(**changes))
    return {problem.field: problem.message for problem in refused.value.problems}


def test_three_fields_make_a_job() -> None:
    job = read_job({"job_id": "report", "schedule": "* * * * *", "target": "lambda:report"})

    assert job == Job(job_id="report", schedule="* * * * *", target="lambda:report")


def test_every_field_is_read() -> None:
    job = read_job(
        document(
            zone="Europe/Berlin",
            payload={"a": [1, "<tickline.run-id>"]},
            description="What it is for",
            group="finance",
            tags=["nightly"],
            enabled=False,
            start="2026-01-01T00:00:00",
            end="2026-12-31T00:00:00Z",
            max_runs=10,
            run_on_create=True,
            catch_up="all",
            catch_up_window="2d",
            misfire_after="10m",
            overlap="queue",
            retry={"max_attempts": 5, "backoff": "0s", "max_backoff": "5m", "max_age": "1h", "retry_on": []},
            delivery="at_most_once",
            timeout="14m",
            wait=True,
            window="15m",
            dst_gap="shift",
            dst_fold="both",
            on_complete="delete",
            on_failure="https://example.com/alarm",
            history="7d",
            created_at="2026-01-01T00:00:00Z",
        )
    )

    assert job.start == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert job.end == datetime(2026, 12, 31, tzinfo=UTC)
    assert job.tags == ("nightly",)
    assert job.retry == Retry(
        max_attempts=5,
        backoff=timedelta(0),
        max_backoff=timedelta(minutes=5),
        max_age=timedelta(hours=1),
        retry_on=frozenset(),
    )
    assert (job.catch_up, job.overlap, job.delivery) == (CatchUp.ALL, Overlap.QUEUE, Delivery.AT_MOST_ONCE)
    assert job.on_complete is OnComplete.DELETE
    assert job.window == timedelta(minutes=15)
    assert job.tracked


def test_null_means_not_given() -> None:
    assert read_job(document(zone=None, retry=None, payload=None)) == read_job(document())


def test_every_problem_is_reported_at_once() -> None:
    found = problems(job_id="a b", zone="Berlin", schedule="x", enabled="false", shedule="x", retry={"x": 1})

    assert set(found) == {"job_id", "zone", "schedule", "enabled", "shedule", "retry.x"}


def test_missing_fields_are_named_with_an_example() -> None:
    with pytest.raises(InvalidJob) as refused:
        read_job({})

    assert [problem.field for problem in refused.value.problems] == ["job_id", "schedule", "target"]
    assert all(problem.example for problem in refused.value.problems)


@pytest.mark.parametrize("value", [None, [], "text", 5])
def test_what_is_no_object_is_no_job(value: object) -> None:
    with pytest.raises(InvalidJob, match="is not an object"):
        read_job(value)


def test_an_unknown_field_is_told_its_nearest_name() -> None:
    assert problems(shedule="x")["shedule"] == "is not a field; did you mean 'schedule'?"
    assert problems(retry={"attempts": 2})["retry.attempts"].startswith("is not a field; did you mean")
    assert "fields are: " in problems(zzz=1)["zzz"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("job_id", "a/b", "is not 1 to 128 letters"),
        ("job_id", "-a", "is not 1 to 128 letters"),
        ("job_id", "a" * 129, "is not 1 to 128 letters"),
        ("job_id", 5, "is not 1 to 128 letters"),
        ("schedule", 5, "5 is not text"),
        ("schedule", "x" * 257, "is 257 characters long; at most 256"),
        ("schedule", "60 * * * *", "minute"),
        ("schedule", "* * * * * *", "6 fields could be"),
        ("target", "report", "is not a target"),
        ("target", "lambda:", "is not a target"),
        ("target", "ftp://x", "is not a target"),
        ("target", "lambda:a b", "is not a target"),
        ("target", "lambda:a:b:c", "is not a target"),
        ("target", "python:os/system", "is not a target"),
        ("target", "https://a@b@example.com/", "is not a target"),
        ("target", "arn:aws:iam::123456789012:role/x", "is not a target"),
        ("zone", "europe/berlin", "Europe/Berlin"),
        ("zone", "EST", ""),
        ("zone", 5, ""),
        ("payload", "x" * 300_000, "is 300002 bytes long; at most 204800"),
        ("payload", float("nan"), "is not JSON"),
        ("payload", {"x": {1, 2}}, "is not JSON"),
        ("payload", "<tickline.nonsense>", "<tickline.nonsense> is not a placeholder"),
        ("description", 1, "1 is not text"),
        ("tags", "nightly", "is not a list of at most 50 texts"),
        ("tags", [1], "1 is not text"),
        ("enabled", "false", '"false" is not true or false'),
        ("enabled", 0, "0 is not true or false"),
        ("start", "2026-01-01", "is not a date and time"),
        ("start", "2026-13-01T00:00:00", "is not a date and time"),
        ("start", 5, "is not a date and time"),
        ("start", "0001-01-01T00:00:00Z", "is not in the years 1970 to 2199"),
        ("start", "0001-01-01T00:00:00+10:00", "is not in the years 1970 to 2199"),
        ("end", "9999-12-31T23:59:59-10:00", "is not in the years 1970 to 2199"),
        ("end", "2026-01-01T00:00:00.5Z", "has fractions of a second"),
        ("max_runs", 0, "0 is not between 1 and 1000000000"),
        ("max_runs", True, "true is not a whole number"),
        ("max_runs", 1.5, "1.5 is not a whole number"),
        ("catch_up", "once", '"once" is not one of: skip, latest, all'),
        ("catch_up_window", "24", '"24" is not a duration'),
        ("catch_up_window", "1h30m", "is not a duration"),
        ("catch_up_window", "2m", "2m is shorter than misfire_after, 5m"),
        ("misfire_after", "10s", "10s is not between 90s and 365d"),
        ("overlap", ["skip"], "is not one of"),
        ("dst_gap", "jump", '"jump" is not one of: skip, shift'),
        ("retry", 3, "3 is not an object"),
        ("retry", {"max_attempts": 0}, "0 is not between 1 and 186"),
        ("retry", {"retry_on": "function"}, '"function" is not a list'),
        ("retry", {"retry_on": ["always"]}, '"always" is not one of: transport, function'),
        ("timeout", "15m", "15m is not between 1s and 14m"),
        ("window", -5, "-5 is not a duration"),
        ("on_failure", "nobody", "is not a target"),
        ("history", "1h", "1h is not between 1d and 3650d"),
    ],
)
def test_bad_values_are_refused_with_the_reason(field: str, value: object, message: str) -> None:
    found = problems(**{field: value})

    [(name, text)] = found.items()
    assert name.split(".")[0] == field
    assert message in text


def test_fields_that_contradict_each_other_are_refused() -> None:
    assert "is before start" in problems(start="2026-02-01T00:00:00Z", end="2026-01-01T00:00:00Z")["end"]
    assert "wait: true" in problems(wait=False, overlap="skip")["overlap"]


def test_wrong_values_are_shown_short_and_harmless() -> None:
    shown = problems(job_id="\x1b[31m" + "x" * 500)["job_id"]

    assert "\x1b" not in shown
    assert len(shown) < 250


def test_the_message_lists_every_problem_on_its_own_line() -> None:
    with pytest.raises(InvalidJob) as refused:
        read_job(document(enabled=1, timeout=2))

    lines = str(refused.value).splitlines()
    assert lines[0] == "job 'report' is not valid:"
    assert lines[1] == "  enabled: 1 is not true or false (for example: true)"
    assert lines[2].startswith("  timeout: 2 is not a duration")


def test_examples_in_refusals_are_themselves_right() -> None:
    for field, reader in READERS.items():
        try:
            reader(object())
        except Exception as refused:  # noqa: BLE001 - each reader refuses in its own way
            example = getattr(refused, "example", "")
            if not example or ("," in example and field == "target"):
                continue
            try:
                value = json.loads(example)
            except ValueError:
                value = example
            assert reader(value) is not None


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*READERS, "zone", "start", "end", "x"]), junk, max_size=6))
def test_no_document_does_more_than_be_refused(changes: dict[str, Any]) -> None:
    with suppress(InvalidJob):
        read_job(document() | changes)


@given(st.integers(min_value=0, max_value=10**8))
def test_durations_are_written_as_they_are_read(seconds: int) -> None:
    text = duration_text(timedelta(seconds=seconds))

    number, unit = int(text[:-1]), text[-1]
    assert number * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] == seconds


def test_retry_lists_both_kinds_by_default() -> None:
    assert Retry().retry_on == {RetryOn.TRANSPORT, RetryOn.FUNCTION}
