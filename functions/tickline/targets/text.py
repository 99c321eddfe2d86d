"""What a call says about itself in a run record: short, and plain text."""

import json

from tickline.model import Json

LIMIT = 1024
"""The most bytes of a summary or an error, in UTF-8."""


def shorten(text: str) -> str:
    """Return the text, cut to LIMIT bytes and marked with an ellipsis if it is longer."""
    raw = text.encode(errors="replace")
    if len(raw) <= LIMIT:
        return raw.decode()
    return raw[: LIMIT - 3].decode(errors="ignore") + "…"


def compact(value: object) -> str:
    """Write a value as JSON without spaces; what JSON cannot hold, as Python shows it."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return shown(value)


def shown(value: object) -> str:
    """Return `repr(value)`, or the type's name when even that fails."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a stranger's __repr__ may raise anything
        return f"<{type(value).__name__}>"


def named(error: BaseException) -> str:
    """Return `Type: message`; the type alone when there is no message."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a stranger's __str__ may raise anything
        message = ""
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def as_json(payload: Json) -> bytes:
    """Write a payload for the wire. Raises ValueError or TypeError, without any of the payload in it."""
    try:
        return json.dumps(payload, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the payload cannot be written as JSON ({type(error).__name__})") from None


def seconds(duration: float) -> str:
    """Write a duration for humans: 5s, 0.5s."""
    return f"{duration:g}s"
