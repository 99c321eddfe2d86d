"""What may go wrong between the command and a stack, said with what to do about it.

The one place of the command line that knows the errors of AWS.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SETTINGS = "check AWS_PROFILE, or aws sts get-caller-identity"

CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes with which AWS refuses to know who is asking."""

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

THROTTLED = frozenset(
    {"EC2ThrottledException", "RequestLimitExceeded", "ThrottledException", "Throttling",
     "ThrottlingException", "TooManyRequestsException"}
)  # fmt: skip

GONE = frozenset({"ResourceNotFoundException"})

TOO_LARGE = frozenset({"RequestTooLargeException", "RequestEntityTooLargeException"})

MEANINGS = (
    (DENIED, "you may not do this: it needs {right}. AWS says: {message}"),
    (CREDENTIALS, f"AWS does not accept your credentials ({{code}}); {SETTINGS}"),
    (THROTTLED, "stack {stack} has too many requests ({code}): nothing was done; try again later"),
    (GONE, "the admin function of stack {stack} is gone; deploy the stack again"),
    (TOO_LARGE, "the request is larger than Lambda takes ({code}); write fewer or smaller jobs"),
)
UNFORESEEN = "stack {stack} cannot be asked: {code}: {message}"

ABSENT_SETTINGS = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound",
     "TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "SSOError", "LoginError",
     "LoginTokenLoadError", "LoginRefreshRequired", "LoginInsufficientPermissions",
     "LoginAuthorizationCodeError", "NoAuthTokenError", "UnknownCredentialError", "UnknownTokenProviderError"}
)  # fmt: skip
"""Errors of botocore that mean: this shell has no credentials that could be used."""

ANSWER_TOO_LARGE = "ResponseSizeTooLarge"

LIMIT = "limit"
"""The field of an answer that was too large: ask for fewer."""


class Trouble(Exception):
    """A stack could not be asked. The message says why and what to do; `field`, what to change."""

    def __init__(self, message: str, *, field: str = "stack") -> None:
        self.field = field
        super().__init__(message)


@contextmanager
def translated(stack: str, right: str, *, changes: bool = False) -> Iterator[None]:
    """Raise Trouble for what boto3 raises inside.

    `right`: what the caller must be allowed to do. `changes`: whether a request may have changed something
    of which no answer came.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - with boto3, not before

    try:
        yield
    except ClientError as error:
        raise _of_answer(error, stack, right, changes=changes) from None
    except BotoCoreError as error:
        raise _on_the_way(error, stack, changes=changes) from None
    except ValueError as error:  # an AWS_ENDPOINT_URL that is none
        raise Trouble(f"stack {stack} cannot be asked: {error}") from None


def _unanswered(*, changes: bool) -> str:
    return "whether it was done nobody knows: look before you repeat it" if changes else "try again"


def _of_answer(error: Any, stack: str, right: str, *, changes: bool) -> Trouble:
    told = error.response.get("Error", {})
    code, message = told.get("Code", ""), told.get("Message", "")
    text = next((text for codes, text in MEANINGS if code in codes), UNFORESEEN)
    if text is UNFORESEEN and error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) >= 500:
        text = f"AWS failed ({{code}}: {{message}}); {_unanswered(changes=changes)}"
    return Trouble(text.format(stack=stack, right=right, code=code, message=message))


def _on_the_way(error: Any, stack: str, *, changes: bool) -> Trouble:
    from botocore import exceptions  # noqa: PLC0415 - as above

    name = type(error).__name__
    if isinstance(error, exceptions.NoRegionError):
        return Trouble("no AWS region is set; set AWS_REGION, or AWS_PROFILE to a profile that has one")
    if name in ABSENT_SETTINGS:
        return Trouble(f"there are no AWS credentials ({error}); set AWS_PROFILE, or log in")
    if isinstance(error, exceptions.EndpointConnectionError | exceptions.ConnectTimeoutError):
        return Trouble(
            f"AWS cannot be reached ({error}): nothing was done; look at the network and AWS_REGION"
        )
    if isinstance(error, exceptions.HTTPClientError):
        return Trouble(f"stack {stack} did not answer ({name}); {_unanswered(changes=changes)}")
    return Trouble(f"stack {stack} cannot be asked: {name}: {error}")


def trouble_of_function(function: str, raw: bytes, request_id: str) -> Trouble:
    """Return what the function's own failure means."""
    try:
        said = json.loads(raw)
        kind, message = str(said.get("errorType", "")), str(said.get("errorMessage", ""))
    except (AttributeError, ValueError):
        kind, message = "", ""
    if ANSWER_TOO_LARGE in kind:
        return Trouble("the answer is larger than Lambda passes on (6 MB); ask for fewer", field=LIMIT)
    told = ": ".join(part for part in (kind, message) if part) or "no reason given"
    return Trouble(f"{function} failed: {told}; its log has more under request {request_id}")
