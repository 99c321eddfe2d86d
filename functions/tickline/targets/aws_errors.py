"""What the errors of AWS mean for the run, as far as all APIs share them.

Each API adds the codes of its own operation; a test compares them with the installed botocore. A code without
a line is UNKNOWN: the work may have begun.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tickline.model import Failure, Result
from tickline.targets.text import shorten

COMMON: Mapping[str, Failure | None] = MappingProxyType(
    {
        # Answers of the front door: the request was turned away before anything else was done with it.
        **dict.fromkeys(
            (
                "Throttling",
                "ThrottlingException",
                "ThrottledException",
                "RequestLimitExceeded",
                "ExpiredTokenException",
                "ExpiredToken",
                "RequestExpired",
                "ServiceUnavailable",
                "ServiceUnavailableException",
            ),
            Failure.NOT_STARTED,
        ),
        **dict.fromkeys(
            (
                "AccessDeniedException",
                "AccessDenied",
                "NotAuthorized",
                "UnrecognizedClientException",
                "InvalidClientTokenId",
                "InvalidSignatureException",
                "SignatureDoesNotMatch",
                "IncompleteSignature",
                "MissingAuthenticationToken",
                "MissingAuthenticationTokenException",
                "OptInRequired",
                "ValidationException",
                "ValidationError",
                "SerializationException",
                "MissingParameter",
                "UnknownOperationException",
            ),
            Failure.PERMANENT,
        ),
        # Something broke inside, nobody says when.
        **dict.fromkeys(("InternalFailure", "InternalError", "InternalServerError"), Failure.UNKNOWN),
    }
)
"""The failure that each error code stands for, whichever API answers with it."""

NO_CREDENTIALS = "there are no AWS credentials: configure them (aws configure, AWS_PROFILE)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """What the errors of one operation mean, and how they are told.

    `classes`: the failure that each code stands for; None is a success of an earlier attempt.
    `quoting`: codes whose message may quote the payload; of these only the code is told.
    `open_end`: what may be so when no answer came.
    `without_credentials`: a way to go on without any, where there is one.
    """

    callee: str
    classes: Mapping[str, Failure | None]
    quoting: frozenset[str]
    open_end: str
    without_credentials: str = ""

    def of_code(self, code: str, message: str) -> Result:
        """Translate an answer with an error code."""
        failure = self.classes.get(code, Failure.UNKNOWN)
        if failure is None:
            return Result(summary="already started")
        # Of an error that nobody foresaw nobody knows what it quotes.
        silent = code in self.quoting or failure is Failure.UNKNOWN
        text = f"{code}: {message}" if message and not silent else code
        return Result(failure=failure, error=shorten(text or "an error without a code"))

    def of_error(self, error: Exception, *, otherwise: Failure, waited: str = "") -> Result:
        """Translate what boto3 raised. `otherwise` is the class of an error that nobody foresaw."""
        if isinstance(error, ImportError):
            return Result(failure=Failure.PERMANENT, error="boto3 is not installed")
        from botocore import exceptions as raised  # noqa: PLC0415 - heavy, and here boto3 was imported before

        if isinstance(error, raised.ClientError):
            answer = error.response.get("Error", {})
            return self.of_code(answer.get("Code", ""), answer.get("Message", ""))
        if isinstance(error, raised.ReadTimeoutError):
            return Result(failure=Failure.UNKNOWN, error=f"no answer within {waited}; {self.open_end}")
        if isinstance(error, (raised.NoCredentialsError, raised.PartialCredentialsError)):
            return Result(failure=Failure.PERMANENT, error=NO_CREDENTIALS + self.without_credentials)
        if isinstance(error, raised.NoRegionError):
            return Result(failure=Failure.PERMANENT, error="no AWS region is configured (AWS_REGION)")
        # Other texts may quote arguments, and with them the payload: the type says enough.
        text = f"the call to {self.callee} failed: {type(error).__name__}"
        return Result(failure=_of_type(error) or otherwise, error=text)


def _of_type(error: Exception) -> Failure | None:
    """Return what an exception of botocore itself says about the call; None if it says nothing."""
    from botocore import exceptions as raised  # noqa: PLC0415

    if isinstance(error, raised.SSLError):
        # Also raised when an established connection breaks: only a refused certificate is surely before.
        return Failure.NOT_STARTED if "CERTIFICATE_VERIFY_FAILED" in str(error) else Failure.UNKNOWN
    unreachable = (raised.ConnectionError, raised.CredentialRetrievalError, raised.TokenRetrievalError)
    if isinstance(error, (*unreachable, raised.SSOError)):
        return Failure.NOT_STARTED
    misconfigured = (
        raised.ParamValidationError,
        raised.ValidationError,
        raised.BaseEndpointResolverError,
        raised.ProfileNotFound,
        raised.ConfigParseError,
        raised.ConfigNotFound,
        raised.NoAuthTokenError,
        raised.UnknownCredentialError,
        raised.UnknownTokenProviderError,
    )
    return Failure.PERMANENT if isinstance(error, misconfigured) else None
