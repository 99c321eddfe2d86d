"""Metrics out of log lines, in CloudWatch's embedded metric format."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """One metric's values, as PutMetricData takes them."""

    namespace: str
    name: str
    values: tuple[float, ...]
    dimensions: tuple[tuple[str, str], ...]
    at: datetime
    unit: str = "None"

    def as_parameter(self) -> dict[str, Any]:
        """Return it as an element of PutMetricData's MetricData."""
        return {
            "MetricName": self.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
            "Timestamp": self.at,
            "Values": list(self.values),
            "Counts": [1.0] * len(self.values),
            "Unit": self.unit,
        }


def embedded(line: str) -> Iterator[Datum]:
    """Return the metrics in a log line; most lines have none."""
    if '"_aws"' not in line:
        return
    try:
        document = json.loads(line)
    except ValueError:
        return
    about = document.get("_aws", {})
    at = datetime.fromtimestamp(about.get("Timestamp", 0) / 1000, UTC)
    for block in about.get("CloudWatchMetrics", []):
        for names in block.get("Dimensions", [[]]):
            dimensions = tuple((name, str(document[name])) for name in names)
            for metric in block.get("Metrics", []):
                yield from _datum(document, block["Namespace"], metric, dimensions, at)


def _datum(
    document: Mapping[str, Any],
    namespace: str,
    metric: Mapping[str, str],
    dimensions: tuple[tuple[str, str], ...],
    at: datetime,
) -> Iterator[Datum]:
    value = document.get(metric["Name"])
    values = tuple(
        float(each) for each in (value if isinstance(value, list) else [value]) if each is not None
    )
    if values:
        unit = metric.get("Unit", "None")
        yield Datum(
            namespace=namespace,
            name=metric["Name"],
            values=values,
            dimensions=dimensions,
            at=at,
            unit=unit,
        )
