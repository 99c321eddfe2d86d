"""Metrics as log lines in CloudWatch's embedded metric format: no request, no wait, no permission.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TextIO

from tickline.model import Json

NAMESPACE = "Tickline"

UNITS = {
    "lateness": "Milliseconds",
    "due_backlog": "Count",
    "oldest_due_age": "Seconds",
    "succeeded": "Count",
    "failed": "Count",
    "dead": "Count",
    "skipped": "Count",
    "refused": "Count",
    "invalid_jobs": "Count",
    "unread_messages": "Count",
    "tick_duration": "Milliseconds",
}
"""Every metric there is.

lateness          from a slot's instant to the start of its first attempt
due_backlog       entries of the timeline that were due when a tick began
oldest_due_age    by how much the latest run was late when its tick rang for it
succeeded, dead   runs that ended so
failed            attempts that failed
skipped           records of skipped slots; one may stand for many
refused           doorbells that started nothing: somebody else had the run, or a tick will decide
invalid_jobs      definitions that were written and cannot be understood
unread_messages   doorbell messages of an unknown version or form
tick_duration     how long a tick was alive
"""

MOST_VALUES = 100
"""Values of one metric in one line."""

Values = float | Sequence[float]


def emit(metrics: Mapping[str, Values], *, stack: str, now: datetime, stream: TextIO | None = None) -> None:
    """Write metrics of UNITS; a sequence is a distribution, and an empty one is left out."""
    given = {name: value for name, value in metrics.items() if not isinstance(value, Sequence) or value}
    if not given:
        return
    line: dict[str, Json] = {
        "_aws": {
            "Timestamp": int(now.timestamp() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [["stack"]],
                    "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in given],
                }
            ],
        },
        "stack": stack,
    }
    line |= {name: _values(value) for name, value in given.items()}
    print(json.dumps(line), file=stream or sys.stdout)


def _values(value: Values) -> Json:
    return list(value[:MOST_VALUES]) if isinstance(value, Sequence) else value
