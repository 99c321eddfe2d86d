"""Admin: everything that people and programs ask of Tickline, as one call from JSON to JSON.

    {"action": "put_job", "job": {...}}  ->  {"ok": true, ...}
                                         ->  {"ok": false, "error": {"code", "message", "field"}}

The CLI, the admin Lambda and local mode are faces of this; none of them does more.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from inspect import signature
from typing import Any
from uuid import uuid4

from tickline.admin_functions import FUNCTION_ACTIONS, FUNCTION_CODES
from tickline.allowed import Allowed
from tickline.doctor import examine
from tickline.document import read_job
from tickline.errors import (
    Conflict,
    InvalidJob,
    InvalidRequest,
    InvalidSchedule,
    JobExists,
    JobNotFound,
    Problem,
    StoreError,
    TicklineError,
)
from tickline.explain import explain
from tickline.functions.model import IN_LOCAL_MODE, NoFunctions
from tickline.model import Definition, Entry, Job, Json, RunState, SlotKind, instant_of, instant_text, slot_of
from tickline.policy import first_entries
from tickline.ports import Clock, Functions, Place, Store
from tickline.readers import Refused, instant, shown
from tickline.redrive import redrive
from tickline.schedules import check_zone, parse, warnings
from tickline.slots import Slots
from tickline.tick import SOON, admit
from tickline.views import View, job_view, problem_view, run_view, upcoming_slots

MAX_PAGE = 1000
TOKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
TRIES = 5
"""How often a change is tried again when somebody else's came in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """The actions. Each takes and returns JSON and raises a TicklineError for a caller's mistake.

    `allowed`: which targets a job may be given; None: all. A job that was made by hand with another one is
    valid, and shown as one whose runs will fail. `hurry` is told of a job that has something new due within
    SOON: it may ask for a tick of this job, and may fail to.
    """

    store: Store
    clock: Clock
    functions: Functions | NoFunctions = IN_LOCAL_MODE
    allowed: Allowed | None = None
    hurry: Callable[[str], None] = lambda _job_id: None

    # jobs

    def put_job(self, job: Json, *, create: bool = False, revision: int | None = None) -> View:
        """Write a job. `create`: only a new one. `revision`: only if the stored one has that revision.

        Returns its next slots, and warnings about what the schedule will do that its author may not expect.
        """
        checked = self._checked(job)
        for _ in range(TRIES):
            now = self.clock.now()
            stored = self.store.job(checked.job_id)
            if stored is not None and create:
                raise JobExists(checked.job_id)
            if revision is not None and (stored is None or stored.revision != revision):
                raise Conflict(checked.job_id)
            document = _with_creation(job, stored, now)
            _refuse_the_past(document, now)
            if self._write(document, stored):
                return self._admitted(checked.job_id, now, created=stored is None)
        raise Conflict(checked.job_id)

    def get_job(self, job_id: str, *, upcoming: int = 5) -> View:
        """Show one job, valid or not, and its newest run."""
        view = job_view(self._definition(job_id), self.clock.now(), upcoming=upcoming, allowed=self.allowed)
        return view | self._last_run(job_id)

    def list_jobs(self, *, after: str = "", limit: int = 100, group: str | None = None) -> View:
        """Show jobs in order of job_id, with next slot and newest run. Pass `next_page` as `after`."""
        found = self.store.list_jobs(after=after, limit=_page(limit))
        now = self.clock.now()
        jobs = [
            job_view(definition, now, allowed=self.allowed) | self._last_run(definition.job_id)
            for definition in found
            if group is None or _field(definition, "group") == group
        ]
        return {"jobs": jobs} | ({"next_page": found[-1].job_id} if len(found) == limit else {})

    def delete_job(self, job_id: str) -> View:
        """Delete a job. Its runs stay in the history; what is still due is recorded as skipped."""
        if not self.store.delete_job(job_id):
            raise JobNotFound(job_id)
        return {"job_id": job_id, "deleted": True}

    def pause_job(self, job_id: str) -> View:
        """Hold a job: what comes due is recorded as skipped; open runs and run-now go on."""
        return self._set_enabled(job_id, enabled=False)

    def resume_job(self, job_id: str) -> View:
        """Let a paused job go on, with its first slot later than now."""
        return self._set_enabled(job_id, enabled=True)

    # runs

    def run_job(self, job_id: str, *, token: str | None = None) -> View:
        """Run a job now, paused or not. The same `token` again is the same run, not another."""
        read_job(self._definition(job_id).document)
        if token is not None and not TOKEN.fullmatch(token):
            message = f"token {shown(token)} is not 1 to 64 letters, digits, dots, dashes or underscores"
            raise InvalidRequest(message, field="token")
        now = self.clock.now()
        slot = SlotKind.MANUAL + (token or f"{now:%Y%m%dT%H%M%S}-{uuid4().hex[:6]}")
        if self.store.run(job_id, slot) is None:
            self.store.put_entries([Entry(due=now, job_id=job_id, slot=slot)])
            self.hurry(job_id)
        return {"job_id": job_id, "slot": slot, "run_id": f"{job_id}/{slot}"}

    def get_run(self, job_id: str, slot: str) -> View:
        """Show the record of one run."""
        run = self.store.run(job_id, slot)
        if run is None:
            raise InvalidRequest(f"there is no record of run {job_id}/{slot}", field="slot")
        return run_view(run)

    def redrive_run(self, job_id: str, slot: str) -> View:
        """Give a dead run another set of attempts: the same run, with its history."""
        run = redrive(self.store, job_id, slot, self.clock.now())
        self.hurry(job_id)
        return run_view(run)

    def list_runs(
        self,
        job_id: str | None = None,
        *,
        state: str | None = None,
        limit: int = 20,
        page: str | None = None,
    ) -> View:
        """Show runs, the latest due first, of one job or of all. `next_page`: pass as `page`."""
        runs = self.store.list_runs(job_id, before=_place(page), states=_states(state), limit=_page(limit))
        if job_id is not None and not runs and page is None:
            self._definition(job_id)
        view: View = {"runs": [run_view(run) for run in runs]}
        if len(runs) == limit:
            last = runs[-1]
            view["next_page"] = f"{instant_text(last.due)} {last.job_id} {last.slot}"
        return view

    # questions

    def explain(self, job_id: str, at: str) -> View:
        """Say what happened or will happen at an instant, and why. Without an offset `at` is local time."""
        return explain(self.store, job_id, at, self.clock.now())

    def next_times(
        self, schedule: str, *, zone: str = "UTC", after: str | None = None, count: int = 10, job_id: str = ""
    ) -> View:
        """Show what a schedule means and when it is next due, without storing anything."""
        now = self.clock.now()
        parsed = parse(schedule, zone=zone, anchor=now.replace(microsecond=0), job_id=job_id)
        local = check_zone(zone)
        times: list[View] = []
        slot = parsed.next_after(now if after is None else _instant(after, zone, "after"))
        while slot is not None and len(times) < _page(count):
            times.append({"utc": slot_of(slot), "local": slot.astimezone(local).isoformat()})
            slot = parsed.next_after(slot)
        return {
            "schedule": schedule,
            "zone": zone,
            "describe": parsed.describe(),
            "times": times,
            "warnings": [warning.sentence for warning in warnings(parsed, now=now)],
        }

    def doctor(self) -> View:
        """Look for what should not be: bad definitions, overdue entries, lost runs. Changes nothing."""
        findings = examine(self.store, self.clock.now(), allowed=self.allowed)
        return {"healthy": not findings, "findings": findings}

    # the steps of a change

    def _definition(self, job_id: str) -> Definition:
        definition = self.store.job(job_id)
        if definition is None:
            raise JobNotFound(job_id)
        return definition

    def _checked(self, document: Json) -> Job:
        """Read a document that somebody gave. What is wrong with its targets is told with all the rest."""
        refused = self.allowed.problems(document) if self.allowed else ()
        try:
            job = read_job(document)
        except InvalidJob as invalid:
            raise InvalidJob(invalid.job_id, (*invalid.problems, *refused)) from None
        if refused:
            raise InvalidJob(job.job_id, refused)
        return job

    def _write(self, document: dict[str, Json], stored: Definition | None) -> bool:
        """Write the document in place of `stored`; an equal one is left as it is."""
        if stored is not None and stored.document == document:
            return True
        revision = 1 if stored is None else stored.revision + 1
        definition = Definition(job_id=document["job_id"], document=document, revision=revision)
        if stored is None:
            self.store.reset_state(definition.job_id)
        return self.store.put_job(definition, revision=None if stored is None else stored.revision)

    def _admitted(self, job_id: str, now: datetime, *, created: bool) -> View:
        """Line 19: the definition is written, now the timeline hears of it."""
        definition = self._definition(job_id)
        if any(entry.due <= now + SOON for entry in admit(self.store, [definition], now)):
            self.hurry(job_id)
        job = read_job(definition.document)
        slots = Slots.of(job)
        return {
            "job_id": job_id,
            "revision": definition.revision,
            "created": created,
            "next": upcoming_slots(slots, now, 3) if job.enabled else [],
            "warnings": [warning.sentence for warning in warnings(slots.schedule, now=now)],
        }

    def _set_enabled(self, job_id: str, *, enabled: bool) -> View:
        for _ in range(TRIES):
            stored = self._definition(job_id)
            read_job(stored.document)
            document = {**stored.document, "enabled": enabled}
            if self._write(document, stored):
                return self._admitted(job_id, self.clock.now(), created=False) | {"enabled": enabled}
        raise Conflict(job_id)

    def _last_run(self, job_id: str) -> View:
        runs = self.store.list_runs(job_id, limit=1)
        return {"last_run": run_view(runs[0])} if runs else {}


ACTIONS: dict[str, Callable[..., View]] = {
    name: getattr(Admin, name)
    for name in (
        "put_job", "get_job", "list_jobs", "delete_job", "pause_job", "resume_job",
        "run_job", "redrive_run", "get_run", "list_runs", "explain", "next_times", "doctor",
    )
} | FUNCTION_ACTIONS  # fmt: skip

CODES: dict[type[TicklineError], str] = {
    InvalidJob: "invalid_job",
    InvalidSchedule: "invalid_schedule",
    InvalidRequest: "invalid_request",
    JobNotFound: "job_not_found",
    JobExists: "job_exists",
    Conflict: "conflict",
    StoreError: "store_error",
} | FUNCTION_CODES


def handle(admin: Admin, request: object) -> View:
    """Answer one request. A caller's mistake is an answer, not an exception."""
    try:
        action, arguments = _action(request)
        return {"ok": True} | action(admin, **arguments)
    except TicklineError as error:
        code = next((code for kind, code in CODES.items() if isinstance(error, kind)), "error")
        answer: View = {"code": code, "message": str(error), "field": getattr(error, "field", "")}
        if isinstance(error, InvalidJob):
            answer["field"] = error.problems[0].field
            answer["problems"] = [problem_view(problem) for problem in error.problems]
        return {"ok": False, "error": answer}


