"""`lambda:NAME[:QUALIFIER]` and function ARNs, through boto3's Invoke: one call is one request.

boto3 is imported with the first call.
"""

import base64
import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from tickline.addresses import EXAMPLES, Address
from tickline.model import Call, Failure, Result
from tickline.targets.aws_api import Api, Boto3, ClientFactory
from tickline.targets.lambda_errors import MEANINGS
from tickline.targets.lambdas import custom_context
from tickline.targets.text import as_json, shorten


class LambdaTarget:
    """Calls Lambda functions, in `region` unless an ARN names another.

    With wait=false the function is invoked asynchronously: Lambda accepts the event and may itself retry it.
    The timeout ends the waiting, not the function.
    """

    def __init__(
        self, *, region: str = "", endpoint_url: str = "", client_factory: ClientFactory | None = None
    ) -> None:
        self._region = region
        self._api = Api(client_factory or Boto3(endpoint_url=endpoint_url).of("lambda"), MEANINGS)

    def call(self, call: Call) -> Result:
        """Invoke the function once."""
        address = Address.parse(call.target)
        if address is None or address.kind != "lambda":
            error = f"not the address of a Lambda function; for example {EXAMPLES['lambda']}"
            return Result(failure=Failure.PERMANENT, error=error)
        try:
            arguments = _arguments(call, address)
        except ValueError as error:
            return Result(failure=Failure.PERMANENT, error=str(error))
        return self._api.ask(
            address.home.region if address.home else self._region,
            call.timeout.total_seconds(),
            lambda client: _result(client.invoke(**arguments)),
        )


def _arguments(call: Call, address: Address) -> dict[str, Any]:
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
