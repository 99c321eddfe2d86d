"""Log lines and metrics are one JSON object a line, with fields and without secrets."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from builders import NOW
from tickline import logs, metrics


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Log to a stream, and give the root logger back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(stream=stream, stack="Tickline")
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_holds_the_message_and_the_fields_it_was_given(stream: io.StringIO) -> None:
    logging.getLogger("tickline.tick").info("run %s", "started", extra={"job_id": "report", "at": NOW})

    [line] = lines(stream)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "tickline.tick",
        "message": "run started",
        "stack": "Tickline",
        "job_id": "report",
        "at": str(NOW),
    }


def test_an_exception_is_told_by_its_type_and_place_and_never_by_its_text(stream: io.StringIO) -> None:
    try:
        int("hunter2")
    except ValueError:
        logging.getLogger("tickline").exception("not decided")

    [line] = lines(stream)
    assert line["error"] == "ValueError"
    assert "test_logs.py" in line["raised_at"][0]
    assert "hunter2" not in stream.getvalue()


def test_libraries_are_heard_only_when_they_warn(stream: io.StringIO) -> None:
    logging.getLogger("botocore.hooks").info("chatter")
    logging.getLogger("botocore.hooks").warning("trouble")

    assert [line["message"] for line in lines(stream)] == ["trouble"]


def test_metrics_are_written_in_the_embedded_format() -> None:
    stream = io.StringIO()

    metrics.emit({"succeeded": 2, "lateness": [3, 7], "skipped": 0}, stack="S", now=NOW, stream=stream)

    [line] = lines(stream)
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert line["_aws"]["Timestamp"] == 1772452800000
    assert directive["Namespace"] == "Tickline"
    assert directive["Dimensions"] == [["stack"]]
    assert {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]} == {
        "succeeded": "Count",
        "lateness": "Milliseconds",
        "skipped": "Count",
    }
    assert (line["stack"], line["succeeded"], line["lateness"], line["skipped"]) == ("S", 2, [3, 7], 0)


def test_a_distribution_of_nothing_is_not_written() -> None:
    stream = io.StringIO()

    metrics.emit({"lateness": []}, stack="S", now=NOW, stream=stream)

    assert stream.getvalue() == ""


def test_an_unknown_metric_cannot_be_written() -> None:
    with pytest.raises(KeyError):
        metrics.emit({"latenes": 1}, stack="S", now=NOW, stream=io.StringIO())
