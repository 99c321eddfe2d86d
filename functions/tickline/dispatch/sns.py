"""Doorbells through an SNS topic: packed into few messages, published in batches.

Nothing is sent again from here beyond what the SDK does by itself. A doorbell that SNS did not confirm is
logged and left: its run stays due, and a later tick rings again.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, Self

from tickline.dispatch.messages import Message, messages
from tickline.model import Doorbell
from tickline.ports import Dispatcher

log = logging.getLogger(__name__)

MOST_MESSAGES = 10
"""Messages of one PublishBatch."""

MOST_BATCH_BYTES = 256 * 1024
"""The sum of its messages, as SNS counts it: their text in UTF-8. There are no attributes."""

IN_FLIGHT = 4
"""Batches on their way at the same time."""

UNCONFIRMED = "unconfirmed"
"""Stands where a code should, for a message that the answer does not mention."""


class Client(Protocol):
    """What is used of boto3's SNS client."""

    def publish_batch(self, **arguments: Any) -> Any:
        """Publish up to ten messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many doorbells were confirmed by SNS, and how many were not."""

    published: int = 0
    failed: int = 0


class SnsDispatcher(Dispatcher):
    """Publishes doorbells to one topic, the earliest first; up to `in_flight` batches at once.

    The client's connection pool should hold `in_flight` connections; boto3's default holds ten.
    """

    def __init__(self, client: Client, topic_arn: str, *, in_flight: int = IN_FLIGHT) -> None:
        self._client = client
        self._topic_arn = topic_arn
        self._in_flight = in_flight
        self._lock = threading.Lock()
        self._tally = Tally()

    @classmethod
    def of_topic(cls, topic_arn: str, *, endpoint_url: str = "", in_flight: int = IN_FLIGHT) -> Self:
        """Make a dispatcher with a client for the topic's region."""
        from boto3.session import Session  # noqa: PLC0415 - heavy, and only needed where SNS is
        from botocore.config import Config  # noqa: PLC0415

        # Bounded, so that a tick survives a deaf SNS: three tries of six seconds at most, then it stays due.
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 3},
            connect_timeout=2,
            read_timeout=4,
            tcp_keepalive=True,
            max_pool_connections=in_flight,
        )
        region = topic_arn.split(":")[3]
        client = Session().client("sns", region_name=region, endpoint_url=endpoint_url or None, config=config)
        return cls(client, topic_arn, in_flight=in_flight)

    @property
    def tally(self) -> Tally:
        """What became of all doorbells so far."""
        return self._tally

    def ring(self, doorbells: Sequence[Doorbell]) -> None:
        """See Dispatcher.ring. Returns when every batch was answered or given up."""
        batches = list(_batches(messages(doorbells)))
        if len(batches) <= 1:
            for batch in batches:
                self._publish(batch)
            return
        # Threads of this call alone: none is left over when the process is frozen after it.
        with ThreadPoolExecutor(min(self._in_flight, len(batches)), thread_name_prefix="ring") as threads:
            list(threads.map(self._publish, batches))

    def _publish(self, batch: Sequence[Message]) -> None:
        """Publish one batch, whatever happens, and count its doorbells."""
        entries = [{"Id": str(number), "Message": message.text} for number, message in enumerate(batch)]
        try:
            response = self._client.publish_batch(
                TopicArn=self._topic_arn, PublishBatchRequestEntries=entries
            )
            failures = _failures(response, len(batch))
        except Exception as error:  # noqa: BLE001 - ports.Dispatcher: logged, not raised
            failures = dict.fromkeys(range(len(batch)), _code(error))
        self._count([message.bells for message in batch], failures)

    def _count(self, bells: Sequence[int], failures: Mapping[int, str]) -> None:
        lost = Counter[str]()
        for number, code in failures.items():
            lost[code] += bells[number]
        for code, count in lost.items():
            log.warning("doorbells not published", extra={"code": code, "count": count})
        failed = lost.total()
        with self._lock:
            self._tally = Tally(
                published=self._tally.published + sum(bells) - failed, failed=self._tally.failed + failed
            )


def _batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Divide messages into batches that keep both of SNS's limits; one that is too long goes alone."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        length = len(message.text.encode())
        if batch and (len(batch) == MOST_MESSAGES or size + length > MOST_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch


def _failures(response: Mapping[str, Any], count: int) -> dict[int, str]:
    """Return the code of every message that is not confirmed, by its number in the batch."""
    codes = {entry["Id"]: entry.get("Code", UNCONFIRMED) for entry in response.get("Failed", ())}
    confirmed = {entry["Id"] for entry in response.get("Successful", ())}
    return {
        number: codes.get(str(number), UNCONFIRMED)
        for number in range(count)
        if str(number) in codes or str(number) not in confirmed
    }


def _code(error: Exception) -> str:
    """Return AWS's code of an error, or its type. Never its text: that may name what was sent."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return str(code or type(error).__name__)
