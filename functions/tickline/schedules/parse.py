"""From a text to a schedule: which form it has, and whose dialect it is.

    cron(m h dom mon dow [year])              AWS
    quartz(s m h dom mon dow [year])          Quartz; so are seven bare fields
    unix(m h dom mon dow)                     crontab(5); so are five bare fields, and @daily
    croniter(m h dom mon dow [s])             the croniter package's own dialect
    rate(n unit)   at(yyyy-mm-ddThh:mm:ss)    EventBridge Scheduler

Six bare fields could be AWS's or Quartz's. They are refused, with both readings to choose from:
nothing here is guessed.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import get_args

from tickline.errors import InvalidSchedule
from tickline.schedules.at import parse_at
from tickline.schedules.closest import closest
from tickline.schedules.cron import Token, compile_cron
from tickline.schedules.dialects import AWS, MACROS, QUARTZ, UNIX, CronDialect
from tickline.schedules.fields import seed_of
from tickline.schedules.rate import parse_rate
from tickline.schedules.schedule import Fold, Gap, Schedule
from tickline.schedules.wall import LocalRule, on_the_wall
from tickline.schedules.zones import check_zone

LONGEST_TEXT = 256
_FORMS = {"cron": AWS, "quartz": QUARTZ, "unix": UNIX}
_GAPS: tuple[str, ...] = get_args(Gap)
_FOLDS: tuple[str, ...] = get_args(Fold)
_EXAMPLES = {
    "cron": "cron(0 9 ? * MON-FRI *)",
    "quartz": "quartz(0 0 9 ? * MON-FRI)",
    "unix": "unix(0 9 * * MON-FRI)",
    "croniter": "croniter(0 9 * * mon-fri)",
    "rate": "rate(5 minutes)",
    "at": "at(2027-05-01T09:00:00)",
}


def parse(
    text: str,
    *,
    zone: str = "UTC",
    anchor: datetime | None = None,
    job_id: str = "",
    dst_gap: Gap = "skip",
    dst_fold: Fold = "first",
) -> Schedule:
    """Read a schedule text.

    `zone`: whose clock is meant. `anchor`: where a `rate` begins, 1970 if it is left out.
    `job_id`: what the value of an `H` hangs on. `dst_gap` and `dst_fold`: what becomes of slots
    in the hour that the clock leaps over, and in the hour that comes twice (see `wall.py`).

    Raises InvalidSchedule, which names the field, the position and a text that is right. Equal
    arguments may give the same object.
    """
    if not isinstance(text, str):
        raise InvalidSchedule(f"a text is needed, not {text!r}", field="schedule", example=_EXAMPLES["cron"])
    if len(text) > LONGEST_TEXT:
        raise InvalidSchedule(
            f"{len(text)} characters; {LONGEST_TEXT} are allowed",
            field="schedule",
            position=LONGEST_TEXT,
            example=_EXAMPLES["cron"],
        )
    _check_option("dst_gap", dst_gap, _GAPS)
    _check_option("dst_fold", dst_fold, _FOLDS)
    check_zone(zone)
    return _parse(
        text,
        zone,
        anchor if "rate" in text else None,
        seed_of(text, job_id) if job_id else "",
        dst_gap,
        dst_fold,
    )


def _check_option(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidSchedule(f"{value!r} is not one of {', '.join(allowed)}", field=name, example=allowed[0])


@lru_cache(maxsize=4096)
def _parse(
    text: str, zone: str, anchor: datetime | None, job_id: str, dst_gap: Gap, dst_fold: Fold
) -> Schedule:
    word, body, position = _open(text)
    if word == "rate":
        return parse_rate(text, body, position, zone=zone, anchor=anchor)
    if word == "at":
        return parse_at(text, body, position, zone=zone, fold=dst_fold)
    rule = _rule(word, body, position, job_id)
    return on_the_wall(text=text, zone=zone, rule=rule, dst_gap=dst_gap, dst_fold=dst_fold)


def _open(text: str) -> tuple[str, str, int]:
    """Split `word(body)` into word, body and the body's position; a bare text has no word."""
    stripped = text.strip()
    start = len(text) - len(text.lstrip())
    word, paren, rest = stripped.partition("(")
    if not paren or not word.isalpha() or word.upper() == "H":
        return "", stripped, start
    if word not in _EXAMPLES:
        raise _refused(f"{word}(...) is not a form of schedule", start, _nearest(word))
    if not rest.endswith(")"):
        raise _refused(f"the closing parenthesis of {word}( is missing", len(text.rstrip()), _nearest(word))
    return word, rest[:-1], start + len(word) + 1


