"""Placeholders: what each stands for, and where they are replaced."""

import pytest

from builders import NOW, job
from tickline.model import RunContext
from tickline.placeholders import VALUES, fill, unknown_placeholders

CONTEXT = RunContext(
    run_id="report/2026-03-02T12:00:00Z",
    job_id="report",
    scheduled_time=NOW,
    attempt=2,
    attempt_id="5c1e",
    missed_count=3,
)
JOB = job(zone="Asia/Kathmandu", schedule="0 * * * *")

MEANINGS = {
    "aws.scheduler.schedule-arn": "tickline:job/report",
    "aws.scheduler.scheduled-time": "2026-03-02T12:00:00Z",
    "aws.scheduler.execution-id": "5c1e",
    "aws.scheduler.attempt-number": "2",
    "tickline.job-id": "report",
    "tickline.run-id": "report/2026-03-02T12:00:00Z",
    "tickline.zone": "Asia/Kathmandu",
    "tickline.local-time": "2026-03-02T17:45:00+05:45",
    "tickline.previous-scheduled-time": "2026-03-02T11:15:00Z",
    "tickline.next-scheduled-time": "2026-03-02T12:15:00Z",
    "tickline.missed-count": "3",
}


@pytest.mark.parametrize(("name", "meaning"), MEANINGS.items())
def test_each_placeholder_has_its_meaning(name: str, meaning: str) -> None:
    assert fill(f"<{name}>", JOB, CONTEXT) == meaning


def test_no_placeholder_is_without_a_test() -> None:
    assert set(MEANINGS) == set(VALUES)


def test_they_are_replaced_in_texts_at_any_depth_and_nowhere_else() -> None:
    payload = {"<tickline.zone>": [1, None, True, {"x": "a <tickline.zone> b <tickline.zone>"}], "y": 2.5}

    filled = fill(payload, JOB, CONTEXT)

    assert filled == {
        "<tickline.zone>": [1, None, True, {"x": "a Asia/Kathmandu b Asia/Kathmandu"}],
        "y": 2.5,
    }


def test_what_does_not_exist_is_empty() -> None:
    once = job(schedule="at(2026-03-02T12:00:00)")

    assert fill("<tickline.next-scheduled-time>|<tickline.previous-scheduled-time>", once, CONTEXT) == "|"


def test_unknown_ones_are_named() -> None:
    payload = ["<tickline.nope>", {"a": "<aws.scheduler.scheduled-time> <aws.scheduler.typo> <b>"}, 5]

    assert unknown_placeholders(payload) == ["aws.scheduler.typo", "tickline.nope"]
