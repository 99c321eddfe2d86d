"""The admin of a deployed stack, asked with the caller's own rights in AWS.

The parameter `/tickline/STACK` names the function that answers; both are in the account and region that the
AWS settings of this shell mean. What goes wrong on the way is an answer like any other refusal, and says what
to do about it.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

import tickline
from tickline.cli.client import Answer, Client
from tickline.cli.output import note
from tickline.cli.stack_errors import Trouble, translated, trouble_of_function
from tickline.model import Json

NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,49}")
FOLDER = "/tickline/"

READ_TIMEOUT = 310
"""Seconds to wait for an answer: longer than the admin function may run."""

CONNECT_TIMEOUT = 5
ATTEMPTS = 4
WAITS = (0.5, 1.0, 2.0)
"""Seconds before a request that was certainly not begun is sent again."""

ASKED_AGAIN = frozenset(
    {
        "get_job", "list_jobs", "get_run", "list_runs", "explain", "next_times", "doctor",
        "pause_job", "resume_job", "run_job", "list_functions", "get_function",
    }
)  # fmt: skip
"""Requests that mean the same when they arrive twice."""


class MakeClient(Protocol):
    """Makes a boto3 client of an API; `again`: one that sends a request again when its answer is lost."""

    def __call__(self, api: str, *, again: bool) -> Any:
        """Return the client. Raises what boto3 raises for settings that are missing or wrong."""


class StackClient(Client):
    """The admin of a stack, behind its Lambda function. Looks the function up with the first request.

    Which requests may be sent twice? Questions, of course. `pause_job` and `resume_job` leave a job alone
    that is as they want it. `run_job` knows a token that it has seen, so one is made here where the caller
    gave none. The others cannot recognise themselves: a `put_job` that comes twice would refuse its own new
    job as existing, its own revision as changed, or write over what somebody else wrote in between;
    `delete_job` would not find, or delete another; `redrive_run` would be told that the run is not dead any
    more. These are sent again only where AWS says that the first was not begun (too many requests), and never
    after silence: then the answer says that nobody knows, and the person looks.
    """

    look_every = 1.0

    def __init__(
        self,
        name: str,
        *,
        make: MakeClient | None = None,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] = note,
    ) -> None:
        """`tell` shows a person a line that is no answer."""
        self.name = name
        self._make = make or Boto3Clients()
        self._sleep = sleep
        self._tell = tell
        self._admin = ""
        self._lambdas: dict[bool, Any] = {}

    @property
    def not_begun(self) -> str:
        """See Client.not_begun."""
        return f"it has not begun yet; tickline doctor --stack {self.name} tells whether the stack ticks"

    def call(self, action: str, **arguments: Json) -> Answer:
        """See Client.call."""
        if not NAME.fullmatch(self.name):
            message = f"{self.name!r} is not the name of a stack: at most 50 letters, digits and dashes"
            return _refusal("invalid_request", message)
        if action == "run_job" and not arguments.get("token"):
            arguments |= {"token": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"}
        try:
            self._admin = self._admin or self._look_up()
            return self._invoke(action, {"action": action} | arguments)
        except Trouble as trouble:
            return _refusal("store_error", str(trouble), field=trouble.field)

    def _look_up(self) -> str:
        """Return the name of the stack's admin function."""
        with translated(self.name, f"ssm:GetParameter on parameter{FOLDER}{self.name}"):
            ssm = self._make("ssm", again=True)
            try:
                value = ssm.get_parameter(Name=FOLDER + self.name)["Parameter"]["Value"]
            except ssm.exceptions.ParameterNotFound:
                raise Trouble(self._no_stack(ssm)) from None
        try:
            found = json.loads(value)
            admin, version = found["admin"], found["version"]
            theirs = _release(version)
        except (AttributeError, KeyError, TypeError, ValueError):
            message = f"parameter {FOLDER}{self.name} is not what a stack of Tickline writes; deploy it again"
            raise Trouble(message) from None
        if theirs != _release(tickline.__version__):
            ours = tickline.__version__
            self._tell(f"warning: stack {self.name} is of version {version}, this command of {ours}")
        return str(admin)

    def _no_stack(self, ssm: Any) -> str:
        missing = f"there is no stack {self.name} in {_place(ssm)}"
        try:
            found = sorted(_stacks(ssm))
        except Exception:  # noqa: BLE001 - the list is a courtesy: not everybody may have it
            return f"{missing}; look at its name, and at AWS_PROFILE and AWS_REGION"
        others = f"there are: {', '.join(found)}" if found else "there is none at all"
        return f"{missing}; {others}. AWS_PROFILE and AWS_REGION say where to look"

    def _invoke(self, action: str, request: dict[str, Json]) -> Answer:
        again = action in ASKED_AGAIN
        payload = _json(request)
        with translated(self.name, f"lambda:InvokeFunction on {self._admin}", changes=not again):
            if again not in self._lambdas:
                self._lambdas[again] = self._make("lambda", again=again)
            # What may come twice is sent again by the SDK already.
            response = self._sent(self._lambdas[again], payload, waits=() if again else WAITS)
            raw = response["Payload"].read()
        if response.get("FunctionError"):
            request_id = response.get("ResponseMetadata", {}).get("RequestId", "unknown")
            raise trouble_of_function(self._admin, raw, request_id)
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
            raise Trouble(f"{self._admin} did not answer as the admin of a stack does; deploy it again")
        return answer

    def _sent(self, client: Any, payload: bytes, *, waits: Sequence[float]) -> Any:
        """Invoke the function; come back when AWS had no room for it, which did nothing."""
        for wait in waits:
            try:
                return client.invoke(FunctionName=self._admin, Payload=payload)
            except client.exceptions.TooManyRequestsException:
                self._sleep(wait)
        return client.invoke(FunctionName=self._admin, Payload=payload)


class Boto3Clients:
    """Makes clients from this shell's AWS settings. boto3 is imported with the first one."""

    def __init__(self, *, attempts: int = ATTEMPTS, read_timeout: float = READ_TIMEOUT) -> None:
        self._attempts = attempts
        self._read_timeout = read_timeout
        self._session: Any = None

    def __call__(self, api: str, *, again: bool) -> Any:
        """See MakeClient."""
        from boto3.session import Session  # noqa: PLC0415 - heavy, and a local store needs none of it
        from botocore.config import Config  # noqa: PLC0415

        # boto3 knows AWS_DEFAULT_REGION only; every other tool of AWS knows this one as well.
        self._session = self._session or Session(region_name=os.environ.get("AWS_REGION"))
        retries: Any = {"mode": "standard", "total_max_attempts": self._attempts if again else 1}
        config = Config(retries=retries, read_timeout=self._read_timeout, connect_timeout=CONNECT_TIMEOUT)
        return self._session.client(api, config=config)


def _json(request: dict[str, Json]) -> bytes:
    try:
        return json.dumps(request, allow_nan=False).encode()
    except ValueError as error:
        raise Trouble(f"the request cannot be sent: {error}", field="job") from None


def _refusal(code: str, message: str, *, field: str = "stack") -> Answer:
    return {"ok": False, "error": {"code": code, "message": message, "field": field}}


def _release(version: str) -> list[str]:
    """Return major and minor version, in which two that understand each other are the same."""
    return version.split(".")[:2]


def _place(client: Any) -> str:
    return str(client.meta.region_name)


def _stacks(ssm: Any) -> Iterator[str]:
    """Yield the names of the stacks in this account and region."""
    for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=FOLDER):
        for parameter in page["Parameters"]:
            yield parameter["Name"].removeprefix(FOLDER)
