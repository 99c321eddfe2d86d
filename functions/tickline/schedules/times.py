"""At which seconds of a day a cron expression runs.

The times of one day are numbered in order, so that "the next", "the one before" and "how many"
are all the same question: how many of them lie before a given second?
"""

from functools import lru_cache

from tickline.schedules.instants import LONG_AGO


@lru_cache(maxsize=4096)
def times_of(seconds: tuple[int, ...], minutes: tuple[int, ...], hours: tuple[int, ...]) -> "Times":
    """Return the one `Times` of these values, shared by every schedule that has them."""
    return Times(seconds, minutes, hours)


class Times:
    """The times of day of an expression: every second, minute and hour that it names."""

    __slots__ = (
        "_hours",
        "_hours_before",
        "_minutes",
        "_minutes_before",
        "_next_hour",
        "_next_minute",
        "_past_hour",
        "_seconds",
        "_seconds_before",
        "first",
        "last",
        "per_day",
    )

    def __init__(self, seconds: tuple[int, ...], minutes: tuple[int, ...], hours: tuple[int, ...]) -> None:
        self._seconds, self._minutes, self._hours = seconds, minutes, hours
        self._seconds_before = _running_count(seconds, 60)
        self._minutes_before = _running_count(minutes, 60)
        self._hours_before = _running_count(hours, 25)
        self._next_minute = _next_value(minutes, 60)
        self._next_hour = _next_value(hours, 24)
        self._past_hour = minutes[0] * 60 + seconds[0]
        self.per_day = len(seconds) * len(minutes) * len(hours)
        self.first = self.at(0)
        self.last = self.at(self.per_day - 1)

    def before(self, second: int) -> int:
        """Return how many times of the day lie before this second of the day (0-86400)."""
        minute, second = divmod(second, 60)
        hour, minute = divmod(minute, 60)
        rank = self._hours_before[hour] * len(self._minutes)
        in_hour = self._hours_before[hour + 1] * len(self._minutes) > rank
        if in_hour:
            rank += self._minutes_before[minute]
        whole = rank * len(self._seconds)
        if in_hour and self._minutes_before[minute + 1] > self._minutes_before[minute]:
            whole += self._seconds_before[second]
        return whole

    def at(self, rank: int) -> int:
        """Return the second of the day of the time that has `rank` others before it."""
        rank, second = divmod(rank, len(self._seconds))
        hour, minute = divmod(rank, len(self._minutes))
        return self._hours[hour] * 3600 + self._minutes[minute] * 60 + self._seconds[second]

    def next(self, second: int) -> int:
        """Return the first time of the day from this second on, or LONG_AGO if the day is over."""
        if len(self._seconds) > 1:
            rank = self.before(second)
            return self.at(rank) if rank < self.per_day else LONG_AGO
        # Nearly every schedule has one second, and this is where nearly all of its time goes.
        hour, minute = divmod((second - self._seconds[0] + 59) // 60, 60)
        found = self._next_hour[hour]
        if found == hour:
            minute = self._next_minute[minute]
            if minute < 60:
                return hour * 3600 + minute * 60 + self._seconds[0]
            found = self._next_hour[hour + 1]
        return found * 3600 + self._past_hour if found < 24 else LONG_AGO


@lru_cache(maxsize=1024)
def _running_count(values: tuple[int, ...], stop: int) -> bytes:
    """Return for each number from 0 to `stop` how many of the values are smaller."""
    counts = bytearray(stop + 1)
    for value in values:
        counts[value + 1] = 1
    for number in range(stop):
        counts[number + 1] += counts[number]
    return bytes(counts)


@lru_cache(maxsize=1024)
def _next_value(values: tuple[int, ...], stop: int) -> bytes:
    """Return for each number from 0 to `stop` the first of the values from it on, or stop + 1."""
    found = bytearray([stop + 1]) * (stop + 1)
    for value in values:
        found[value] = value
    for number in range(stop - 1, -1, -1):
        found[number] = min(found[number], found[number + 1])
    return bytes(found)
