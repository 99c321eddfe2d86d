"""Invoke: answer one doorbell by calling the job's target once, and record how it ended.

Line numbers are those of the protocol in docs/decisions/0001-protocol.md.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from tickline.document import read_job
from tickline.errors import InvalidJob
from tickline.model import (
    Call,
    Cause,
    Definition,
    Doorbell,
    Entry,
    Job,
    JobState,
    Json,
    OnComplete,
    Overlap,
    Result,
    Run,
    RunContext,
    RunState,
    SlotKind,
    noticed_slot,
    slot_kind,
    slot_time,
)
from tickline.placeholders import fill
from tickline.policy import after_end
from tickline.ports import Claim, Clock, Store, Targets, Write
from tickline.records import after_call, skipped

log = logging.getLogger(__name__)

STALE = timedelta(hours=1)
"""A doorbell older than this decides nothing: a tick looks again."""

FENCE = timedelta(seconds=5)
"""The call must follow the recorded start within this time, well inside the lease."""

TO_FINISH = timedelta(seconds=10)
"""What an invoke that ends at a known instant keeps back for recording what its call did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke:
    """Everything an invoke needs.

    `lease_margin`: how long after its timeout a run without a recorded end is taken for lost.
    """

    store: Store
    targets: Targets
    clock: Clock
    lease_margin: timedelta = timedelta(seconds=60)

    def __call__(self, doorbell: Doorbell, *, deadline: datetime | None = None) -> Run | None:
        """Run one attempt. Return the run's record as this invoke left it, None if it did nothing.

        1. Wait for the instant: a doorbell may be early, a start may not.
        2. Leave to a tick what is too old, whose job is gone, paused or unreadable, or what might not end
           before `deadline`.
        3. Start: one conditional write; whoever loses stops.
        4. Call the target once.
        5. Finish: one write under the same owner; whoever has lost the run stops.
        6. Only then let the entry go.
        """
        self.clock.wait_until(doorbell.due)
        job = startable(doorbell, self.store.job(doorbell.job_id), self.clock.now())
        if job is None or not self._fits(job, deadline):
            return None
        run = self._start(job, doorbell)
        if run is None or run.state is not RunState.RUNNING:
            return run
        assert run.started_at is not None, "a running run has started"
        if self.clock.now() - run.started_at > FENCE:
            log.warning("gave up between start and call", extra={"run_id": run.run_id})
            return None
        return self._finish(job, run, self._call(job, run))

    def insist(
        self, doorbell: Doorbell, *, patience: timedelta, deadline: datetime | None = None
    ) -> Iterator[Run]:
        """Run one attempt, and the next ones as long as each follows within `patience`. Yield each record.

        Nothing depends on it: a tick finds every attempt that is not made here.
        """
        bell: Doorbell | None = doorbell
        while bell is not None:
            run = self(bell, deadline=deadline)
            if run is None:
                return
            yield run
            bell = self._next_bell(bell, run, patience)

    def _next_bell(self, bell: Doorbell, run: Run, patience: timedelta) -> Doorbell | None:
        """Wait for the next attempt and return its bell, if it comes within `patience`."""
        if run.state is not RunState.READY or run.not_before is None:
            return None
        if run.not_before - self.clock.now() > patience:
            return None
        self.clock.wait_until(run.not_before)
        return replace(bell, attempt=run.attempt, published_at=self.clock.now())

    def _fits(self, job: Job, deadline: datetime | None) -> bool:
        """Tell whether an attempt that begins now would be over, and recorded, by the deadline."""
        if deadline is None or self.clock.now() + job.timeout + TO_FINISH <= deadline:
            return True
        log.warning("too little time left to start", extra={"job_id": job.job_id})
        return False

    def _start(self, job: Job, doorbell: Doorbell) -> Run | None:
        """Lines 14-15. Return the running run, or the record written in its place, or None."""
        before = None
        if doorbell.attempt > 1:
            before = self.store.run(doorbell.job_id, doorbell.slot)
            if before is None or (before.state, before.attempt) != (RunState.READY, doorbell.attempt):
                self._refused(job, before)
                return None
        run = self._running(job, doorbell, before)
        write = self._write_start(job, run, before)
        if not write.won and before is None and _queued(write.current):
            before = write.current
            write = self._write_start(job, run, before)
        if write.won or (write.current is not None and write.current.owner == run.owner):
            return run
        if write.blocked is not None:
            return self._blocked(job, doorbell, write.blocked, before)
        self._refused(job, write.current)
        return None

    def _running(self, job: Job, doorbell: Doorbell, before: Run | None) -> Run:
        now = self.clock.now()
        blank = Run(job_id=doorbell.job_id, slot=doorbell.slot, state=RunState.READY, due=doorbell.due)
        return replace(
            before or replace(blank, missed=doorbell.missed),
            state=RunState.RUNNING,
            attempt=doorbell.attempt,
            owner=uuid4().hex,
            lease=now + job.timeout + self.lease_margin,
            not_before=None,
            started_at=now,
            reason="",
            tracked=job.tracked and slot_kind(doorbell.slot) is not SlotKind.FAILURE,
        )

    def _write_start(self, job: Job, run: Run, before: Run | None) -> Write:
        claim = None
        if run.tracked and run.tries == 1:
            # A run that was redriven has been counted already.
            counted = run.attempt == 1 and slot_kind(run.slot).of_schedule
            claim = Claim(
                max_runs=job.max_runs if counted else None,
                exclusive=job.overlap is not Overlap.ALLOW,
            )
        return self.store.write_run(run, replaces=before, claim=claim)

    def _refused(self, job: Job, current: Run | None) -> None:
        """Line 15: somebody else has this attempt. Tidy up an entry that outlived its run."""
        if current is None:
            return
        log.debug("start refused", extra={"run_id": current.run_id, "state": current.state})
        if current.state in (RunState.SUCCEEDED, RunState.DEAD):
            self._let_go(job, current)

    def _blocked(self, job: Job, doorbell: Doorbell, state: JobState, before: Run | None) -> Run | None:
        """The job's state refuses the start: the slot is skipped or queued, and says so.

        A run that was redriven waits for its turn instead, whatever overlap says: a person asked for it.
        """
        if before is not None and before.just_redriven:
            return None
        now = self.clock.now()
        if not state.active:
            reason = f"max_runs={job.max_runs} is reached"
            record = skipped(doorbell, job, Cause.MAX_RUNS, reason, now=now)
        elif job.overlap is Overlap.SKIP:
            reason = f"the run of {state.active} was still open; overlap=skip"
            record = skipped(doorbell, job, Cause.OVERLAP, reason, now=now)
        elif before is not None:
            return None
        else:
            record = Run(
                job_id=doorbell.job_id,
                slot=doorbell.slot,
                state=RunState.READY,
                due=doorbell.due,
                attempt=1,
                missed=doorbell.missed,
                reason=f"queued behind {state.active}",
            )
        if not self.store.write_run(record, replaces=before).won:
            return None
        if record.state.final:
            self._let_go(job, record)
        return record

    def _call(self, job: Job, run: Run) -> Result:
        assert run.started_at is not None, "a running run has started"
        context = RunContext(
            run_id=run.run_id,
            job_id=run.job_id,
            scheduled_time=slot_time(run.slot) or run.due,
            attempt=run.attempt,
            attempt_id=run.owner,
            missed_count=run.missed,
        )
        target, payload = job.target, fill(job.payload, job, context)
        if slot_kind(run.slot) is SlotKind.FAILURE:
            target = job.on_failure
            payload = failure_notice(self.store.run(job.job_id, noticed_slot(run.slot)))
        return self.targets.call(
            Call(target=target, payload=payload, timeout=job.timeout, wait=job.wait, context=context)
        )

    def _finish(self, job: Job, run: Run, result: Result) -> Run | None:
        """Lines 17-18."""
        after = after_call(job, run, result, now=self.clock.now())
        release = run.tracked and after.state.final
        if not self.store.write_run(after, replaces=run, release=release).won:
            log.warning("finished too late, the run was given to another", extra={"run_id": run.run_id})
            return None
        if after.state.final:
            self._let_go(job, after)
        return after

    def _let_go(self, job: Job, run: Run) -> None:
        """Remove the entry of a run that has ended, after what its end asks for is in the timeline.

        Where the job is to be deleted after its last run the entry stays: a tick finishes the job first.
        """
        if job.on_complete is OnComplete.DELETE:
            return
        if notice := after_end(job, run):
            self.store.put_entries([notice])
        self.store.remove_entries([Entry(due=run.due, job_id=run.job_id, slot=run.slot)])


def startable(doorbell: Doorbell, definition: Definition | None, now: datetime) -> Job | None:
    """Return the job if this doorbell may start a run of it; None: leave it to a tick (lines 13 and 16)."""
    if definition is None or now - doorbell.published_at > STALE:
        return None
    try:
        job = read_job(definition.document)
    except InvalidJob:
        return None
    if doorbell.attempt > 1:
        return job
    held = not job.enabled and slot_kind(doorbell.slot).of_schedule
    return None if held or now - doorbell.due > job.catch_up_window else job


def failure_notice(run: Run | None) -> Json:
    """Return what `on_failure` is told about a dead run. No payload and no result: they may hold secrets."""
    if run is None:
        return {"state": RunState.DEAD.value}
    return {
        "run_id": run.run_id,
        "job_id": run.job_id,
        "scheduled_time": run.slot if slot_time(run.slot) else None,
        "state": run.state.value,
        "attempts": len(run.attempts),
        "error": run.error,
        "reason": run.reason,
    }


def _queued(run: Run | None) -> bool:
    return run is not None and run.state is RunState.READY and run.attempt == 1
