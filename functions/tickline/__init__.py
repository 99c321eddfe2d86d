"""Tickline: a serverless scheduler of Lambda functions, tick and dispatch.

    import tickline

    @tickline.handler("send-report")
    def send_report(payload: dict, context: tickline.RunContext) -> str:
        ...

A handler runs for jobs whose target is `python:send-report`. Everything else is asked of the command line,
or of `tickline.schedules.parse` where only the arithmetic is wanted.
"""

from tickline.model import RunContext
from tickline.registry import handler

__version__ = "0.1.0"

__all__ = ["RunContext", "__version__", "handler"]
