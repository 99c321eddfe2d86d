"""A Lambda function to try things on: it greets, or fails when its payload says so."""

from typing import Any


def handler(payload: dict[str, Any], context: Any) -> str:
    """Say who is greeted and in which run."""
    if payload.get("fail"):
        raise RuntimeError("told to fail")
    run = context.client_context.custom["run_id"] if context.client_context else "no run"
    return f"hello {payload.get('name', 'world')}, this is {run}"
