"""The door between JSON and DynamoDB's attribute values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickline.document import read_job
from tickline.errors import InvalidJob
from tickline.model import Json, Unreadable
from tickline.store.dynamodb_items import (
    MOST_BYTES,
    MOST_DEEP,
    NotJson,
    document_of,
    of_attribute,
    of_item,
    size_of,
    to_attribute,
    to_item,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: number == 0 or 1e-130 <= abs(number) < 1e126
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda parts: st.lists(parts) | st.dictionaries(TEXTS.filter(bool), parts),
    max_leaves=20,
)


@given(VALUES)
def test_every_value_of_json_comes_back_as_it_was(value: Json) -> None:
    assert of_attribute(to_attribute(value)) == value


@pytest.mark.parametrize(
    "value", [1, 1.5, True, False, None, "", [], {}, "é\u2028", 2**53 - 1, 1e22, 0.1, 5e-9]
)
def test_a_value_comes_back_as_the_same_type(value: Json) -> None:
    back = of_attribute(to_attribute(value))

    assert (type(back), back) == (type(value), value)


def test_a_fraction_of_nothing_comes_back_as_a_whole_number() -> None:
    assert of_attribute({"N": "1.0"}) == 1
    assert isinstance(of_attribute({"N": "100E-2"}), int)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "not a number"),
        (float("-inf"), "infinite"),
        (2**53, "write it as text"),
        (-(2**53), "write it as text"),
        (1e-200, "outside of what DynamoDB keeps"),
        (1e200, "outside of what DynamoDB keeps"),
        (b"x", "type bytes is not JSON"),
        ((1, 2), "type tuple is not JSON"),
        ({1: 2}, "every name in an object is text"),
        ({"": 2}, "not empty"),
        ("\ud800", "lone surrogate"),
        ({"\ud800": 1}, "lone surrogate"),
    ],
)
def test_what_would_not_come_back_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(NotJson, match=reason) as refused:
        to_item({"payload": [value]})

    assert str(refused.value).startswith("payload: ")


def nested(depth: int, kind: str = "L") -> Any:
    value: Any = {"N": "1"}
    for _ in range(depth):
        value = {"L": [value]} if kind == "L" else {"M": {"in": value}}
    return value


@pytest.mark.parametrize("kind", ["L", "M"])
def test_nesting_has_a_bound_both_ways(kind: str) -> None:
    deepest = of_attribute(nested(MOST_DEEP, kind))

    assert to_attribute(deepest) == nested(MOST_DEEP, kind)
    with pytest.raises(NotJson, match="32 deep"):
        of_attribute(nested(20_000, kind))
    with pytest.raises(NotJson, match="32 deep"):
        to_attribute([deepest])


def test_an_item_of_more_than_400_kb_is_refused_before_it_is_sent() -> None:
    name = "payload"
    fits = {name: "x" * (MOST_BYTES - len(name))}

    assert size_of(to_item(fits)) == MOST_BYTES
    with pytest.raises(NotJson, match="409601 bytes"):
        to_item({name: fits[name] + "x"})


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"N": "27"}, 3),
        ({"N": "-27"}, 3),
        ({"NULL": True}, 1),
        ({"BOOL": False}, 1),
        ({"L": [{"BOOL": True}, {"S": "abc"}]}, 3 + 2 + 4),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 2 + 1),
    ],
)
def test_sizes_follow_the_manual(value: Any, size: int) -> None:
    assert size_of({"name": value}) == len("name") + size


# items that people made

ODDITIES = {
    "binary": ({"B": b"x"}, "binary value"),
    "string set": ({"SS": ["a"]}, "string set"),
    "number set": ({"NS": ["1"]}, "number set"),
    "binary set": ({"BS": [b"x"]}, "binary set"),
    "number of 2^53 + 1": ({"N": "9007199254740993"}, "more digits"),
    "number of 38 digits": ({"N": "3.1415926535897932384626433832795028841"}, "more digits"),
    "huge number": ({"N": "1E+999999999"}, "more digits"),
    "no number": ({"N": "one"}, "that is none"),
    "not a number": ({"N": "NaN"}, "that is none"),
    "infinity": ({"N": "-Infinity"}, "that is none"),
    "unheard of": ({"X": 1}, "kind X"),
    "set inside": ({"M": {"a": {"L": [{"SS": ["a"]}]}}}, "write a list"),
    "too deep": (nested(200), "32 deep"),
}


@pytest.mark.parametrize("field", ["payload", "schedule", "zone", "retry", "tags", "enabled", "max_runs"])
@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_odd_value_is_refused_by_its_reason_and_nothing_else_is_lost(oddity: str, field: str) -> None:
    value, reason = ODDITIES[oddity]
    wire = {
        name: {"S": text}
        for name, text in (("job_id", "a"), ("schedule", "* * * * *"), ("target", "python:x"))
    }

    document = document_of({**wire, field: value})

    assert isinstance(document[field], Unreadable)
    assert document["job_id"] == "a"
    with pytest.raises(InvalidJob) as invalid:
        read_job(document)
    assert any(p.field == field and reason in p.message for p in invalid.value.problems)


def test_an_item_of_the_store_itself_may_hold_no_odd_value() -> None:
    with pytest.raises(NotJson, match="binary"):
        of_item({"state": {"B": b"x"}})
