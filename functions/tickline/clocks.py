"""The machine's clock."""

import time
from datetime import UTC, datetime

from tickline.ports import Clock


class SystemClock(Clock):
    """The time of this machine; waiting sleeps."""

    def now(self) -> datetime:
        """See Clock.now."""
        return datetime.now(UTC)

    def wait_until(self, instant: datetime) -> None:
        """See Clock.wait_until."""
        while (left := (instant - self.now()).total_seconds()) > 0:
            time.sleep(left)
