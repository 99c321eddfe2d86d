"""A job's slots: its schedule, bounded by `start` and `end`, each due after the job's window offset."""

from datetime import UTC, datetime, timedelta
from typing import Self

from tickline.model import Entry, Job, slot_of, stable_hash
from tickline.schedules import Schedule, parse

SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)


class Slots:
    """When a job runs. Slots are nominal instants; `due` says when each one is to start."""

    __slots__ = ("end", "job", "offset", "schedule", "start")

    def __init__(self, job: Job, schedule: Schedule) -> None:
        self.job = job
        self.schedule = schedule
        self.start = job.start or EARLIEST
        self.end = job.end
        self.offset = window_offset(job)

    @classmethod
    def of(cls, job: Job) -> Self:
        """Compile the job's schedule. `rate` counts from `start`, else from the job's creation.

        Raises InvalidSchedule, which a checked job does not.
        """
        return cls(
            job,
            parse(
                job.schedule,
                zone=job.zone,
                anchor=job.start or job.created_at,
                job_id=job.job_id,
                dst_gap=job.dst_gap,
                dst_fold=job.dst_fold,
            ),
        )

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first slot later than `instant`, None if there is none."""
        slot = self.schedule.next_after(max(instant, self.start - INSTANT))
        return None if slot is None or (self.end is not None and slot > self.end) else slot

    def latest_until(self, instant: datetime) -> datetime | None:
        """Return the last slot at or before `instant`, None if there is none."""
        slot = self.schedule.latest_until(instant if self.end is None else min(instant, self.end))
        return None if slot is None or slot < self.start else slot

    def contains(self, instant: datetime) -> bool:
        """Tell whether `instant` is a slot."""
        return self.latest_until(instant) == instant

    def count(self, first: datetime, before: datetime) -> int:
        """Return how many slots lie in [first, before)."""
        lower = max(first, self.start) - INSTANT
        upper = before - INSTANT if self.end is None else min(before - INSTANT, self.end)
        return self.schedule.count(lower, upper) if lower < upper else 0

    def entry(self, slot: datetime, *, missed: int = 0) -> Entry:
        """Return the timeline entry of a slot."""
        return Entry(due=slot + self.offset, job_id=self.job.job_id, slot=slot_of(slot), missed=missed)

    def frontier(self, now: datetime) -> Entry | None:
        """Return the entry of the first slot later than `now`: where a new job begins."""
        slot = self.next_after(now)
        return None if slot is None else self.entry(slot)


def window_offset(job: Job) -> timedelta:
    """Return how long after its slot a run of the job is due: the same for all runs of one job.

    A flexible window spreads jobs that share a schedule; the hash of the job_id places each.
    """
    seconds = int(job.window.total_seconds())
    return timedelta(seconds=stable_hash(job.job_id) % seconds) if seconds else timedelta(0)
