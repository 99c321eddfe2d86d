"""Doorbells through SNS: few calls, within every limit, and nothing that was not confirmed counts as rung."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from builders import NOW
from tickline.dispatch.messages import unpack
from tickline.dispatch.sns import IN_FLIGHT, MOST_BATCH_BYTES, SnsDispatcher, Tally
from tickline.model import Doorbell, slot_of
from unit.targets.peers import Peer, response, says

TOPIC = "arn:aws:sns:eu-west-1:123456789012:doorbells"


def bells(count: int, job_id: str = "nightly-report", **changes: Any) -> list[Doorbell]:
    """Return doorbells of jobs with names of an ordinary length, a second apart."""
    values: dict[str, Any] = {"slot": slot_of(NOW), "attempt": 1, "published_at": NOW} | changes
    return [
        Doorbell(job_id=f"{job_id}-{number:05}", due=NOW + timedelta(seconds=number), **values)
        for number in range(count)
    ]


Answer = Callable[[list[dict[str, str]]], Any]


def confirms(entries: list[dict[str, str]]) -> Any:
    return {"Successful": [{"Id": entry["Id"]} for entry in entries], "Failed": []}


class Topic:
    """A client that keeps what is published, and answers as it is told."""

    def __init__(self, answer: Answer = confirms) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self.batches: list[list[str]] = []

    def publish_batch(self, **arguments: Any) -> Any:
        assert arguments.keys() == {"TopicArn", "PublishBatchRequestEntries"}
        assert arguments["TopicArn"] == TOPIC
        entries = arguments["PublishBatchRequestEntries"]
        with self._lock:
            self.batches.append([entry["Message"] for entry in entries])
        return self._answer(entries)

    @property
    def bells(self) -> list[Doorbell]:
        return [bell for batch in self.batches for message in batch for bell in unpack(message)]


def facts(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [{name: vars(record)[name] for name in ("code", "count")} for record in caplog.records]


def test_all_doorbells_are_published_in_their_order() -> None:
    topic = Topic()
    dispatcher = SnsDispatcher(topic, TOPIC)

    dispatcher.ring(bells(250))

    assert topic.bells == bells(250)
    assert [len(batch) for batch in topic.batches] == [3]
    assert dispatcher.tally == Tally(published=250)


def test_nothing_to_ring_calls_nobody() -> None:
    topic = Topic()

    SnsDispatcher(topic, TOPIC).ring([])

    assert topic.batches == []


def test_a_batch_has_at_most_ten_messages_and_the_earliest_come_first_in_each() -> None:
    topic = Topic()

    SnsDispatcher(topic, TOPIC).ring(bells(3_001))

    assert sorted(len(batch) for batch in topic.batches) == [1, 10, 10, 10]
    in_order = sorted(topic.batches, key=lambda batch: unpack(batch[0])[0].job_id)
    assert [bell for batch in in_order for m in batch for bell in unpack(m)] == bells(3_001)


def test_a_batch_stays_within_what_sns_takes_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    topic, one = Topic(), Topic()
    SnsDispatcher(one, TOPIC).ring(bells(200))
    both = sum(len(message.encode()) for message in one.batches[0])

    for limit, batches in [(both, 1), (both - 1, 2)]:
        topic.batches.clear()
        monkeypatch.setattr("tickline.dispatch.sns.MOST_BATCH_BYTES", limit)
        SnsDispatcher(topic, TOPIC, in_flight=1).ring(bells(200))

        assert len(topic.batches) == batches
        assert topic.bells == bells(200)


def test_the_longest_ids_keep_the_limits() -> None:
    topic = Topic()
    longest = [
        Doorbell(job_id="j" * 128, slot="m:" + "t" * 64, attempt=186, due=NOW, published_at=NOW, missed=9)
    ]

    SnsDispatcher(topic, TOPIC).ring(longest * 3_000)

    assert all(sum(len(m.encode()) for m in batch) <= MOST_BATCH_BYTES for batch in topic.batches)
    assert all(len(m.encode()) <= 64 * 1024 for batch in topic.batches for m in batch)


def test_a_doorbell_that_is_too_long_fails_alone(caplog: pytest.LogCaptureFixture) -> None:
    def refuses_too_much(entries: list[dict[str, str]]) -> Any:
        if sum(len(entry["Message"]) for entry in entries) > MOST_BATCH_BYTES:
            raise ClientError({"Error": {"Code": "BatchRequestTooLong"}}, "PublishBatch")
        return confirms(entries)

    dispatcher = SnsDispatcher(Topic(refuses_too_much), TOPIC)

    dispatcher.ring([*bells(5), *bells(1, slot="m:" + "t" * 300_000), *bells(5)])

    assert dispatcher.tally == Tally(published=10, failed=1)
    assert facts(caplog) == [{"code": "BatchRequestTooLong", "count": 1}]


def test_what_sns_refused_is_logged_with_code_and_count_and_not_counted_as_published(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuses_some(entries: list[dict[str, str]]) -> Any:
        codes = {"1": "InternalError", "2": "InternalError", "3": "KMSThrottling"}
        return {
            "Successful": [{"Id": entry["Id"]} for entry in entries if entry["Id"] not in codes],
            "Failed": [{"Id": id_, "Code": code, "Message": "hunter2"} for id_, code in codes.items()],
        }

    dispatcher = SnsDispatcher(Topic(refuses_some), TOPIC)
    with caplog.at_level(logging.DEBUG, logger="tickline"):
        dispatcher.ring(bells(350))

    assert dispatcher.tally == Tally(published=100, failed=250)
    assert facts(caplog) == [{"code": "InternalError", "count": 200}, {"code": "KMSThrottling", "count": 50}]
    assert [record.getMessage() for record in caplog.records] == ["doorbells not published"] * 2
    assert "nightly-report" not in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("answer", [{}, {"Successful": [{"Id": "1"}, {"Id": "77"}]}])
def test_a_message_that_the_answer_does_not_mention_is_not_confirmed(
    answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    dispatcher = SnsDispatcher(Topic(lambda _entries: answer), TOPIC)

    dispatcher.ring(bells(150))

    published = 50 if answer else 0
    assert dispatcher.tally == Tally(published=published, failed=150 - published)
    assert facts(caplog) == [{"code": "unconfirmed", "count": 150 - published}]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            ClientError({"Error": {"Code": "Throttling", "Message": "slow down"}}, "PublishBatch"),
            "Throttling",
        ),
        (ClientError({}, "PublishBatch"), "ClientError"),
        (OSError("hunter2"), "OSError"),
    ],
)
def test_a_call_that_raises_stops_neither_the_tick_nor_the_next_batch(
    error: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks_once(entries: list[dict[str, str]]) -> Any:
        if "nightly-report-00000" in entries[0]["Message"]:
            raise error
        return confirms(entries)

    dispatcher = SnsDispatcher(Topic(breaks_once), TOPIC)

    dispatcher.ring(bells(2_500))

    assert dispatcher.tally == Tally(published=1_500, failed=1_000)
    assert facts(caplog) == [{"code": code, "count": 1_000}]
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("in_flight", [1, 3])
def test_no_more_batches_are_on_their_way_than_allowed(in_flight: int) -> None:
    together = threading.Barrier(in_flight)
    inside, most, lock = 0, 0, threading.Lock()

    def meets(entries: list[dict[str, str]]) -> Any:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        together.wait(5)  # raises when fewer than `in_flight` come at the same time
        with lock:
            inside -= 1
        return confirms(entries)

    dispatcher = SnsDispatcher(Topic(meets), TOPIC, in_flight=in_flight)
    dispatcher.ring(bells(6_000))

    assert most == in_flight
    assert dispatcher.tally == Tally(published=6_000)


def test_no_thread_is_left_over() -> None:
    SnsDispatcher(Topic(), TOPIC).ring(bells(6_000))

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ring")]


def test_ringing_twice_sends_the_same_bells_twice() -> None:
    topic = Topic()
    dispatcher = SnsDispatcher(topic, TOPIC)

    dispatcher.ring(bells(3))
    dispatcher.ring(bells(3))

    assert topic.bells == bells(3) * 2
    assert dispatcher.tally == Tally(published=6)


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def queue_behind(topic_arn: str) -> tuple[Any, str]:
    """Subscribe a queue, so that what is delivered can be read."""
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    url = sqs.create_queue(QueueName="ear")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    return sqs, url


def delivered(sqs: Any, url: str) -> list[Doorbell]:
    found: list[Doorbell] = []
    while received := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in received:
            found += unpack(json.loads(message["Body"])["Message"])
    return found


@pytest.mark.usefixtures("aws")
def test_doorbells_arrive_through_a_topic() -> None:
    topic_arn = boto3.client("sns").create_topic(Name="doorbells")["TopicArn"]
    sqs, url = queue_behind(topic_arn)

    dispatcher = SnsDispatcher.of_topic(topic_arn)
    dispatcher.ring(bells(1_234))

    assert sorted(delivered(sqs, url), key=lambda bell: bell.due) == bells(1_234)
    assert dispatcher.tally == Tally(published=1_234)


@pytest.mark.usefixtures("aws")
def test_a_topic_that_is_gone_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    dispatcher = SnsDispatcher.of_topic(TOPIC)

    dispatcher.ring(bells(2))

    assert dispatcher.tally == Tally(failed=2)
    assert facts(caplog) == [{"code": "NotFound", "count": 2}]


@pytest.mark.usefixtures("aws")
def test_a_thousand_doorbells_are_one_call_and_less_than_64_kilobytes() -> None:
    sns = boto3.client("sns")
    topic_arn = sns.create_topic(Name="doorbells")["TopicArn"]
    calls: list[int] = []

    def count(params: dict[str, Any], **_: Any) -> None:
        calls.append(sum(len(entry["Message"].encode()) for entry in params["PublishBatchRequestEntries"]))

    sns.meta.events.register("provide-client-params.sns.PublishBatch", count)
    on_their_slots = [
        Doorbell(job_id=f"nightly-report-{n:05}", slot=slot_of(NOW), due=NOW, attempt=1, published_at=NOW)
        for n in range(1_000)
    ]
    SnsDispatcher(sns, topic_arn).ring(on_their_slots)

    assert len(calls) == 1
    assert calls[0] < 64 * 1024


def test_a_topic_that_turns_away_is_asked_three_times_and_then_left() -> None:
    answer = response("503 Service Unavailable", b"")
    with Peer(says(answer)) as peer:
        dispatcher = SnsDispatcher.of_topic(TOPIC, endpoint_url=peer.url)
        dispatcher.ring(bells(1))

    assert dispatcher.tally == Tally(failed=1)
    assert len(peer.requests) == 3
    assert "/eu-west-1/sns/" in peer.requests[0].headers["authorization"]


def test_connections_are_as_many_as_batches_in_flight() -> None:
    ids = "".join(f"<member><Id>{n}</Id><MessageId>m</MessageId></member>" for n in range(10))
    body = f"<R><PublishBatchResult><Successful>{ids}</Successful></PublishBatchResult></R>".encode()
    with Peer(says(response("200 OK", body, "Content-Type: text/xml"))) as peer:
        dispatcher = SnsDispatcher.of_topic(TOPIC, endpoint_url=peer.url)
        dispatcher.ring(bells(20_000))

        assert dispatcher.tally == Tally(published=20_000)
        assert len(peer.requests) == 20
        assert peer.connections <= IN_FLIGHT


def test_boto3_is_imported_only_when_a_client_is_made() -> None:
    code = (
        "import sys, tickline.dispatch.sns as sns; sns.SnsDispatcher(None, 'x'); "
        "sys.exit(bool({'boto3', 'botocore', 'urllib3'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0