def _action(request: object) -> tuple[Callable[..., View], dict[str, Any]]:
    """Find the action and check its arguments by name and kind."""
    if not isinstance(request, dict):
        raise InvalidRequest(f'{shown(request)} is not an object; for example {{"action": "list_jobs"}}')
    arguments = dict(request)
    name = arguments.pop("action", None)
    if not isinstance(name, str) or name not in ACTIONS:
        raise InvalidRequest(f"{shown(name)} is not an action; one of: {', '.join(ACTIONS)}", field="action")
    action = ACTIONS[name]
    parameters = dict(list(signature(action).parameters.items())[1:])
    for given in arguments:
        if given not in parameters:
            message = f"{name} takes no {shown(given)}; it takes: {', '.join(parameters) or 'nothing'}"
            raise InvalidRequest(message, field=str(given))
    for expected, parameter in parameters.items():
        if expected not in arguments and parameter.default is parameter.empty:
            raise InvalidRequest(f"{name} needs {expected}", field=expected)
    for given, value in arguments.items():
        _check_kind(given, value, parameters[given].annotation)
    return action, arguments


def _check_kind(name: str, value: Json, kind: Any) -> None:
    """Refuse an argument of another kind than the action declares; Json takes anything."""
    boolean_as_number = isinstance(value, bool) and kind is not bool
    if kind is Any or (isinstance(value, kind) and not boolean_as_number):
        return
    raise InvalidRequest(f"{name} is {shown(value)}; it must be {_kind_text(kind)}", field=name)


