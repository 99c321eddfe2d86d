"""What can be asked of the box itself, below /box/ at its address.

GET busy, permissions, refusals; POST timer (fires it now), alarms (judges them now). All answers are JSON.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Answers = Mapping[str, Callable[[], Any]]


class Control:
    """A WSGI application: `questions` are answered to GET, `orders` to POST."""

    def __init__(self, questions: Answers, orders: Answers) -> None:
        self._answers = {"GET": questions, "POST": orders}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        name = environ["PATH_INFO"].rsplit("/", 1)[-1]
        known = self._answers.get(environ["REQUEST_METHOD"], {})
        status, answer = ("200 OK", known[name]()) if name in known else ("404 Not Found", sorted(known))
        body = json.dumps(answer).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]
