"""At which seconds of a day a cron expression runs.

The times of one day are numbered in order, so that "the next", "the one before" and "how many"
are all the same question: how many of them lie before a given second?
"""

from array import array
from functools import lru_cache

from tickline.schedules.instants import DAY, LONG_AGO

_MINUTES = DAY // 60


@lru_cache(maxsize=4096)
def times_of(seconds: tuple[int, ...], minutes: tuple[int, ...], hours: tuple[int, ...]) -> "Times":
    """Return the one `Times` of these values, shared by every schedule that has them."""
    return Times(seconds, minutes, hours)


class Times:
    """The times of day of an expression: every second, minute and hour that it names."""

    __slots__ = (
        "_before_minute",
        "_before_second",
        "_minutes",
        "_next_minute",
        "_seconds",
        "first",
        "per_day",
    )

    def __init__(self, seconds: tuple[int, ...], minutes: tuple[int, ...], hours: tuple[int, ...]) -> None:
        self._seconds = seconds
        self._minutes = array("H", (hour * 60 + minute for hour in hours for minute in minutes))
        self._before_second = _running_count(seconds, 60)
        self._before_minute = array("H", _running_count(self._minutes, _MINUTES))
        self.first = self._minutes[0] * 60 + seconds[0]
        self.per_day = len(self._minutes) * len(seconds)

    def before(self, second: int) -> int:
        """Return how many times of the day lie before this second of the day (0-86400)."""
        minute = second // 60
        whole = self._before_minute[minute]
        rank = whole * len(self._seconds)
        if minute < _MINUTES and self._before_minute[minute + 1] > whole:
            rank += self._before_second[second % 60]
        return rank

    def at(self, rank: int) -> int:
        """Return the second of the day of the time that has `rank` others before it."""
        minute, second = divmod(rank, len(self._seconds))
        return self._minutes[minute] * 60 + self._seconds[second]

    def next(self, second: int) -> int:
        """Return the first time of the day from this second on, or LONG_AGO if the day is over."""
        rank = self.before(second)
        return self.at(rank) if rank < self.per_day else LONG_AGO


def _running_count(values: "tuple[int, ...] | array[int]", stop: int) -> list[int]:
    """Return for each number from 0 to `stop` how many of the values are smaller."""
    wanted = frozenset(values)
    counts = [0]
    for number in range(stop):
        counts.append(counts[-1] + (number in wanted))
    return counts
