"""The small rules of the box: filters, metrics out of log lines, alarms, and who starts the CDK."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("awslambdaric", reason="uv sync --group box")

from box.alarms import judge
from box.deploy import CDK
from box.filters import matches
from box.metrics import embedded

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ({"eventName": ["INSERT", "MODIFY"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"dynamodb": {"Keys": {"job_id": {"S": [{"prefix": "a"}]}}}}, True),
        ({"dynamodb": {"Keys": {"job_id": {"S": [{"anything-but": ["a1"]}]}}}}, False),
        ({"dynamodb": {"OldImage": [{"exists": False}]}}, True),
        ({"missing": {"deep": ["x"]}}, False),
    ],
)
def test_a_filter_passes_records_that_have_all_it_names(pattern: dict[str, Any], passes: bool) -> None:
    record = {"eventName": "INSERT", "dynamodb": {"Keys": {"job_id": {"S": "a1"}}}}

    assert matches(pattern, record) is passes


def test_a_rule_of_a_filter_that_is_not_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="numeric"):
        matches({"size": [{"numeric": [">", 1]}]}, {"size": 2})


def test_a_log_line_gives_the_metrics_that_it_declares() -> None:
    about = {
        "Namespace": "N",
        "Dimensions": [["stack"]],
        "Metrics": [{"Name": "lateness", "Unit": "Milliseconds"}],
    }
    line = {"_aws": {"Timestamp": 1000, "CloudWatchMetrics": [about]}, "stack": "S", "lateness": [5, 7]}

    (datum,) = embedded(json.dumps(line))

    assert (datum.name, datum.values, datum.dimensions) == ("lateness", (5.0, 7.0), (("stack", "S"),))


@pytest.mark.parametrize("line", ["REPORT RequestId: x", '{"message": "a"}', 'broken {"_aws"'])
def test_other_log_lines_give_none(line: str) -> None:
    assert list(embedded(line)) == []


ABOVE, BELOW = "GreaterThanOrEqualToThreshold", "LessThanThreshold"


@pytest.mark.parametrize(
    ("values", "comparison", "missing", "state"),
    [
        ([1.0], ABOVE, "notBreaching", "ALARM"),
        ([0.0], ABOVE, "notBreaching", "OK"),
        ([None], ABOVE, "notBreaching", "OK"),
        ([None], ABOVE, "missing", "INSUFFICIENT_DATA"),
        ([None], ABOVE, "ignore", "before"),
        ([None, None, None], BELOW, "breaching", "ALARM"),
        ([None, 1.0, None], BELOW, "breaching", "OK"),
    ],
)
def test_an_alarm_is_judged_by_its_values_and_by_what_silence_means(
    values: list[float | None], comparison: str, missing: str, state: str
) -> None:
    judged = judge(
        values, comparison=comparison, threshold=1, enough=len(values), missing=missing, was="before"
    )

    assert judged == state


def test_the_box_and_the_justfile_start_the_same_cdk() -> None:
    version = re.compile(r"aws-cdk@[\d.]+")

    assert set(version.findall((ROOT / "justfile").read_text())) == set(version.findall(CDK))
