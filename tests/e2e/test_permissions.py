"""Roles: every call that the functions make is allowed, and nothing is allowed that none of them makes."""

import base64
import json
from typing import Any

from boxes import Box, eventually, zipped

HELLO, BAD = "lambda:tickline-hello", "lambda:tickline-bad"
YEARLY, EACH_SECOND = "0 0 1 1 *", "quartz(* * * ? * * *)"
ROLES = ("Tickline-TickRole", "Tickline-InvokeRole", "Tickline-AdminRole", "Tickline-AdmitRole")

FOR_DEAD_LETTERS = "sqs:SendMessage"
"""Used by Lambda itself, with the function's role, when an event has failed for the last time."""


def test_every_call_is_allowed_and_every_permission_is_used(box: Box) -> None:
    use_everything(box)

    # A handful of names say what is wrong better than a number.
    refused = [one for one in box.ask("refusals") if one["role"].startswith(ROLES)]
    unused = [one for one in box.ask("permissions") if one["role"].startswith(ROLES) and not one["times"]]
    assert refused == []
    assert [one for one in unused if one["action"] != FOR_DEAD_LETTERS] == []


def use_everything(box: Box) -> None:
    """Have the stack do everything that it can do."""
    use_jobs(box)
    use_failures(box)
    use_functions(box)
    for action in ("list_jobs", "list_runs", "doctor"):
        assert box.admin(action)["ok"]
    assert box.admin("list_runs", state="dead")["ok"]


def use_jobs(box: Box) -> None:
    item = {"job_id": {"S": "p-hand"}, "schedule": {"S": YEARLY}, "target": {"S": HELLO}}
    box.client("dynamodb").put_item(TableName="Tickline-jobs", Item=item | {"run_on_create": {"BOOL": True}})
    once = {"max_runs": 1, "on_complete": "delete"}
    put(box, "p-once", HELLO, schedule=EACH_SECOND, overlap="skip", **once)
    put(box, "p-version", f"{HELLO}:$LATEST", run_on_create=True)
    put(box, "p-held", HELLO, schedule=EACH_SECOND, max_runs=1)
    box.admin("pause_job", job_id="p-held")
    box.order("timer")
    for job_id, state in {"p-hand": "succeeded", "p-version": "succeeded", "p-held": "skipped"}.items():
        eventually(lambda job_id=job_id, state=state: in_state(box, job_id, state))  # type: ignore[misc]
    eventually(lambda: box.order("timer") is not None and not box.admin("get_job", job_id="p-once")["ok"])
    box.admin("resume_job", job_id="p-held")
    assert box.admin("explain", job_id="p-hand", at="2026-01-01T00:00:00Z")["ok"]
    assert box.admin("delete_job", job_id="p-held")["ok"]


def use_failures(box: Box) -> None:
    put(box, "p-bad", BAD, run_on_create=True, retry={"max_attempts": 1}, overlap="queue")
    (dead,) = eventually(lambda: in_state(box, "p-bad", "dead"))
    assert box.admin("get_run", job_id="p-bad", slot=dead["slot"])["ok"]
    assert box.admin("redrive_run", job_id="p-bad", slot=dead["slot"])["ok"]
    later = {"max_attempts": 2, "backoff": "12h", "max_backoff": "12h"}
    put(box, "p-gone", BAD, run_on_create=True, retry=later, overlap="skip")
    eventually(lambda: in_state(box, "p-gone", "ready"))
    assert box.admin("delete_job", job_id="p-gone")["ok"]
    box.order("timer")
    eventually(lambda: in_state(box, "p-gone", "dead"))


def use_functions(box: Box) -> None:
    code = base64.b64encode(zipped("def handler(event, context):\n    return 1\n")).decode()
    assert box.admin("create_function", name="p-made", code=code, handler="index.handler")["ok"]
    assert box.admin("update_function", name="p-made", code=code, memory=256)["ok"]
    put(box, "p-calls", "lambda:tickline-fn-p-made", run_on_create=True)
    eventually(lambda: in_state(box, "p-calls", "succeeded"))
    assert [made["name"] for made in box.admin("list_functions")["functions"]] == ["p-made"]
    assert box.admin("delete_function", name="p-made", force=True)["ok"]


def put(box: Box, job_id: str, target: str, **fields: Any) -> None:
    job = {"job_id": job_id, "schedule": YEARLY, "target": target, **fields}
    answer = box.admin("put_job", job=job)
    assert answer["ok"], json.dumps(answer)


def in_state(box: Box, job_id: str, state: str) -> list[dict[str, Any]]:
    return [run for run in box.runs(job_id) if run["state"] == state]
