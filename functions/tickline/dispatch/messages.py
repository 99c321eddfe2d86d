"""Doorbells as text: many in one message, ids only, with a version.

    {"v":1,"at":"2026-11-23T06:59:59.120Z","bells":[["report","2026-11-23T07:00:00Z"], ...]}

`at` is the instant of publishing, the same for all bells of a message. A bell is

    [job_id, slot, attempt=1, due=the slot's instant, missed=0]

and ends before the fields that hold what is expected. A reader that meets anything else refuses the whole
message: what it does not ring stays due. A message that means something else gets another version, and is
sent only when every reader knows that version.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from tickline.errors import UnknownMessage
from tickline.model import Doorbell, Json, instant_text, slot_of, slot_time

VERSION = 1

IDS = 2
EXPECTED: tuple[Json, ...] = (1, None, 0)
"""Every bell has its ids; the fields behind them are left out where they, and all that follow, are these."""

MOST_BYTES = 64 * 1024
"""SNS bills every 64 KB that are published as one request."""

MOST_BELLS = 100
"""How many runs one invoke is handed: they share its memory and its fifteen minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The text of a message, and how many bells are in it."""

    text: str
    bells: int


def pack(
    doorbells: Sequence[Doorbell], *, most_bytes: int = MOST_BYTES, most_bells: int = MOST_BELLS
) -> list[str]:
    """Write doorbells as messages, in their order; each stays within both limits.

    A bell that alone is over `most_bytes` still gets a message, of its own: who carries it may refuse it.
    """
    return [message.text for message in messages(doorbells, most_bytes=most_bytes, most_bells=most_bells)]


def messages(
    doorbells: Sequence[Doorbell], *, most_bytes: int = MOST_BYTES, most_bells: int = MOST_BELLS
) -> Iterator[Message]:
    """Do what `pack` does, and tell how many bells are in each message."""
    for at, bells in groupby(doorbells, lambda doorbell: instant_text(doorbell.published_at)):
        # JSON is written in ASCII, so that characters are bytes.
        size = empty = len(_message(at, []).text)
        some: list[str] = []
        for bell in map(_bell, bells):
            if some and (len(some) == most_bells or size + len(",") + len(bell) > most_bytes):
                yield _message(at, some)
                some, size = [], empty
            size += len(bell) + (len(",") if some else 0)
            some.append(bell)
        yield _message(at, some)


def _message(at: str, bells: Sequence[str]) -> Message:
    text = f'{{"v":{VERSION},"at":"{at}","bells":[{",".join(bells)}]}}'
    return Message(text=text, bells=len(bells))


def _bell(doorbell: Doorbell) -> str:
    on_the_slot = slot_of(doorbell.due) == doorbell.slot and not doorbell.due.microsecond
    due = None if on_the_slot else instant_text(doorbell.due)
    fields: list[Json] = [doorbell.job_id, doorbell.slot, doorbell.attempt, due, doorbell.missed]
    while len(fields) > IDS and fields[-1] == EXPECTED[len(fields) - IDS - 1]:
        fields.pop()
    return json.dumps(fields, separators=(",", ":"))


def unpack(text: str) -> list[Doorbell]:
    """Read a message. Raises UnknownMessage for whatever `pack` of this version has not written."""
    try:
        message = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise UnknownMessage("a doorbell message is not JSON") from None
    if not isinstance(message, dict):
        raise UnknownMessage("a doorbell message is not an object")
    version = message.get("v")
    if type(version) is not int or version != VERSION:
        told = version if type(version) is int and 0 <= version < 1000 else "none that is known"
        raise UnknownMessage(f"a doorbell message has version {told}; this is version {VERSION}")
    return _doorbells(message)


def _doorbells(message: dict[str, Json]) -> list[Doorbell]:
    try:
        at = _instant(message["at"])
        return [_doorbell(at, _list(bell)) for bell in _list(message["bells"])]
    except (KeyError, TypeError, ValueError, OverflowError):
        # Not the text of the error: it may quote what a stranger wrote.
        raise UnknownMessage(f"a doorbell message of version {VERSION} does not hold doorbells") from None


def _doorbell(at: datetime, bell: list[Json]) -> Doorbell:
    job_id, slot, attempt, due, missed = [*bell, *EXPECTED[len(bell) - IDS :]]
    on_the_slot = _slot_time(_text(slot))
    return Doorbell(
        job_id=_text(job_id),
        slot=slot,
        attempt=_whole(attempt, least=1),
        due=on_the_slot if due is None and on_the_slot else _instant(due),
        published_at=at,
        missed=_whole(missed, least=0),
    )


def _slot_time(slot: str) -> datetime | None:
    """Return the instant that a slot names, if it names one, and only if it is written as slots are."""
    instant = slot_time(slot)
    if instant is not None and slot_of(instant) != slot:
        raise ValueError("not a slot")
    return instant


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise TypeError("not an id")
    return value


def _whole(value: Json, *, least: int) -> int:
    if type(value) is not int or value < least:
        raise ValueError(f"not a whole number of at least {least}")
    return value


def _instant(value: Json) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is not UTC:
        raise ValueError("not an instant in UTC")
    return instant
