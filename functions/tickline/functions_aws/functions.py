"""Functions made in AWS Lambda, all alike but for what `FunctionChange` holds.

The execution role is the deployment's. Names begin with `tickline-fn-`, and the tag `tickline:stack` says
whose a function is; it is looked at before every change. IAM fences name, tag and role once more.
boto3 is imported with the first call.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tickline.errors import FunctionExists, FunctionNotFound, FunctionsError, InvalidRequest
from tickline.functions.model import PREFIX, TAG, Function, FunctionChange, physical
from tickline.functions_aws.errors import InTheWay, NotAssumable, translated
from tickline.ports import Functions

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds between two looks at a function, or two tries."""

PATIENCE = 45
"""Pauses of one action, all in all."""

ROLE_PATIENCE = 15
"""Pauses of them for a role that Lambda does not know yet."""


class LambdaFunctions(Functions):
    """The functions of one stack, in `region` ("": the configured one)."""

    def __init__(
        self,
        *,
        role_arn: str,
        stack: str,
        region: str = "",
        client: Any = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._role_arn = role_arn
        self._stack = stack
        self._region = region
        self._made = client
        self._sleep = sleep

    def create(self, name: str, change: FunctionChange) -> Function:
        """See Functions.create."""
        waits = _Waits(self._sleep)
        request = {
            "FunctionName": physical(name),
            "Role": self._role_arn,
            "PackageType": "Zip",
            "Architectures": ["arm64"],
            "Code": {"ZipFile": change.code},
            "Tags": {TAG: self._stack},
            **_settings(change),
        }
        while True:
            try:
                self._call("create_function", name, **request)
                break
            except InTheWay:
                raise self._taken(name) from None
            except NotAssumable:
                if waits.taken >= ROLE_PATIENCE:
                    message = (
                        f"Lambda cannot assume the role {self._role_arn}; if it is new, try again in a minute"
                    )
                    raise FunctionsError(message) from None
                waits.another("")
        log.info("function created", extra={"function": physical(name)})
        return self._settled(name, waits)

    def update(self, name: str, change: FunctionChange) -> Function:
        """See Functions.update. Code comes first: it is what AWS is most likely to refuse."""
        waits = _Waits(self._sleep)
        function = _function(name, self._own(name))
        if change.code is not None:
            self._when_free(waits, "update_function_code", name, ZipFile=change.code)
            function = self._settled(name, waits)
        if settings := _settings(change):
            self._when_free(waits, "update_function_configuration", name, **settings)
            function = self._settled(name, waits)
        log.info("function updated", extra={"function": physical(name)})
        return function

    def delete(self, name: str) -> None:
        """See Functions.delete."""
        self._own(name)
        self._when_free(_Waits(self._sleep), "delete_function", name)
        log.info("function deleted", extra={"function": physical(name)})

    def get(self, name: str) -> Function:
        """See Functions.get."""
        return _function(name, self._own(name))

    def list(self) -> list[Function]:
        """See Functions.list. One request for each function with the prefix: listings know no tags."""
        found = []
        for name in sorted(self._names()):
            try:
                found.append(self.get(name))
            except FunctionNotFound:  # another stack's, or deleted meanwhile
                continue
        return found

    @property
    def _client(self) -> Any:
        if self._made is None:
            import boto3  # noqa: PLC0415 - heavy, and not needed before the first call
            from botocore.config import Config  # noqa: PLC0415

            config = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5)
            self._made = boto3.client("lambda", region_name=self._region or None, config=config)
        return self._made

    def _call(self, operation: str, name: str, **request: Any) -> Mapping[str, Any]:
        with translated(operation, name):
            answer: Mapping[str, Any] = getattr(self._client, operation)(**request)
            return answer

    def _names(self) -> Iterator[str]:
        marker: dict[str, str] = {}
        while True:
            page = self._call("list_functions", "", **marker)
            for configuration in page["Functions"]:
                if configuration["FunctionName"].startswith(PREFIX):
                    yield configuration["FunctionName"].removeprefix(PREFIX)
            if not page.get("NextMarker"):
                return
            marker = {"Marker": page["NextMarker"]}

    def _own(self, name: str) -> Mapping[str, Any]:
        """Return the configuration of a function of this stack; another's is as good as none."""
        answer = self._call("get_function", name, FunctionName=physical(name))
        if "TagsError" in answer:
            raise FunctionsError(
                f"the tags of {physical(name)} cannot be read: the role needs lambda:ListTags"
            )
        if (answer.get("Tags") or {}).get(TAG) != self._stack:
            raise FunctionNotFound(name)
        configuration: Mapping[str, Any] = answer["Configuration"]
        return configuration

    def _taken(self, name: str) -> Exception:
        """Return what it means that the name is in use."""
        try:
            self._own(name)
        except FunctionNotFound:
            message = f"name: {physical(name)} is taken by a function that this stack did not make"
            return InvalidRequest(f"{message}; for example {name[:50]}-2", field="name")
        return FunctionExists(name)

    def _when_free(self, waits: "_Waits", operation: str, name: str, **request: Any) -> None:
        """Change a function; if it is just being changed by somebody else, when that is over."""
        while True:
            try:
                self._call(operation, name, FunctionName=physical(name), **request)
            except InTheWay:
                waits.another(f"{physical(name)} is still being changed by somebody else; try again")
            else:
                return

    def _settled(self, name: str, waits: "_Waits") -> Function:
        """Return the function when Lambda is done with it."""
        while True:
            try:
                configuration = self._own(name)
            except FunctionNotFound:  # a new one, not yet known everywhere
                configuration = {"State": "Pending"}
            if trouble := _trouble(configuration):
                raise FunctionsError(f"{physical(name)} {trouble}; mend it with update, or delete it")
            state, update = _states(configuration)
            if state != "Pending" and update != "InProgress":
                return _function(name, configuration)
            what = f"state {state}, last update {update}"
            waits.another(
                f"{physical(name)} is not ready yet ({what}); tickline function list shows when it is"
            )


