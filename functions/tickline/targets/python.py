"""`python:NAME`: handlers registered in Python files, and files that stand in for Lambda functions.

Each call runs in a child process: a handler may hang, crash or print what it likes without harm to the
scheduler. This is no sandbox: handlers run with the rights of whoever started the scheduler.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tickline.addresses import Address
from tickline.model import Call, Failure, Json, Result
from tickline.ports import Target
from tickline.targets.lambdas import custom_context
from tickline.targets.registered import result_of
from tickline.targets.text import as_json, shorten
from tickline.targets.workers import Died, NotTaken, TookTooLong, Workers

LOCAL_ARN = "arn:aws:lambda:local:000000000000:function:"


class PythonTarget:
    """Calls `python:NAME`, and `lambda:NAME` where `functions` maps NAME to `path/to/file.py:attribute`.

    `files` hold the handlers. A changed file takes effect with the next call. The end of a call is always
    awaited, also for jobs with wait=false: there is no queue here that could accept it.
    """

    def __init__(self, files: Sequence[Path], functions: Mapping[str, str] | None = None) -> None:
        self._functions = dict(functions or {})
        self._workers = Workers(files, self._functions)

    def warm(self) -> None:
        """Have a process ready, so that the first call is as quick as the others. Never fails."""
        try:
            self._workers.warm()
        except NotTaken:
            return  # the first call will tell why, in the record of its run

    def close(self) -> None:
        """End every process; later calls are not started."""
        self._workers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def stands_in_for(self, target: str) -> bool:
        """True when `target` is a Lambda function that has a file here."""
        address = Address.parse(target)
        return address is not None and address.kind == "lambda" and self._function(address) is not None

    def call(self, call: Call) -> Result:
        """Run the handler, or the function's stand-in, once."""
        request = self._request(call)
        if isinstance(request, str):
            return Result(failure=Failure.PERMANENT, error=shorten(request))
        try:
            reply = self._workers.call(as_json(request), call.timeout.total_seconds())
        except ValueError as error:
            return Result(failure=Failure.PERMANENT, error=str(error))
        except NotTaken as error:
            return Result(failure=Failure.NOT_STARTED, error=str(error))
        except (TookTooLong, Died) as error:
            return Result(failure=Failure.FUNCTION, error=str(error))
        return result_of(reply)

    def _request(self, call: Call) -> Json:
        """Return what the child process is to do, or the reason why there is nothing to do."""
        address = Address.parse(call.target)
        if address is not None and address.kind == "python":
            return {"handler": address.name, "payload": call.payload, "context": _context(call)}
        if address is None or address.kind != "lambda":
            return "not the address of a Python handler or a Lambda function; for example python:NAME"
        function = self._function(address)
        if function is None:
            names = ", ".join(sorted(self._functions)) or "none"
            return f"no file stands in for function {address.qualified!r}; functions with a file: {names}"
        return {
            "function": function,
            "payload": {} if call.payload is None else call.payload,
            "timeout": call.timeout.total_seconds(),
            "lambda": _lambda_context(call, address),
        }

    def _function(self, address: Address) -> str | None:
        return next((name for name in (address.qualified, address.name) if name in self._functions), None)


class LocalLambda:
    """Lambda functions in local mode: by their stand-in where there is one, else as `otherwise` does it."""

    def __init__(self, stand_ins: PythonTarget, *, otherwise: Target) -> None:
        self._stand_ins = stand_ins
        self._otherwise = otherwise

    def call(self, call: Call) -> Result:
        """Call the function once."""
        here = self._stand_ins.stands_in_for(call.target)
        return (self._stand_ins if here else self._otherwise).call(call)


def _context(call: Call) -> dict[str, Json]:
    context = call.context
    return {
        "run_id": context.run_id,
        "job_id": context.job_id,
        "scheduled_time": context.scheduled_time.isoformat(),
        "attempt": context.attempt,
        "attempt_id": context.attempt_id,
        "missed_count": context.missed_count,
    }


def _lambda_context(call: Call, address: Address) -> dict[str, Json]:
    arn = address.arn or LOCAL_ARN + address.name
    return {
        "name": address.name,
        "version": address.qualifier or "$LATEST",
        "arn": f"{arn}:{address.qualifier}" if address.qualifier else arn,
        "request_id": call.context.attempt_id,
        "custom": custom_context(call.context) if call.wait else None,
    }
