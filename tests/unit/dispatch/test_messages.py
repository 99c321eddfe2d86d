"""Doorbells survive the way as text, in few small messages; whatever else arrives is refused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import NOW, doorbell
from tickline.dispatch.messages import MOST_BYTES, pack, unpack
from tickline.errors import UnknownMessage
from tickline.model import Doorbell, SlotKind, slot_of

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda instant: instant.replace(microsecond=instant.microsecond // 1000 * 1000)
)
SLOTS = st.one_of(
    INSTANTS.map(slot_of),
    st.from_regex(r"m:[A-Za-z0-9._-]{1,64}", fullmatch=True),
    INSTANTS.map(lambda instant: SlotKind.FAILURE + slot_of(instant)),
)
DOORBELLS = st.builds(
    Doorbell,
    job_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}[A-Za-z0-9]", fullmatch=True),
    slot=SLOTS,
    attempt=st.integers(1, 200),
    due=INSTANTS,
    published_at=st.sampled_from([NOW, NOW + timedelta(milliseconds=3)]),
    missed=st.integers(0, 10_000),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["v", "at", "bells", "x"]), inner),
)


def bells(count: int, **changes: Any) -> list[Doorbell]:
    values: dict[str, Any] = {"slot": slot_of(NOW), "attempt": 1, "due": NOW, "published_at": NOW} | changes
    return [Doorbell(job_id=f"job-{number:05}", **values) for number in range(count)]


@given(st.lists(DOORBELLS), st.integers(1, 2000), st.integers(1, 5))
def test_doorbells_arrive_as_they_were_sent_and_in_order(
    sent: list[Doorbell], most_bytes: int, most_bells: int
) -> None:
    messages = pack(sent, most_bytes=most_bytes, most_bells=most_bells)

    received = [unpack(message) for message in messages]
    assert [bell for some in received for bell in some] == sent
    for message, some in zip(messages, received, strict=True):
        assert 1 <= len(some) <= most_bells
        assert len(message.encode()) <= most_bytes or len(some) == 1


def test_a_message_is_short_where_nothing_is_unusual() -> None:
    [message] = pack(
        [
            *bells(1),
            *bells(1, attempt=2),
            *bells(1, missed=4),
            *bells(1, due=NOW + timedelta(seconds=90)),
            *bells(1, slot="m:9f3c"),
        ]
    )

    assert json.loads(message) == {
        "v": 1,
        "at": "2026-03-02T12:00:00.000Z",
        "bells": [
            ["job-00000", "2026-03-02T12:00:00Z"],
            ["job-00000", "2026-03-02T12:00:00Z", 2],
            ["job-00000", "2026-03-02T12:00:00Z", 1, None, 4],
            ["job-00000", "2026-03-02T12:00:00Z", 1, "2026-03-02T12:01:30.000Z"],
            ["job-00000", "m:9f3c", 1, "2026-03-02T12:00:00.000Z"],
        ],
    }
    assert " " not in message


def test_a_hundred_bells_make_one_message_and_one_more_makes_two() -> None:
    assert [len(unpack(message)) for message in pack(bells(100))] == [100]
    assert [len(unpack(message)) for message in pack(bells(101))] == [100, 1]
    assert pack([]) == []


def test_the_limit_of_bytes_is_exact() -> None:
    [message] = pack(bells(7))
    exactly = len(message.encode())

    assert len(pack(bells(7), most_bytes=exactly)) == 1
    assert len(pack(bells(7), most_bytes=exactly - 1)) == 2


def test_the_longest_ids_stay_far_below_the_limit() -> None:
    longest = Doorbell(
        job_id="j" * 128, slot="m:" + "t" * 64, attempt=186, due=NOW, published_at=NOW, missed=10**9
    )

    [message] = pack([longest] * 100)

    assert len(message.encode()) < MOST_BYTES / 2


def test_bytes_are_counted_where_a_slot_is_not_ascii() -> None:
    strange = [doorbell(), *bells(20, slot="m:\N{SNOWMAN}" * 10)]

    messages = pack(strange, most_bytes=1000)

    assert all(len(message.encode()) <= 1000 for message in messages)


def test_a_bell_over_the_limit_goes_alone_and_holds_nobody_up() -> None:
    [huge] = bells(1, slot="m:" + "t" * 70_000)
    [before, after] = bells(2)

    messages = pack([before, huge, after])

    assert [unpack(message) for message in messages] == [[before], [huge], [after]]


@pytest.mark.parametrize("version", [0, 2, "1", True, None, 1.0, 10**400])
def test_an_unknown_version_is_refused_and_not_guessed(version: object) -> None:
    [message] = pack([doorbell()])

    with pytest.raises(UnknownMessage, match="this is version 1"):
        unpack(json.dumps(json.loads(message) | {"v": version}))


def test_fields_that_a_later_writer_added_are_passed_over() -> None:
    [message] = pack([doorbell()])

    assert unpack(json.dumps(json.loads(message) | {"trace": "x"})) == [doorbell()]


@pytest.mark.parametrize(
    "bell",
    [
        [],
        ["report"],
        ["report", "2026-03-02T12:00:00Z", 1, None, 0, "more"],
        ["", "2026-03-02T12:00:00Z"],
        ["caf\N{LATIN SMALL LETTER E WITH ACUTE}", "2026-03-02T12:00:00Z"],
        ["a\nb", "2026-03-02T12:00:00Z"],
        [7, "2026-03-02T12:00:00Z"],
        ["report", "m:9f3c"],
        ["report", "x:9f3c", 1, "2026-03-02T12:00:00.000Z"],
        ["report", "soon", 1, "2026-03-02T12:00:00.000Z"],
        ["report", "2026-03-02T12:00:00", 1, "2026-03-02T12:00:00.000Z"],
        ["report", "2026-03-02T12:00:00+01:00"],
        ["report", "2026-03-02T12:00:00Z", 0],
        ["report", "2026-03-02T12:00:00Z", True],
        ["report", "2026-03-02T12:00:00Z", 1.0],
        ["report", "2026-03-02T12:00:00Z", 1, "2026-03-02T12:00:00"],
        ["report", "2026-03-02T12:00:00Z", 1, 7],
        ["report", "2026-03-02T12:00:00Z", 1, None, -1],
        "report",
        None,
    ],
)
def test_a_bell_that_cannot_be_read_refuses_its_message(bell: object) -> None:
    message = {"v": 1, "at": "2026-03-02T12:00:00.000Z", "bells": [["report", slot_of(NOW)], bell]}

    with pytest.raises(UnknownMessage) as refused:
        unpack(json.dumps(message))

    assert str(refused.value) == "a doorbell message of version 1 does not hold doorbells"


@pytest.mark.parametrize("text", ["", "null", "[]", "[" * 100_000, '{"v":1}', '{"v":1,"at":1}', "1" * 9999])
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(UnknownMessage):
        unpack(text)


@given(st.text() | JSON.map(json.dumps))
def test_garbage_is_refused_and_raises_nothing_else(text: str) -> None:
    with pytest.raises(UnknownMessage):
        unpack(text)


@settings(max_examples=50)
@given(JSON, JSON, st.lists(st.lists(JSON | SLOTS | INSTANTS.map(str), max_size=6)))
def test_garbage_with_the_right_version_raises_nothing_else(at: object, extra: object, some: object) -> None:
    for instant in (at, "2026-03-02T12:00:00.000Z"):
        try:
            received = unpack(json.dumps({"v": 1, "at": instant, "bells": some, "extra": extra}))
        except UnknownMessage:
            continue
        assert [bell for message in pack(received) for bell in unpack(message)] == received


@given(DOORBELLS, st.data())
def test_a_message_cut_short_is_refused(sent: Doorbell, data: st.DataObject) -> None:
    [message] = pack([sent])
    end = data.draw(st.integers(0, len(message) - 1))

    with pytest.raises(UnknownMessage):
        unpack(message[:end])