class _Waits:
    """The pauses of one action, bounded."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self.taken = 0
        self._sleep = sleep

    def another(self, otherwise: str) -> None:
        """Wait a little; raise FunctionsError(otherwise) when the patience is at its end."""
        if self.taken >= PATIENCE:
            raise FunctionsError(f"after {PATIENCE * PAUSE:g} s {otherwise}")
        self.taken += 1
        self._sleep(PAUSE)


def _settings(change: FunctionChange) -> dict[str, Any]:
    """Return what is given, but the code, as requests name it."""
    given = {
        "Handler": change.handler,
        "Runtime": change.runtime,
        "MemorySize": change.memory,
        "Timeout": change.timeout,
        "Description": change.description,
        "Environment": None if change.env is None else {"Variables": dict(change.env)},
    }
    return {name: value for name, value in given.items() if value is not None}


def _states(configuration: Mapping[str, Any]) -> tuple[str, str]:
    return configuration.get("State", "Active"), configuration.get("LastUpdateStatus", "Successful")


def _trouble(configuration: Mapping[str, Any]) -> str:
    """Say what Lambda could not do, and why; empty if there is no such thing."""
    state, update = _states(configuration)
    if state == "Failed":
        kind, what = "State", "failed"
    elif update == "Failed":
        kind, what = "LastUpdateStatus", "was not updated"
    else:
        return ""
    reasons = [configuration.get(f"{kind}{part}") for part in ("ReasonCode", "Reason")]
    return f"{what}: " + (": ".join(reason for reason in reasons if reason) or "AWS gives no reason")


def _function(name: str, configuration: Mapping[str, Any]) -> Function:
    return Function(
        name=name,
        handler=configuration.get("Handler", ""),
        runtime=configuration.get("Runtime", ""),
        memory=configuration["MemorySize"],
        timeout=configuration["Timeout"],
        env_names=tuple(sorted(configuration.get("Environment", {}).get("Variables", {}))),
        description=configuration.get("Description", ""),
        code_size=configuration["CodeSize"],
        code_sha256=configuration["CodeSha256"],
        state=_states(configuration)[0].lower(),
        updated_at=configuration["LastModified"],
    )
