"""The Lambda runtime API, for one sandbox: a child process asks it for events and posts what came of them."""

import json
import queue
import re
import threading
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATHS = re.compile(r"/2018-06-01/runtime/(?:init|invocation/(?P<id>[^/]+))/(?P<what>\w+)")
STOP = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One event on its way to a function."""

    payload: bytes
    function_arn: str
    client_context: str = ""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an invocation. `failed` if the function raised, died or took too long."""

    payload: bytes
    failed: bool = False


def failure(kind: str, message: str) -> Outcome:
    """Return the outcome of an invocation that the function itself gave no answer to."""
    return Outcome(payload=json.dumps({"errorType": kind, "errorMessage": message}).encode(), failed=True)


class RuntimeApi:
    """Hands invocations to one child process and takes its answers."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.answers: queue.Queue[Outcome] = queue.Queue()
        self._next: queue.Queue[tuple[Invocation, float] | None] = queue.Queue()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                api.asked.set()
                given = api._next.get()
                if given is STOP:
                    self.close_connection = True
                    return
                self.send_response(200)
                for name, value in _headers(*given).items():
                    self.send_header(name, value)
                self._send(given[0].payload)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                api._take(self.path, body)
                self.send_response(202)
                self._send(b'{"status":"OK"}')

            def _send(self, body: bytes) -> None:
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing: every event would be a line."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """Say nothing: the child was ended in the middle of an answer."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def give(self, invocation: Invocation, deadline: float) -> None:
        """Let the child have an event, to be answered before the deadline (in seconds of the epoch)."""
        self._next.put((invocation, deadline))

    def close(self) -> None:
        """Answer nothing any more."""
        self._next.put(STOP)
        self._server.shutdown()
        self._server.server_close()

    def _take(self, path: str, body: bytes) -> None:
        found = PATHS.fullmatch(path)
        if found:
            self.answers.put(Outcome(payload=body, failed=found["what"] == "error"))


def _headers(invocation: Invocation, deadline: float) -> dict[str, str]:
    headers = {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": f"Root=1-{invocation.request_id.replace('-', '')}",
        "Content-Type": "application/json",
    }
    if invocation.client_context:
        headers["Lambda-Runtime-Client-Context"] = invocation.client_context
    return headers