@lru_cache(maxsize=4096)
def _rule(word: str, body: str, position: int, job_id: str) -> LocalRule:
    if word == "croniter":
        # Imported only when such a text is met: croniter costs more than the whole package.
        from tickline.schedules.croniter_dialect import parse_croniter  # noqa: PLC0415 - see above

        return parse_croniter(body, position, job_id)
    if word in {"", "unix"} and body.startswith("@"):
        return compile_cron(UNIX, _tokens(_macro(body, position), position), job_id)
    tokens = _tokens(body, position)
    return compile_cron(_dialect(word, body, position, tokens), tokens, job_id)


def _tokens(body: str, position: int) -> list[Token]:
    return [
        Token(text=match.group(), position=position + match.start()) for match in re.finditer(r"\S+", body)
    ]


def _dialect(word: str, body: str, position: int, tokens: list[Token]) -> CronDialect:
    count = len(tokens)
    if word:
        dialect = _FORMS[word]
        if not dialect.needed <= count <= len(dialect.rules):
            names = " ".join(rule.name for rule in dialect.rules[: dialect.needed])
            optional = " [year]" if len(dialect.rules) > dialect.needed else ""
            raise _refused(
                f"{word} has the fields {names}{optional}, not {count} of them",
                position,
                dialect.examples[-1],
            )
        return dialect
    if count in {5, 7}:
        return UNIX if count == 5 else QUARTZ
    if count == 6:
        raise _two_readings(body, position)
    raise _refused(
        f"a bare expression has 5 fields (crontab(5)) or 7 (Quartz), not {count}",
        position,
        _nearest((body.split() or [""])[0]),
    )


def _two_readings(body: str, position: int) -> InvalidSchedule:
    """Refuse six bare fields, and offer each reading that can be had as a text to paste."""
    readings = (_reading("quartz", body, 3), _reading("cron", body, 2))
    offers = [text for text in readings if _is_right(text)]
    return _refused(
        "6 fields could be Quartz's (seconds first) or AWS's (year last); "
        + (f"write {' or '.join(offers)}" if offers else "these are neither"),
        position,
        offers[0] if offers else QUARTZ.examples[0],
    )


def _reading(word: str, body: str, day_of_month: int) -> str:
    """Write six fields as one dialect's text; a day field that is * becomes the ? it needs."""
    fields = body.split()
    day_of_week = day_of_month + 2
    if "?" not in (fields[day_of_month], fields[day_of_week]):
        free = day_of_week if fields[day_of_week] == "*" else day_of_month
        fields[free] = "?" if fields[free] == "*" else fields[free]
    return f"{word}({' '.join(fields)})"


def _is_right(text: str) -> bool:
    try:
        parse(text)
    except InvalidSchedule:
        return False
    return True


def _macro(body: str, position: int) -> str:
    if body in MACROS:
        return MACROS[body]
    raise _refused(f"{body} is not one of {', '.join(MACROS)}", position, closest(body, MACROS, "@daily"))


def _nearest(word: str) -> str:
    """Return a right text of the form that a word looks most like."""
    return _EXAMPLES[closest(word.lower(), _EXAMPLES, "cron")]


def _refused(message: str, position: int, example: str) -> InvalidSchedule:
    return InvalidSchedule(message, field="schedule", position=position, example=example)
