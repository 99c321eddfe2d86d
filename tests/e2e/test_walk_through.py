"""The stack as a person meets it: real clients, the deployed zip, the roles as they are deployed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from boxes import Box, eventually

STACK_ROLES = ("Tickline-TickRole", "Tickline-InvokeRole", "Tickline-AdminRole", "Tickline-AdmitRole")

HELLO, BAD = "lambda:tickline-hello", "lambda:tickline-bad"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:Tickline-doorbells"
YEARLY = "0 0 1 1 *"


def put(box: Box, job_id: str, target: str, **fields: Any) -> dict[str, Any]:
    return box.admin("put_job", job={"job_id": job_id, "schedule": YEARLY, "target": target, **fields})


def in_state(box: Box, job_id: str, state: str) -> list[dict[str, Any]]:
    return [run for run in box.runs(job_id) if run["state"] == state]


def test_a_job_that_was_put_by_the_admin_function_runs(box: Box) -> None:
    put(box, "by-admin", HELLO, payload={"to": "you"}, run_on_create=True)

    box.order("timer")

    (run,) = eventually(lambda: in_state(box, "by-admin", "succeeded"))
    assert '"to": "you"' in run["result"]
    assert run["run_id"] in run["result"]


def test_a_hand_made_item_is_admitted_by_the_stream(box: Box) -> None:
    item = {"job_id": {"S": "by-hand"}, "schedule": {"S": "* * * * *"}, "target": {"S": HELLO}}

    box.client("dynamodb").put_item(TableName="Tickline-jobs", Item=item)

    eventually(lambda: box.admin("get_job", job_id="by-hand").get("ok") and _entries(box, "by-hand"))
    box.admin("delete_job", job_id="by-hand")


def _entries(box: Box, job_id: str) -> list[Any]:
    items = box.client("dynamodb").scan(TableName="Tickline-timeline")["Items"]
    return [item for item in items if item["job_id"]["S"] == job_id]


def test_a_run_that_fails_is_tried_again_and_then_dead_and_an_alarm_says_so(box: Box) -> None:
    put(box, "fails", BAD, run_on_create=True, retry={"max_attempts": 2, "backoff": "1s"})

    box.order("timer")

    (run,) = eventually(lambda: in_state(box, "fails", "dead"))
    assert [attempt["error"] for attempt in run["attempts"]] == ["ValueError: no"] * 2
    got = box.admin("get_run", job_id="fails", slot=run["slot"])
    assert got.get("ok"), got
    eventually(lambda: box.order("alarms")["Tickline-dead-runs"] == "ALARM")


def test_what_comes_due_while_a_job_is_paused_is_recorded_as_skipped(box: Box) -> None:
    put(box, "held", HELLO, schedule="quartz(* * * ? * * *)")
    box.admin("pause_job", job_id="held")

    box.order("timer")

    eventually(lambda: in_state(box, "held", "skipped"))
    assert in_state(box, "held", "succeeded") == []
    assert box.admin("delete_job", job_id="held")["ok"]
    assert not box.admin("get_job", job_id="held")["ok"]


def test_a_dead_run_can_be_driven_again(box: Box) -> None:
    put(box, "again", BAD, run_on_create=True, retry={"max_attempts": 1})
    box.order("timer")
    (dead,) = eventually(lambda: in_state(box, "again", "dead"))
    put(box, "again", HELLO)

    box.admin("redrive_run", job_id="again", slot=dead["slot"])

    box.order("timer")
    eventually(lambda: in_state(box, "again", "succeeded"))


def test_what_functions_print_is_in_their_log_group(box: Box) -> None:
    put(box, "logged", HELLO)

    events = eventually(
        lambda: box.client("logs").filter_log_events(
            logGroupName="/aws/lambda/Tickline-admin", filterPattern="logged"
        )["events"]
    )

    assert any('"job_id": "logged"' in event["message"] for event in events)


def test_a_function_does_not_see_what_only_this_machine_has(box: Box) -> None:
    box.make_function("outsider", "def handler(event, context):\n    import tickline\n")

    answer = box.client("lambda").invoke(FunctionName="outsider")

    assert answer["FunctionError"] == "Unhandled"
    assert b"No module named 'tickline'" in answer["Payload"].read()


@pytest.mark.parametrize("what", ["table", "topic"])
def test_a_function_may_do_nothing_that_its_role_does_not_say(box: Box, what: str) -> None:
    call = {
        "table": "client('dynamodb').scan(TableName='Tickline-jobs')",
        "topic": "client('sns').publish(TopicArn=event['topic'], Message='forged')",
    }[what]
    name = f"snoop-{what}"
    box.make_function(name, f"from boto3 import client\ndef handler(event, context):\n    {call}\n")
    topic = b'{"topic": "arn:aws:sns:eu-west-1:123456789012:Tickline-doorbells"}'

    answer = box.client("lambda").invoke(FunctionName=name, Payload=topic)

    assert b"is not authorized to perform" in answer["Payload"].read()


def test_every_call_of_the_stacks_functions_was_allowed(box: Box) -> None:
    refused = [refusal for refusal in box.ask("refusals") if refusal["role"].startswith(STACK_ROLES)]

    assert refused == []


def test_a_doorbell_that_cannot_be_answered_becomes_a_dead_letter_and_an_alarm(box: Box) -> None:
    put(box, "strange", HELLO)
    at = datetime.now(UTC).isoformat()
    too_much = 10**40  # more digits than DynamoDB keeps
    message = json.dumps({"v": 1, "at": at, "bells": [["strange", "m:odd", 1, at, too_much]]})

    box.client("sns").publish(TopicArn=TOPIC, Message=message)

    queue = box.client("sqs").get_queue_url(QueueName="Tickline-dead-letters")["QueueUrl"]
    letters = eventually(lambda: box.client("sqs").receive_message(QueueUrl=queue).get("Messages"))
    assert "m:odd" in letters[0]["Body"]
    eventually(lambda: box.order("alarms")["Tickline-invoke-errors"] == "ALARM")
