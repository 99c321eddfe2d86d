"""The recorded answers of the references: Quartz, Debian cron, cronie, AWS's documentation."""

import json
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tickline.errors import InvalidSchedule
from tickline.schedules import parse

VECTORS = Path(__file__).parents[2] / "vectors"


def load(name: str, *, wrong: bool) -> list[dict[str, Any]]:
    lines = (VECTORS / f"{name}.jsonl").read_text().splitlines()
    cases = [json.loads(line) for line in lines]
    if name == "quartz":
        cases = [case | {"expr": f"quartz({case['expr']})"} for case in cases]
    return [case for case in cases if bool(case.get("error")) is wrong]


@pytest.mark.parametrize("name", ["aws", "unix", "quartz", "rate_at"])
def test_every_vector_has_the_expected_next_slots(name: str) -> None:
    cases = load(name, wrong=False)

    wrong = [case for case in cases if next_slots(case) != case["next"]]

    assert len(cases) > 50
    assert wrong == []


def next_slots(case: dict[str, Any]) -> list[str]:
    anchor = datetime.fromisoformat(case["start"]) if "start" in case else None
    schedule = parse(case["expr"], zone=case["zone"], anchor=anchor)
    after = datetime.fromisoformat(case["after"])
    return [f"{slot:%Y-%m-%dT%H:%M:%SZ}" for slot in islice(schedule.iterate(after), 5)]


@pytest.mark.parametrize("name", ["aws", "unix", "quartz", "rate_at"])
def test_every_text_that_the_references_refuse_is_refused(name: str) -> None:
    cases = load(name, wrong=True)

    accepted = [case["expr"] for case in cases if is_accepted(case["expr"])]

    assert len(cases) >= 20
    assert accepted == []


def is_accepted(text: str) -> bool:
    try:
        parse(text)
    except InvalidSchedule:
        return False
    return True


def test_seven_bare_fields_mean_the_same_as_in_quartz() -> None:
    bare = [
        case | {"expr": case["expr"].removeprefix("quartz(").removesuffix(")")}
        for case in load("quartz", wrong=False)
    ]
    cases = [case for case in bare if len(case["expr"].split()) == 7]

    wrong = [case for case in cases if next_slots(case) != case["next"]]

    assert len(cases) > 50
    assert wrong == []


@pytest.mark.parametrize("name", ["aws", "unix", "quartz", "rate_at"])
def test_every_vector_is_walked_backwards_too(name: str) -> None:
    for case in load(name, wrong=False):
        anchor = datetime.fromisoformat(case["start"]) if "start" in case else None
        schedule = parse(case["expr"], zone=case["zone"], anchor=anchor)
        slots = [datetime.fromisoformat(slot) for slot in case["next"]]

        backwards = [schedule.latest_until(slot) for slot in slots]

        assert backwards == slots, case
        if slots:
            after = datetime.fromisoformat(case["after"])
            assert schedule.count(after, slots[-1]) == len(slots), case


@pytest.mark.parametrize("name", ["aws", "unix", "quartz", "rate_at"])
def test_every_vector_can_be_described(name: str) -> None:
    for case in load(name, wrong=False):
        sentence = parse(case["expr"], zone=case["zone"]).describe()

        assert sentence[0].isupper()
        assert "  " not in sentence
