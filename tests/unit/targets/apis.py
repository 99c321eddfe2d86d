"""The four APIs that take payloads, as servers on the loopback speak for them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from boto3.session import Session

from tickline.addresses import Home
from tickline.model import Json
from tickline.ports import Target
from tickline.targets.aws_api import Boto3
from tickline.targets.aws_services import AWS_KINDS, AwsTarget
from unit.targets.peers import Peer, Received, call, response, says

HOME = Home(account="123456789012", region="eu-west-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """How one API is read and answered. `asked`: which queue, topic, bus or state machine a request names."""

    asked: Callable[[Received], str]
    accepts: Callable[[str], bytes]
    refuses: Callable[[str, str], bytes]
    missing: str


def sent(request: Received) -> Json:
    """Return what a request of a JSON API says."""
    return json.loads(request.body)


def form(request: Received) -> dict[str, str]:
    """Return what a request of a query API says."""
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


def _json(status: str, value: Json) -> bytes:
    return response(status, json.dumps(value).encode(), "Content-Type: application/x-amz-json-1.1")


def _refuses(code: str, message: str) -> bytes:
    return _json("400 Bad Request", {"__type": f"com.amazonaws#{code}", "message": message})


def _refuses_in_xml(code: str, message: str) -> bytes:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return response("400 Bad Request", body.encode(), "Content-Type: text/xml")


def _receipt_in_xml(receipt: str) -> bytes:
    body = f"<R><PublishResult><MessageId>{receipt}</MessageId></PublishResult></R>"
    return response("200 OK", body.encode(), "Content-Type: text/xml")


APIS = {
    "sqs": Api(
        asked=lambda request: sent(request)["QueueUrl"].rpartition("/")[2],
        accepts=lambda receipt: _json("200 OK", {"MessageId": receipt}),
        refuses=_refuses,
        missing="QueueDoesNotExist",
    ),
    "sns": Api(
        asked=lambda request: form(request)["TopicArn"].rpartition(":")[2],
        accepts=_receipt_in_xml,
        refuses=_refuses_in_xml,
        missing="NotFound",
    ),
    "events": Api(
        asked=lambda request: sent(request)["Entries"][0]["EventBusName"].rpartition("/")[2],
        accepts=lambda receipt: _json("200 OK", {"FailedEntryCount": 0, "Entries": [{"EventId": receipt}]}),
        refuses=_refuses,
        missing="ResourceNotFoundException",
    ),
    "states": Api(
        asked=lambda request: sent(request)["stateMachineArn"].rpartition(":")[2],
        accepts=lambda receipt: _json("200 OK", {"executionArn": receipt, "startDate": 1}),
        refuses=_refuses,
        missing="StateMachineDoesNotExist",
    ),
}

KINDS = sorted(APIS)


@cache
def session() -> Session:
    """Return one session for all tests: making it takes longer than most of them."""
    return Session(aws_access_key_id="testing", aws_secret_access_key="testing")


def at(peer: Peer, name: str, *, home: Home = HOME) -> Target:
    """Return the target of this kind, with the peer for its API."""
    boto3, kind = Boto3(endpoint_url=peer.url), AWS_KINDS[name]
    boto3._session = session()
    return AwsTarget(kind, home, client_factory=boto3.of(kind.api))


def asked(address: str, payload: Any = None, **changes: Any) -> Received:
    """Return the one request that a call makes."""
    kind = address.split(":")[2 if address.startswith("arn") else 0]
    with Peer(says(APIS[kind].accepts("r-1"))) as peer:
        result = at(peer, kind).call(call(address, payload, **changes))
    assert result.ok, result
    [request] = peer.requests
    return request
