"""What stands in front of moto: it asks for permission, and lets DynamoDB answer one request at a time.

A request that is signed by a function's role is let through if the role's policies allow it. All others, such
as those of the person at the second terminal, are let through as they are.
"""

import io
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

from box.calls import Request, Signature, calls, signature
from box.roles import Refusal, Roles

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

QUERY = frozenset({"sns", "sts", "iam", "cloudformation"})
"""Services that answer in XML."""

JSON_ERROR = "AccessDeniedException"


class Gate:
    """A WSGI application: moto's own behind the roles' policies. `control` answers below /box/."""

    def __init__(self, moto: Wsgi, roles: Roles, control: Wsgi, account: str) -> None:
        self._moto = moto
        self._roles = roles
        self._control = control
        self._account = account
        # moto's conditional writes look and write in two steps.
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO", "").startswith("/box/"):
            return self._control(environ, start_response)
        signed = signature(environ.get("HTTP_AUTHORIZATION", ""))
        if signed is None:
            return self._moto(environ, start_response)
        refusal = self._refusal(environ, signed)
        if refusal:
            return _denied(refusal, signed.service, start_response)
        if signed.service == "dynamodb":
            with self._one_at_a_time:
                return list(self._moto(environ, start_response))
        return self._moto(environ, start_response)

    def _refusal(self, environ: dict[str, Any], signed: Signature) -> Refusal | None:
        role = self._roles.holder(signed.access_key)
        if role is None:
            return None
        request = _request(environ)
        return self._roles.allows(role, calls(request, signed, self._account))


def _request(environ: dict[str, Any]) -> Request:
    """Read a request, and leave it as unread as it was."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "/"),
        query=environ.get("QUERY_STRING", ""),
        headers={key[5:].replace("_", "-").lower(): v for key, v in environ.items() if key[:5] == "HTTP_"},
        body=body,
    )


def _denied(refusal: Refusal, service: str, start_response: Any) -> Iterable[bytes]:
    """Answer as AWS does when a role lacks a permission."""
    text = (
        f"User: {refusal.role} is not authorized to perform: {refusal.action} "
        f"on resource: {refusal.resource} {refusal.reason}"
    )
    if service in QUERY:
        code = "AuthorizationError" if service == "sns" else "AccessDenied"
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(text)}</Message>"
        )
        start_response("403 Forbidden", [("Content-Type", "text/xml")])
        return [(body + "</Error></ErrorResponse>").encode()]
    status = "403 Forbidden" if service == "lambda" else "400 Bad Request"
    headers = [("Content-Type", "application/json"), ("x-amzn-errortype", JSON_ERROR)]
    start_response(status, headers)
    return [json.dumps({"__type": JSON_ERROR, "message": text, "Message": text}).encode()]
