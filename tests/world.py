"""The whole flow on a virtual clock: a store, ticks, doorbells in the hands of a test, fake targets."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from builders import NOW, FakeClock, FakeDispatcher, FakeTargets, put
from tickline.admin import Admin
from tickline.invoke import Invoke
from tickline.model import Call, Definition, Doorbell, Failure, Result, Run, RunState
from tickline.ports import Store
from tickline.tick import Report, Tick

FAILED = Result(failure=Failure.FUNCTION, error="Oops: no")


class Crash(BaseException):
    """The process dies here."""


def crash(_: Call) -> Result:
    """Die in the middle of a call."""
    raise Crash


class World:
    """One deployment of Tickline: `step` moves time, ticks and answers every bell."""

    def __init__(
        self,
        store: Store,
        *answers: Result | Callable[[Call], Result],
        grace: timedelta = timedelta(0),
        now: datetime = NOW,
    ) -> None:
        self.store = store
        self.clock = FakeClock(now)
        self.targets = FakeTargets(*answers)
        self.dispatcher = FakeDispatcher()
        self.tick_of = Tick(store=store, dispatcher=self.dispatcher, grace=grace)
        self.invoke = Invoke(store=store, targets=self.targets, clock=self.clock)
        self.admin = Admin(store=store, clock=self.clock)

    def put(self, **changes: Any) -> Definition:
        return put(self.store, self.clock.now(), **changes)

    def tick(self) -> Report:
        return self.tick_of(self.clock.now())

    def answer(self, *bells: Doorbell) -> list[Run | None]:
        """Answer bells, by default all that were rung."""
        return [self.invoke(bell) for bell in bells or self.dispatcher.take()]

    def step(self, by: timedelta = timedelta(0), *, times: int = 1) -> Report:
        """Move the clock, tick, answer every bell; `times` in a row."""
        report = Report()
        for _ in range(times):
            self.clock.advance(by)
            report = self.tick()
            self.answer(*self.dispatcher.take()) if self.dispatcher.bells else None
        return report

    def runs(self, job_id: str = "report") -> list[Run]:
        """Return all records of a job, the earliest first."""
        return self.store.list_runs(job_id, limit=100_000)[::-1]

    def states(self, job_id: str = "report") -> dict[str, RunState]:
        """Return the state of each slot, without its date."""
        return {run.slot[11:19] if run.slot[1:2] != ":" else run.slot: run.state for run in self.runs(job_id)}

    def pending(self) -> list[tuple[str, str]]:
        """Return (job_id, slot) of each timeline entry."""
        entries = self.store.due(datetime.max.replace(tzinfo=NOW.tzinfo), limit=100_000)
        return [(entry.job_id, entry.slot) for entry in entries]
