"""What every schedule answers, whatever its dialect."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

Gap = Literal["skip", "shift"]
Fold = Literal["first", "second", "both"]


class Dialect(StrEnum):
    """Whose rules a text is read by."""

    AWS = "aws"
    UNIX = "unix"
    QUARTZ = "quartz"
    CRONITER = "croniter"


class Schedule(Protocol):
    """A rule that names instants, called slots. It has no memory and may be shared freely.

    Instants go in as aware datetimes of any zone (naive ones raise ValueError) and come out in
    UTC, in whole seconds. The last slot of any schedule lies in the year 2199, by the clock of
    its zone.
    """

    @property
    def text(self) -> str:
        """The schedule as it was written."""
        ...

    @property
    def zone(self) -> str:
        """The name of the time zone whose clock is meant."""
        ...

    @property
    def dialect(self) -> Dialect:
        """Whose rules the text was read by."""
        ...

    @property
    def one_time(self) -> bool:
        """True for `at(...)`: there is one slot and no other."""
        ...

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first slot strictly after the instant; None means never again."""
        ...

    def latest_until(self, instant: datetime) -> datetime | None:
        """Return the last slot at or before the instant; None means that there was none."""
        ...

    def count(self, after: datetime, until: datetime) -> int:
        """Return how many slots lie after the one instant, up to and including the other.

        Years cost little, except in croniter's dialect: that must step, and counts to 1,000 for each
        stretch without a change of the clock, no further.
        """
        ...

    def iterate(self, after: datetime) -> Iterator[datetime]:
        """Yield the slots after the instant, in order."""
        ...

    def describe(self) -> str:
        """Say in English when the slots are."""
        ...
