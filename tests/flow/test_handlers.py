"""The four functions as AWS calls them, on moto: from the timer's input to the target's message."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest

from backends import fresh_tables, moto_client
from builders import document
from tickline.errors import InvalidSettings, NotAnswered
from tickline.handlers import admin, admit, invoke, process, tick
from tickline.store.dynamodb_tables import Tables
from tickline.wiring import aws

REGION = "eu-west-1"
ACCOUNT = "123456789012"
SHARDS = 3


@dataclass(frozen=True, slots=True)
class Context:
    """Says how much time a call has left."""

    seconds: float = 900

    def get_remaining_time_in_millis(self) -> int:
        return round(self.seconds * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What a stack makes, without CloudFormation, and the queue that jobs write to."""

    tables: Tables
    dynamodb: Any
    doorbells: str
    orders: str
    sqs: Any

    def tick(self, shards: tuple[int, int] = (0, SHARDS), *, ahead: float = 0) -> None:
        tick.handler({"shards": list(shards)}, Context(tick.SPARE.total_seconds() + ahead))

    def deliver(self, context: Context | None = None) -> int:
        """Deliver what was published to the invoke function; say how many messages that were."""
        messages = self.received(self.doorbells)
        for message in messages:
            invoke.handler({"Records": [{"Sns": {"Message": message}}]}, context or Context())
        return len(messages)

    def received(self, queue: str) -> list[str]:
        found = self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in found]

    def ask(self, action: str, **arguments: Any) -> dict[str, Any]:
        return admin.handler({"action": action, **arguments}, Context())

    def put_by_hand(self, job_id: str, **fields: str) -> None:
        fields = {"job_id": job_id, "schedule": "rate(1 second)", "target": "sqs:orders"} | fields
        item = {name: {"S": value} for name, value in fields.items()}
        self.dynamodb.put_item(TableName=self.tables.jobs, Item=item)


def job(job_id: str = "report", **changes: Any) -> dict[str, Any]:
    """Return a job that is not due while a test runs, except when asked for."""
    return document(job_id, **{"schedule": "0 0 1 1 *", "target": "sqs:orders", **changes})


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with moto_client() as dynamodb:
        sns, sqs = boto3.client("sns"), boto3.client("sqs")
        tables, name = fresh_tables(dynamodb), uuid4().hex[:8]
        topic = sns.create_topic(Name=name)["TopicArn"]
        doorbells = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        raw = {"RawMessageDelivery": "true"}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        environment = {
            "STACK": "Tickline",
            "JOBS_TABLE": tables.jobs,
            "TIMELINE_TABLE": tables.timeline,
            "RUNS_TABLE": tables.runs,
            "SHARDS": str(SHARDS),
            "TOPIC_ARN": topic,
            "TARGETS": "sqs:orders",
            "PRECISION": "second",
            "FUNCTIONS_ROLE": "",
        }
        for variable, value in environment.items():
            monkeypatch.setenv(f"TICKLINE_{variable}", value)
        forget()
        orders = sqs.create_queue(QueueName="orders")["QueueUrl"]
        yield Deployment(tables=tables, dynamodb=dynamodb, doorbells=doorbells, orders=orders, sqs=sqs)
        forget()


def forget() -> None:
    """Let the functions begin as new processes do."""
    caches = (aws._dynamodb, process.settings, tick._tick, invoke._invoke, admin._admin, admit._store)
    for cache in caches:
        cache.cache_clear()


def metrics_of(output: str) -> dict[str, Any]:
    """Return all metrics that were written, of each name the last value."""
    lines = [json.loads(line) for line in output.splitlines() if "CloudWatchMetrics" in line]
    return {name: value for line in lines for name, value in line.items() if name not in ("_aws", "stack")}


