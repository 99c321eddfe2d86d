"""Words for values: instants, durations, states, and text that may hold anything."""

import json
from datetime import datetime, timedelta, tzinfo

STYLES = {
    "succeeded": "green",
    "failed": "yellow",
    "dead": "red",
    "skipped": "bright_black",
    "running": "cyan",
    "ready": "blue",
    "trouble": "red",
}
"""Colour of each state word; the word says the same without it."""


def escaped(text: str) -> str:
    r"""Return text in which what a terminal would obey, or nobody would see, is written out (\n, \x1b)."""
    return "".join(char if char.isprintable() else _code(char) for char in text)


def _code(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def result_text(result: str) -> str:
    """Return a result without the quotes that a text has in JSON."""
    if not result.startswith('"'):
        return result
    try:
        return str(json.loads(result))
    except ValueError:  # it was too long to be kept whole
        return result


def shortened(text: str, width: int) -> str:
    """Return text of at most `width` characters, with an ellipsis where something was cut."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def clock_time(instant: datetime, zone: tzinfo | None = None, *, today: datetime, ms: bool = False) -> str:
    """Write an instant by the clock of `zone` (None: this machine's); the date only if it is not today's."""
    local, now = instant.astimezone(zone), today.astimezone(zone)
    text = f"{local:%H:%M:%S}" + (f".{local.microsecond // 1000:03}" if ms else "")
    if local.date() == now.date():
        return text
    return f"{local:%Y-%m-%d} {text}" if local.year != now.year else f"{local:%d %b} {text}"


def lateness(milliseconds: int | None) -> str:
    """Write how late something was, in the unit that fits: 3 ms, 1.2 s, 4m 10s, 9h 3m, 2d 4h."""
    if milliseconds is None:
        return ""
    if abs(milliseconds) < 1000:
        return f"{milliseconds} ms"
    if abs(milliseconds) < 60_000:
        return f"{milliseconds / 1000:.1f} s"
    minutes, seconds = divmod(milliseconds // 1000, 60)
    if minutes < 60:
        return f"{minutes}m {seconds}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes}m" if hours < 24 else f"{hours // 24}d {hours % 24}h"


def seconds_text(length: timedelta) -> str:
    """Write a short length of time: 20 s, 1.5 s."""
    return f"{length.total_seconds():.1f}".removesuffix(".0") + " s"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: 1 job, 3 jobs."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
