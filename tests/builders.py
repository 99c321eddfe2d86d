"""Values that tests begin with, and fakes of the ports that have no small real adapter."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tickline.model import Call, Definition, Doorbell, Entry, Job, Result, Run, RunState, slot_of
from tickline.ports import Clock, Dispatcher, Store, Targets
from tickline.tick import admit

NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
"""A Monday noon, far from any change of the clocks."""

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def document(job_id: str = "report", **changes: Any) -> dict[str, Any]:
    """Return the document of a job that runs every minute."""
    return {"job_id": job_id, "schedule": "* * * * *", "target": "python:work"} | changes


def definition(job_id: str = "report", revision: int = 1, **changes: Any) -> Definition:
    return Definition(job_id=job_id, document=document(job_id, **changes), revision=revision)


def entry(due: datetime = NOW, job_id: str = "report", *, slot: str = "", missed: int = 0) -> Entry:
    return Entry(due=due, job_id=job_id, slot=slot or slot_of(due), missed=missed)


def run(due: datetime = NOW, state: RunState = RunState.RUNNING, **changes: Any) -> Run:
    """Return a run of the job of `document`, at its first attempt."""
    values: dict[str, Any] = {"job_id": "report", "slot": slot_of(due), "due": due, "attempt": 1}
    if state is RunState.RUNNING:
        values |= {"owner": "one", "lease": due + MINUTE, "started_at": due}
    return Run(state=state, **(values | changes))


def doorbell(due: datetime = NOW + MINUTE) -> Doorbell:
    return Doorbell(job_id="report", slot=slot_of(due), attempt=1, due=due, published_at=due)


class FakeClock(Clock):
    """A clock that is set by hand; waiting moves it."""

    def __init__(self, instant: datetime = NOW) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def wait_until(self, instant: datetime) -> None:
        self.instant = max(self.instant, instant)

    def advance(self, by: timedelta) -> None:
        self.instant += by


class FakeTargets(Targets):
    """Remembers calls and answers as told: each answer once, the last one for ever."""

    def __init__(self, *answers: Result | Callable[[Call], Result]) -> None:
        self.calls: list[Call] = []
        self.answers = list(answers) or [Result(summary="done")]

    def call(self, call: Call) -> Result:
        self.calls.append(call)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Result) else answer(call)

    @property
    def run_ids(self) -> list[str]:
        return [call.context.run_id for call in self.calls]


class FakeDispatcher(Dispatcher):
    """Keeps doorbells until a test delivers, doubles or loses them."""

    def __init__(self) -> None:
        self.bells: list[Doorbell] = []

    def ring(self, doorbells: Sequence[Doorbell]) -> None:
        self.bells += doorbells

    def take(self) -> list[Doorbell]:
        taken, self.bells = self.bells, []
        return taken


def put(store: Store, now: datetime = NOW, **changes: Any) -> Definition:
    """Store a job as admin does: the definition, then its first entry."""
    made = definition(**changes)
    stored = store.job(made.job_id)
    assert store.put_job(made, revision=None if stored is None else stored.revision)
    admit(store, [made], now)
    return made


def job(**changes: Any) -> Job:
    """Return a checked job, by default the one of `document`."""
    from tickline.document import read_job

    return read_job(document(**changes))