def test_a_job_goes_all_the_way_from_the_admin_to_its_target(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    put = deployment.ask("put_job", job=job(payload={"n": 7}))
    deployment.ask("run_job", job_id="report", token="now")

    deployment.tick()
    deployment.deliver()

    assert put["ok"]
    assert [json.loads(body) for body in deployment.received(deployment.orders)] == [{"n": 7}]
    run = deployment.ask("get_run", job_id="report", slot="m:now")
    assert (run["ok"], run["state"]) == (True, "succeeded")
    measured = metrics_of(capsys.readouterr().out)
    assert (measured["succeeded"], measured["failed"], measured["refused"]) == (1, 0, 0)
    assert len(measured["lateness"]) == 1


def test_a_tick_that_looks_ahead_rings_on_time_for_what_is_due_soon(deployment: Deployment) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    deployment.ask("put_job", job=job(schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})"))

    deployment.tick(ahead=2)

    assert deployment.deliver() == 1
    [run] = deployment.ask("list_runs", job_id="report")["runs"]
    assert run["state"] == "succeeded"
    assert datetime.fromisoformat(run["started_at"]) >= soon


def test_with_precision_minute_a_tick_waits_for_nothing(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKLINE_PRECISION", "minute")
    forget()
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=30)
    deployment.ask("put_job", job=job(schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})"))

    deployment.tick(ahead=60)

    assert datetime.now(UTC) < soon
    assert deployment.deliver() == 0


def test_a_second_doorbell_is_refused_and_counted(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.ask("put_job", job=job())
    deployment.ask("run_job", job_id="report")
    deployment.tick()
    deployment.tick()
    capsys.readouterr()

    deployment.deliver()

    assert len(deployment.received(deployment.orders)) == 1
    assert metrics_of(capsys.readouterr().out)["refused"] == 1


def test_a_job_written_by_hand_is_admitted_by_the_stream(deployment: Deployment) -> None:
    deployment.put_by_hand("by-hand")

    admit.handler({"Records": [{"dynamodb": {"Keys": {"job_id": {"S": "by-hand"}}}}]}, Context())

    timeline = deployment.dynamodb.scan(TableName=deployment.tables.timeline)["Items"]
    assert [item["job_id"]["S"] for item in timeline] == ["by-hand"]


def test_a_job_written_by_hand_is_found_by_the_tick_of_the_first_shards(deployment: Deployment) -> None:
    deployment.put_by_hand("by-hand")

    deployment.tick((1, SHARDS))
    before = deployment.dynamodb.scan(TableName=deployment.tables.timeline)["Count"]
    deployment.tick((0, 1))

    assert before == 0
    assert deployment.dynamodb.scan(TableName=deployment.tables.timeline)["Count"] > 0


def test_a_bad_job_written_by_hand_is_counted_and_shown_and_heals(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    event = {"Records": [{"dynamodb": {"Keys": {"job_id": {"S": "by-hand"}}}}]}
    deployment.put_by_hand("by-hand", schedule="every full moon")

    admit.handler(event, Context())
    said = capsys.readouterr().out
    shown = deployment.ask("get_job", job_id="by-hand")
    deployment.put_by_hand("by-hand")
    admit.handler(event, Context())

    assert metrics_of(said)["invalid_jobs"] == 1
    assert "schedule" in json.dumps(shown)
    assert deployment.dynamodb.scan(TableName=deployment.tables.timeline)["Count"] == 1


def test_a_job_that_was_deleted_before_the_stream_told_is_no_trouble(deployment: Deployment) -> None:
    admit.handler({"Records": [{"dynamodb": {"Keys": {"job_id": {"S": "gone"}}}}]}, Context())

    assert deployment.dynamodb.scan(TableName=deployment.tables.timeline)["Count"] == 0


def test_a_tick_that_is_told_nothing_looks_everywhere(deployment: Deployment) -> None:
    deployment.ask("put_job", job=job())
    deployment.ask("run_job", job_id="report")

    tick.handler({}, Context(tick.SPARE.total_seconds()))

    assert deployment.deliver() == 1


def test_ticks_of_other_shards_leave_a_job_to_its_own(deployment: Deployment) -> None:
    deployment.ask("put_job", job=job())
    deployment.ask("run_job", job_id="report")

    rung = []
    for shard in range(SHARDS):
        deployment.tick((shard, shard + 1))
        rung.append(deployment.deliver())

    assert sorted(rung) == [0, 0, 1]


def test_a_run_that_failed_is_shown(deployment: Deployment) -> None:
    deployment.put_by_hand("by-hand", schedule="0 0 1 1 *", target="sqs:not-allowed")
    deployment.ask("run_job", job_id="by-hand", token="now")
    deployment.tick()
    deployment.deliver()

    run = deployment.ask("get_run", job_id="by-hand", slot="m:now")

    assert (run["ok"], run["state"]) == (True, "dead")
    assert "not among the allowed targets" in run["error"]


@pytest.mark.usefixtures("deployment")
def test_a_message_of_another_version_is_counted_and_left(capsys: pytest.CaptureFixture[str]) -> None:
    message = '{"v":2,"at":"2026-03-02T12:00:00Z","bells":[["report","2026-03-02T12:00:00Z"]]}'

    invoke.handler({"Records": [{"Sns": {"Message": message}}]}, Context())

    assert metrics_of(capsys.readouterr().out) == {"unread_messages": 1}


def test_a_doorbell_that_meets_an_error_stops_no_other_and_is_told(deployment: Deployment) -> None:
    for job_id in ("one", "two"):
        deployment.ask("put_job", job=job(job_id))
        deployment.ask("run_job", job_id=job_id, token="now")
    deployment.tick()
    [message] = deployment.received(deployment.doorbells)
    broken = json.loads(message)
    broken["bells"][0].append(10**40)  # more digits than DynamoDB keeps

    with pytest.raises(NotAnswered, match="1 of 2 doorbells"):
        invoke.handler({"Records": [{"Sns": {"Message": json.dumps(broken)}}]}, Context())

    assert len(deployment.received(deployment.orders)) == 1


def test_nothing_is_started_that_the_function_has_no_time_for(deployment: Deployment) -> None:
    deployment.ask("put_job", job=job(timeout="60s"))
    deployment.ask("run_job", job_id="report")
    deployment.tick()

    deployment.deliver(Context(seconds=65))

    assert deployment.ask("list_runs", job_id="report")["runs"] == []
    assert deployment.received(deployment.orders) == []


def test_a_failed_sweep_does_not_keep_a_tick_from_ringing(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.ask("put_job", job=job())
    deployment.ask("run_job", job_id="report")
    monkeypatch.setattr(tick, "SWEEP_JOBS", 0)  # DynamoDB refuses to read no items

    deployment.tick()

    assert '"message": "sweep failed"' in capsys.readouterr().out
    assert deployment.deliver() == 1


def test_payloads_are_not_logged(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.ask("put_job", job=job(payload={"password": "hunter2"}))
    deployment.ask("run_job", job_id="report")
    deployment.tick()
    deployment.deliver()

    output = capsys.readouterr().out
    assert '"message": "run succeeded"' in output
    assert "hunter2" not in output


def test_a_function_without_its_settings_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    monkeypatch.setenv("TICKLINE_STACK", "Tickline")

    with pytest.raises(
        InvalidSettings, match=r"TICKLINE_JOBS_TABLE is missing; .*TICKLINE_TOPIC_ARN is missing"
    ):
        tick.handler({"shards": [0, 1]}, Context())


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hear, in place of Lambda, of the jobs for which a tick is asked for."""
    jobs: list[str] = []

    class Lambda:
        def invoke(self, *, Payload: str, **_: Any) -> None:  # noqa: N803 - boto3's name
            jobs.append(json.loads(Payload)["job_id"])
            tick.handler(json.loads(Payload), Context())

    monkeypatch.setattr(aws, "_lambda", lambda _region: Lambda())
    return jobs


def test_run_now_does_not_wait_for_the_timer(deployment: Deployment, hurried: list[str]) -> None:
    deployment.ask("put_job", job=job())
    before = list(hurried)

    deployment.ask("run_job", job_id="report", token="now")

    assert (before, hurried) == ([], ["report"])
    assert deployment.deliver() == 1


def test_the_first_run_of_a_new_job_does_not_wait_for_the_timer(
    deployment: Deployment, hurried: list[str]
) -> None:
    deployment.ask("put_job", job=job(run_on_create=True))

    assert hurried == ["report"]
    assert deployment.deliver() == 1


def test_the_first_run_of_a_job_by_hand_does_not_wait_for_the_timer(
    deployment: Deployment, hurried: list[str]
) -> None:
    at_once = {"job_id": {"S": "by-hand"}, "run_on_create": {"BOOL": True}}
    item = {"schedule": {"S": "0 0 1 1 *"}, "target": {"S": "sqs:orders"}} | at_once
    deployment.dynamodb.put_item(TableName=deployment.tables.jobs, Item=item)

    admit.handler({"Records": [{"dynamodb": {"Keys": {"job_id": {"S": "by-hand"}}}}]}, Context())

    assert hurried == ["by-hand"]
    assert deployment.deliver() == 1


def test_a_tick_that_cannot_be_hurried_is_no_failure(deployment: Deployment) -> None:
    deployment.ask("put_job", job=job())

    answer = deployment.ask("run_job", job_id="report")  # there is no function in this account

    assert answer["ok"]
    deployment.tick()
    assert deployment.deliver() == 1
