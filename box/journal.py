"""What functions print: kept in files, shown, and brought to CloudWatch as log events and metrics."""

import queue
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from box.functions import Ended
from box.metrics import Datum, embedded
from box.policies import Call
from box.resources import Client
from box.roles import Roles

STREAM = "box"
MOST_LINES = 500
MOST_DATA = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that a function printed."""

    function: str
    text: str
    at: int


class Journal:
    """Takes lines and metrics from any thread; one thread of its own writes them to CloudWatch."""

    def __init__(self, client: Client, roles: Roles, folder: Path, place: str, *, show: bool) -> None:
        self._client = client
        self._roles = roles
        self._folder = folder / "logs"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._place = place
        self._show = show
        self._streams: set[str] = set()
        self._arrived: queue.Queue[Line | Datum] = queue.Queue()
        self._writing = 0
        threading.Thread(target=self._write, daemon=True).start()

    def say(self, function: str, text: str) -> None:
        """Take one line of a function's output."""
        with (self._folder / f"{function}.log").open("a") as file:
            file.write(text + "\n")
        if self._show:
            sys.stdout.write(f"{function:<20} {text}\n")
        self._arrived.put(Line(function=function, text=text, at=int(time.time() * 1000)))
        for datum in embedded(text):
            self._arrived.put(datum)

    def began(self, function: str) -> None:
        """Count an invocation, as Lambda's own metrics do."""
        self._of_lambda(function, "Invocations", 1, "Count")
        self._of_lambda(function, "Throttles", 0, "Count")

    def ended(self, ended: Ended) -> None:
        """Count what came of an invocation."""
        self._of_lambda(ended.function, "Errors", float(ended.failed), "Count")
        self._of_lambda(ended.function, "Duration", ended.seconds * 1000, "Milliseconds")

    def put(self, datum: Datum) -> None:
        """Take one metric."""
        self._arrived.put(datum)

    @property
    def unwritten(self) -> int:
        """How much is still on its way to CloudWatch."""
        return self._arrived.qsize() + self._writing

    def _of_lambda(self, function: str, name: str, value: float, unit: str) -> None:
        self.put(
            Datum(
                namespace="AWS/Lambda",
                name=name,
                values=(value,),
                dimensions=(("FunctionName", function),),
                at=datetime.now(UTC),
                unit=unit,
            )
        )

    def _write(self) -> None:
        while True:
            arrived = [self._arrived.get()]
            self._writing = 1
            time.sleep(0.05)
            while len(arrived) < MOST_LINES and not self._arrived.empty():
                arrived.append(self._arrived.get())
            try:
                self._write_lines([each for each in arrived if isinstance(each, Line)])
                self._write_data([each for each in arrived if isinstance(each, Datum)])
            except Exception as error:  # noqa: BLE001 - said, and the next lines are written
                sys.stderr.write(f"box: not written to CloudWatch: {error!r}\n")
            self._writing = 0

    def _write_lines(self, lines: Iterable[Line]) -> None:
        by_function = defaultdict(list)
        for line in lines:
            by_function[line.function].append({"timestamp": line.at, "message": line.text})
        for function, events in by_function.items():
            if self._may_write(function):
                self._client("logs").put_log_events(
                    logGroupName=f"/aws/lambda/{function}", logStreamName=STREAM, logEvents=events
                )

    def _may_write(self, function: str) -> bool:
        """Ask a function's role, and make the log stream the first time."""
        group = f"/aws/lambda/{function}"
        resource = f"arn:aws:logs:{self._place}:log-group:{group}:log-stream:{STREAM}"
        configuration = self._client("lambda").get_function_configuration(FunctionName=function)
        role = configuration["Role"].rsplit("/", 1)[-1]
        new = function not in self._streams
        actions = ["CreateLogStream", "PutLogEvents"] if new else ["PutLogEvents"]
        if self._roles.allows(role, [Call(action=f"logs:{a}", resource=resource) for a in actions]):
            return False
        if new:
            _make_stream(self._client("logs"), group)
            self._streams.add(function)
        return True

    def _write_data(self, data: Iterable[Datum]) -> None:
        by_namespace: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for datum in data:
            by_namespace[datum.namespace].append(datum.as_parameter())
        for namespace, metric_data in by_namespace.items():
            for first in range(0, len(metric_data), MOST_DATA):
                self._client("cloudwatch").put_metric_data(
                    Namespace=namespace, MetricData=metric_data[first : first + MOST_DATA]
                )


def _make_stream(logs: Any, group: str) -> None:
    """Make a function's log stream, and its group unless the stack did."""
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
    if not logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=STREAM)["logStreams"]:
        logs.create_log_stream(logGroupName=group, logStreamName=STREAM)
