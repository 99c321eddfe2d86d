"""Log lines as JSON, one object a line: level, logger, message, and the fields given as `extra`.

Fields are ids, counts and times. No payload, no result and no text of a target's error is logged.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TextIO

from tickline.model import Json

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; the rest was given by the caller."""

QUIET = ("boto3", "botocore", "urllib3", "s3transfer")


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON. What JSON cannot hold is written as text."""

    def __init__(self, **always: Json) -> None:
        super().__init__()
        self._always = always

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter. The fields of `always` stand in every line."""
        given = {name: value for name, value in vars(record).items() if name not in STANDARD}
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._always,
            **given,
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            # The text of an exception may hold what a target said: type and place are enough to look further.
            line["error"] = kind.__name__
            line["raised_at"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]
        return json.dumps(line, default=str)


def configure(*, stream: TextIO | None = None, level: int = logging.INFO, **always: Json) -> None:
    """Have every log line of this process written as JSON to `stream`, standard output by default."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter(**always))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
