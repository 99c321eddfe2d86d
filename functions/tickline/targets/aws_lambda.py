"""`lambda:NAME[:QUALIFIER]` and function ARNs, through boto3's Invoke: one call is one request.

boto3 is imported with the first call.
"""

import base64
import json
import math
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, Protocol

from tickline.model import Call, Failure, Result
from tickline.targets.lambda_errors import result_of
from tickline.targets.lambdas import LambdaAddress, custom_context
from tickline.targets.text import as_json, seconds, shorten

READ_MARGIN = 2
"""Seconds that the connection waits longer than the call may take, so that a result on its way counts."""

CONNECT_LIMIT = 5
"""Seconds to reach Lambda."""

CONNECTIONS = 50
"""Calls of one client at the same time that get a kept connection."""

CLIENTS = 32
"""Clients that are kept. There is one for each region and each timeout in use."""


class Client(Protocol):
    """What is used of boto3's Lambda client."""

    def invoke(self, **arguments: Any) -> Any:
        """Invoke the function."""


ClientFactory = Callable[[str, float], Client]
"""Makes the client for a region ("": the configured one) and a read timeout in seconds."""


class LambdaTarget:
    """Calls Lambda functions, in `region` unless an ARN names another.

    With wait=false the function is invoked asynchronously: Lambda accepts the event and may itself retry it.
    The timeout ends the waiting, not the function.
    """

    def __init__(
        self, *, region: str = "", endpoint_url: str = "", client_factory: ClientFactory | None = None
    ) -> None:
        self._region = region
        self._make = client_factory or _Boto3(endpoint_url)
        self._clients: dict[tuple[str, float], Client] = {}
        self._lock = threading.Lock()

    def call(self, call: Call) -> Result:
        """Invoke the function once."""
        address = LambdaAddress.parse(call.target)
        if address is None:
            error = "not the address of a Lambda function; for example lambda:nightly-report"
            return Result(failure=Failure.PERMANENT, error=error)
        try:
            arguments = _arguments(call, address)
        except ValueError as error:
            return Result(failure=Failure.PERMANENT, error=str(error))
        timeout = call.timeout.total_seconds()
        try:
            client = self._client(address.region or self._region, timeout)
        except Exception as error:  # noqa: BLE001 - nothing was sent yet, whatever it was
            return result_of(error, otherwise=Failure.NOT_STARTED)
        try:
            return _result(client.invoke(**arguments))
        except Exception as error:  # noqa: BLE001 - unknown is a class of its own
            return result_of(error, otherwise=Failure.UNKNOWN, waited=seconds(_read_timeout(timeout)))

    def _client(self, region: str, timeout: float) -> Client:
        """Return the client of this timeout: botocore knows no timeout of a single call."""
        key = (region, _read_timeout(timeout))
        with self._lock:  # sessions are not made for threads, clients are
            client = self._clients.pop(key, None) or self._make(*key)
            self._clients[key] = client
            if len(self._clients) > CLIENTS:
                del self._clients[next(iter(self._clients))]
        return client


class _Boto3:
    """Makes boto3 clients that send each request exactly once."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._session: Any = None

    def __call__(self, region: str, read_timeout: float) -> Client:
        from boto3.session import Session  # noqa: PLC0415 - heavy, and not needed before the first call
        from botocore.config import Config  # noqa: PLC0415

        self._session = self._session or Session()
        # By default botocore sends Invoke again, up to two times, when the function takes longer than 60 s.
        config = Config(
            retries={"total_max_attempts": 1},
            read_timeout=read_timeout,
            connect_timeout=CONNECT_LIMIT,
            tcp_keepalive=True,
            max_pool_connections=CONNECTIONS,
        )
        client: Client = self._session.client(
            "lambda", region_name=region or None, endpoint_url=self._endpoint_url or None, config=config
        )
        return client


def _read_timeout(timeout: float) -> float:
    return math.ceil(timeout) + READ_MARGIN


def _arguments(call: Call, address: LambdaAddress) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "FunctionName": address.arn or address.name,
        "InvocationType": "RequestResponse" if call.wait else "Event",
        "Payload": as_json({} if call.payload is None else call.payload),
    }
    if address.qualifier:
        arguments["Qualifier"] = address.qualifier
    if call.wait:
        custom = json.dumps({"custom": custom_context(call.context)})
        arguments["ClientContext"] = base64.b64encode(custom.encode()).decode()
    return arguments


def _result(response: Mapping[str, Any]) -> Result:
    with closing(response["Payload"]) as stream:
        payload: bytes = stream.read()  # to the end: an unread body would cost the kept connection
    if kind := response.get("FunctionError"):
        return Result(failure=Failure.FUNCTION, error=shorten(_function_error(payload, kind)))
    if response["StatusCode"] == 202:
        return Result(summary="accepted")
    return Result(summary=shorten(payload[:4096].decode(errors="replace")))


def _function_error(payload: bytes, kind: str) -> str:
    """Return `errorType: errorMessage`, as the function's runtime reported them."""
    try:
        report = json.loads(payload)
    except ValueError:
        report = None
    if not isinstance(report, dict):
        return f"the function failed ({kind})"
    words = [str(report[key]) for key in ("errorType", "errorMessage") if report.get(key)]
    return ": ".join(words) or f"the function failed ({kind})"