def _kind_text(kind: Any) -> str:
    return {"str": "text", "int": "a whole number", "bool": "true or false"}.get(
        str(getattr(kind, "__name__", kind)).replace(" | None", ""), "text or a number"
    )


def _with_creation(job: Json, stored: Definition | None, now: datetime) -> dict[str, Json]:
    """Return the document as it is stored: it keeps the creation of the one it replaces."""
    created = None if stored is None else _field(stored, "created_at")
    return {**job, "created_at": job.get("created_at") or created or slot_of(now)}


def _field(definition: Definition, name: str) -> Json:
    document: Json = definition.document  # made by hand, it may be anything
    return document.get(name) if isinstance(document, dict) else None


def _refuse_the_past(document: dict[str, Json], now: datetime) -> None:
    """Refuse a one-time job that would never run: it would sit there looking as if it might."""
    job: Job = read_job(document)
    slots = Slots.of(job)
    if slots.schedule.one_time and job.enabled and not first_entries(slots, now):
        message = f"lies further back than catch_up_window; now is {slot_of(now)}, so it would never run"
        problem = Problem(field="schedule", message=message, example="at(2030-01-31T18:00:00)")
        raise InvalidJob(job.job_id, (problem,))


def _page(limit: int) -> int:
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidRequest(f"{limit} is not between 1 and {MAX_PAGE}", field="limit")
    return limit


def _place(page: str | None) -> Place | None:
    if page is None:
        return None
    try:
        due, job_id, slot = page.split(" ")
        return instant_of(due), job_id, slot
    except ValueError:
        raise InvalidRequest(f"{shown(page)} is not a next_page of an earlier answer", field="page") from None


def _states(state: str | None) -> frozenset[RunState]:
    if state is None:
        return frozenset()
    if state not in set(RunState):
        raise InvalidRequest(f"{shown(state)} is not one of: {', '.join(RunState)}", field="state")
    return frozenset({RunState(state)})


def _instant(value: str, zone: str, field: str) -> datetime:
    try:
        parsed: datetime = instant(check_zone(zone))(value)
    except Refused as refused:
        raise InvalidRequest(f"{field}: {refused}; for example {refused.example}", field=field) from None
    return parsed
