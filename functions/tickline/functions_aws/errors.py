"""What each error of Lambda's control plane means. The one place that knows these codes.

Every error shape of the operations in use has its line here; a test compares the table with the installed
botocore. AWS's own text is told only where it says what the caller has to change.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tickline.errors import FunctionNotFound, FunctionsError, InvalidRequest, TicklineError
from tickline.functions.model import physical

MISSING = "ResourceNotFoundException"
IN_THE_WAY = "ResourceConflictException"
REFUSED = "InvalidParameterValueException"
CANNOT_ASSUME = "cannot be assumed"
"""In the message of REFUSED: the role was made a moment ago, and Lambda does not know it yet."""

BUSY = frozenset(
    {
        "InternalFailure",
        "RequestLimitExceeded",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""The same call may succeed later."""

FAULTS = {
    "AccessDenied": "the admin function's role may not do this",
    "AccessDeniedException": "the admin function's role may not do this",
    "CodeSigningConfigNotFoundException": "the code signing configuration is gone",
    "CodeStorageExceededException": "the account's room for code is used up; delete functions or versions",
    "CodeVerificationFailedException": "the code is not signed as the account demands",
    "ExpiredTokenException": "the credentials have expired",
    "FunctionVersionsPerCapacityProviderLimitExceededException": "a quota of the account is used up",
    "InvalidCodeSignatureException": "the code's signature is not valid",
    "InvalidSignatureException": "the credentials are not right, or the clock is wrong",
    "PreconditionFailedException": "somebody else changed it at the same moment; try again",
    "RequestEntityTooLargeException": "the request is too large; deploy the code with your own tooling",
    "RequestTooLargeException": "the request is too large; deploy the code with your own tooling",
    "UnrecognizedClientException": "the credentials are not known",
    "ValidationException": "the request is not valid",
}
"""Nothing that waiting would mend: somebody has to look."""


class InTheWay(Exception):
    """A function of this name is there already, or is just being changed."""


class NotAssumable(Exception):
    """Lambda cannot assume the role, or not yet."""


@contextmanager
def translated(operation: str, name: str) -> Iterator[None]:
    """Raise our errors for what goes wrong inside; InTheWay and NotAssumable for what may pass."""
    where = f"Lambda {operation} of {physical(name) if name else 'all'}"
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - heavy

    try:
        yield
    except ClientError as error:
        answer = error.response.get("Error", {})
        code, message = answer.get("Code", ""), answer.get("Message", "")
        raise _of_code(code, message, name, where) from None
    except BotoCoreError as error:
        # Other texts may quote arguments, and with them the environment: the type says enough.
        raise FunctionsError(f"{where}: {type(error).__name__}; look at tickline function list") from None


def _of_code(code: str, message: str, name: str, where: str) -> Exception:
    if code == MISSING:
        return FunctionNotFound(name)
    if code == IN_THE_WAY:
        return InTheWay(f"{where}: {code}")
    if code == REFUSED and CANNOT_ASSUME in message:
        return NotAssumable(f"{where}: {code}")
    return _told(code, message, where)


def _told(code: str, message: str, where: str) -> TicklineError:
    if code == REFUSED:
        return InvalidRequest(f"AWS does not accept it: {message}", field=_field(message))
    if code in BUSY:
        return FunctionsError(f"{where}: {code}; the same may succeed later")
    return FunctionsError(f"{where}: {code or 'an error without a code'}; {FAULTS.get(code, 'not expected')}")


def _field(message: str) -> str:
    """Return the argument that the message is about, if it says so."""
    words = {
        "runtime": "runtime",
        "handler": "handler",
        "memory": "memory",
        "timeout": "timeout",
        "environment": "env",
        "zip": "code",
    }
    return next((field for word, field in words.items() if word in message.lower()), "")
