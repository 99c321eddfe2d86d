"""Calls to the things that jobs are about, one file for each kind.

Nothing heavy is imported here: boto3 and urllib3 come in with the adapters that need them.
"""

import logging
import traceback
from collections.abc import Iterator, Mapping

from tickline.addresses import EXAMPLES, kind_of
from tickline.allowed import Allowed
from tickline.model import Call, Failure, Result
from tickline.ports import Target
from tickline.targets.text import shorten

log = logging.getLogger(__name__)

KINDS = tuple(EXAMPLES)
"""Every kind of target that a job may name, enabled or not."""


class TargetsByScheme(Mapping[str, Target]):
    """The enabled targets, by kind ("python", "lambda", "http"). Keeps the promise of ports.Targets.

    `allowed`: which addresses may be called; None: all.
    """

    def __init__(self, targets: Mapping[str, Target], *, allowed: Allowed | None = None) -> None:
        unknown = sorted(set(targets) - set(KINDS))
        if unknown:
            raise ValueError(f"there are no targets of kind {', '.join(unknown)}; kinds: {', '.join(KINDS)}")
        self._targets = dict(targets)
        self._allowed = allowed

    def __getitem__(self, kind: str) -> Target:
        return self._targets[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)

    def call(self, call: Call) -> Result:
        """Call the target that `call.target` names; what is not enabled or not allowed fails for good."""
        if self._allowed is not None and (reason := self._allowed.refusal(call.target)) is not None:
            return Result(failure=Failure.PERMANENT, error=shorten(reason))
        kind = kind_of(call.target)
        if kind not in self._targets:
            return Result(failure=Failure.PERMANENT, error=_refusal(kind))
        try:
            return self._targets[kind].call(call)
        except Exception as error:  # noqa: BLE001 - ports.Target promises that nothing is raised
            # A bug of the adapter. Its text may hold the payload: type and place are told, nothing else.
            fields = {"run_id": call.context.run_id, "kind": kind, "error": type(error).__name__}
            log.error("target raised", extra={**fields, "raised_at": _place(error)})  # noqa: TRY400
            return Result(failure=Failure.UNKNOWN, error=f"the {kind} target raised {type(error).__name__}")


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _refusal(kind: str) -> str:
    if kind in KINDS:
        return f"{kind}: targets are not enabled here"
    return (
        "not the address of a target; for example lambda:nightly-report, python:NAME or https://example.com"
    )
