"""What the jobs of jobs.yaml do. A handler is a function of a payload and the context of its run."""

import time
from datetime import UTC, datetime
from typing import Any

import tickline


@tickline.handler("greet")
def greet(payload: dict[str, str], context: tickline.RunContext) -> str:
    """Say hello. What is returned is kept as the run's result."""
    return f"hello {payload['name']}, this is {context.job_id}"


@tickline.handler("heartbeat")
def heartbeat(_payload: Any, context: tickline.RunContext) -> str:
    """Tell how long after its instant the handler began."""
    late = datetime.now(UTC) - context.scheduled_time
    return f"alive, {late.total_seconds() * 1000:.0f} ms after the second"


@tickline.handler("flaky-import")
def flaky_import(_payload: Any, context: tickline.RunContext) -> dict[str, int]:
    """Fail twice and succeed at the third attempt, as a service does that is just being restarted."""
    if context.attempt < 3:
        raise ConnectionError(f"the warehouse refused attempt {context.attempt}")
    return {"rows": 1200}


@tickline.handler("slow-report")
def slow_report(payload: dict[str, float], _context: tickline.RunContext) -> str:
    """Take longer than the job's schedule leaves between two runs."""
    time.sleep(payload["seconds"])
    return f"took {payload['seconds']} s"


@tickline.handler("window")
def window(payload: dict[str, str], _context: tickline.RunContext) -> str:
    """Work on the time since the last slot: with placeholders no handler has to remember it."""
    return f"rows from {payload['from']} up to {payload['to']}"


def resize(event: dict[str, str], context: Any) -> dict[str, str]:
    """Stand in for the Lambda function `resize`: the same event and context as in AWS."""
    return {"image": event["image"], "request": context.aws_request_id[:8]}
