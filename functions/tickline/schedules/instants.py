"""Instants as whole seconds since 1970-01-01T00:00:00Z, and the two ends of time.

Inside this package an instant is an integer, and so is a local time: the seconds that a clock on
the wall has counted since it showed 1970-01-01 00:00. The difference of the two is the zone's
offset.
"""

from datetime import UTC, date, datetime, timedelta

DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

FIRST_YEAR = 1970
LAST_YEAR = 2199
"""AWS and Quartz both document 1970-2199; Tickline keeps to it in every dialect."""

LAST_DAY = date(LAST_YEAR, 12, 31).toordinal() - EPOCH_ORDINAL
END = (LAST_DAY + 1) * DAY
"""The first local second that no schedule reaches."""

NEVER = 1 << 62
"""Later than every time: the answer of a search that found nothing ahead."""

LONG_AGO = -1
"""Earlier than every local time of a schedule: the answer of a search that found nothing behind."""


def seconds_of(instant: datetime) -> int:
    """Return the whole seconds of an aware instant, rounded down; ValueError for anything else."""
    try:
        since = instant - EPOCH
        return since.days * DAY + since.seconds
    except (TypeError, AttributeError):
        raise ValueError(f"an aware datetime is needed, such as datetime.now(UTC), not {instant!r}") from None


def instant_of(seconds: int) -> datetime:
    """Return the aware UTC datetime of these seconds."""
    return EPOCH + timedelta(0, seconds)


def local_text(local: int) -> str:
    """Write a local time as a clock on the wall shows it: 2027-03-14T02:30:00."""
    return instant_of(local).isoformat()[:19]
