"""What each error of Lambda's Invoke, and of the road to it, means for the run.

Every error shape of Invoke has its line here; a test compares the table with the installed botocore. A code
without a line is UNKNOWN: the function may have run.
"""

from collections.abc import Mapping
from typing import Any

from tickline.model import Failure, Result
from tickline.targets.text import shorten

NOT_STARTED = (
    "TooManyRequestsException",
    "ServiceException",
    "EC2ThrottledException",
    "EC2UnexpectedException",
    "ENINotReadyException",
    "ENILimitReachedException",
    "SubnetIPAddressLimitReachedException",
    "ResourceNotReadyException",
    "ResourceConflictException",
    "SnapStartNotReadyException",
    "SnapStartTimeoutException",
    "SnapStartRegenerationFailureException",
    "CodeArtifactUserPendingException",
    "EFSIOException",
    "EFSMountConnectivityException",
    "EFSMountTimeoutException",
    "S3FilesMountConnectivityException",
    "S3FilesMountTimeoutException",
    # Not shapes of Invoke, but answers of the front door that every AWS service has:
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "ExpiredTokenException",
    "ExpiredToken",
    "RequestExpired",
)

PERMANENT = (
    "ResourceNotFoundException",
    "InvalidParameterValueException",
    "InvalidRequestContentException",
    "RequestTooLargeException",
    "SerializedRequestEntityTooLargeException",
    "UnsupportedMediaTypeException",
    "InvalidRuntimeException",
    "InvalidZipFileException",
    "InvalidSubnetIDException",
    "InvalidSecurityGroupIDException",
    "EC2AccessDeniedException",
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSInvalidStateException",
    "KMSNotFoundException",
    "EFSMountFailureException",
    "S3FilesMountFailureException",
    "NoPublishedVersionException",
    "ModeNotSupportedException",
    "SnapStartException",
    "RuntimeVersionDeletedException",
    "RuntimeAliasDeletedException",
    "CodeArtifactUserDeletedException",
    "CodeArtifactUserFailedException",
    "ServiceQuotaExceededException",
    "RecursiveInvocationException",
    # The front door again:
    "AccessDeniedException",
    "AccessDenied",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "ValidationException",
    "SerializationException",
)

ALREADY_STARTED = "DurableExecutionAlreadyStartedException"
"""The run's durable execution exists: an earlier attempt was accepted. That is a success."""

CLASSES: Mapping[str, Failure | None] = {
    **dict.fromkeys(NOT_STARTED, Failure.NOT_STARTED),
    **dict.fromkeys(PERMANENT, Failure.PERMANENT),
    ALREADY_STARTED: None,
}
"""The failure that each error code stands for; None is a success."""

QUOTING = frozenset({"InvalidRequestContentException", "SerializationException"})
"""Codes whose message quotes the payload: only the code is told."""

NO_CREDENTIALS = (
    "there are no AWS credentials: configure them (aws configure, AWS_PROFILE), "
    "or in local mode map the function to a Python file"
)


def result_of(error: Exception, *, otherwise: Failure, waited: str = "") -> Result:
    """Translate what boto3 raised. `otherwise` is the class of an error that nobody foresaw."""
    if isinstance(error, ImportError):
        return Result(failure=Failure.PERMANENT, error="boto3 is not installed")
    from botocore import exceptions as raised  # noqa: PLC0415 - heavy, and here boto3 was imported before

    if isinstance(error, raised.ClientError):
        return _of_code(error.response.get("Error", {}))
    if isinstance(error, raised.ReadTimeoutError):
        text = f"no answer within {waited}; the function may still be running"
        return Result(failure=Failure.UNKNOWN, error=text)
    if isinstance(error, (raised.NoCredentialsError, raised.PartialCredentialsError)):
        return Result(failure=Failure.PERMANENT, error=NO_CREDENTIALS)
    if isinstance(error, raised.NoRegionError):
        return Result(failure=Failure.PERMANENT, error="no AWS region is configured (AWS_REGION)")
    # Other texts may quote arguments, and with them the payload: the type says enough.
    return Result(
        failure=_of_type(error) or otherwise, error=f"the call to Lambda failed: {type(error).__name__}"
    )


def _of_code(error: Mapping[str, Any]) -> Result:
    code = error.get("Code", "")
    if code == ALREADY_STARTED:
        return Result(summary="already started")
    message = "" if code in QUOTING else error.get("Message", "")
    text = f"{code}: {message}" if message else code
    return Result(
        failure=CLASSES.get(code, Failure.UNKNOWN), error=shorten(text or "an error without a code")
    )


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
