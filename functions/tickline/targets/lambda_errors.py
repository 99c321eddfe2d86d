"""What each error of Lambda's Invoke means for the run.

Every error shape of Invoke has its line here; a test compares the table with the installed botocore.
"""

from collections.abc import Mapping

from tickline.model import Failure
from tickline.targets.aws_errors import COMMON, Meanings

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
)

ALREADY_STARTED = "DurableExecutionAlreadyStartedException"
"""The run's durable execution exists: an earlier attempt was accepted. That is a success."""

CLASSES: Mapping[str, Failure | None] = {
    **COMMON,
    **dict.fromkeys(NOT_STARTED, Failure.NOT_STARTED),
    **dict.fromkeys(PERMANENT, Failure.PERMANENT),
    ALREADY_STARTED: None,
}
"""The failure that each error code stands for; None is a success."""

MEANINGS = Meanings(
    callee="Lambda",
    classes=CLASSES,
    quoting=frozenset({"InvalidRequestContentException", "SerializationException"}),
    open_end="the function may still be running",
    without_credentials=", or in local mode map the function to a Python file",
)
