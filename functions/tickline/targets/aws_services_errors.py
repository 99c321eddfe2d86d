"""What each error of SQS, SNS, EventBridge and Step Functions means for the run.

Every error shape of the four operations has its line here, under each name that it goes by on the wire; a
test compares the tables with the installed botocore.
"""

from collections.abc import Iterable

from tickline.model import Failure
from tickline.targets.aws_errors import COMMON, Meanings

QUOTING = frozenset(
    {
        "InvalidMessageContents",
        "InvalidParameter",
        "InvalidParameterException",
        "InvalidParameterValue",
        "InvalidParameterValueException",
        "ParameterValueInvalid",
        "InvalidExecutionInput",
        "InvalidArgument",
        "MalformedDetail",
        "SerializationException",
        "ValidationException",
        "ValidationError",
    }
)
"""Codes whose message quotes what was sent, or may."""


def _meanings(
    callee: str,
    *,
    not_started: Iterable[str],
    permanent: Iterable[str],
    unknown: Iterable[str] = (),
    succeeded: Iterable[str] = (),
) -> Meanings:
    return Meanings(
        callee=callee,
        classes={
            **COMMON,
            **dict.fromkeys(not_started, Failure.NOT_STARTED),
            **dict.fromkeys(permanent, Failure.PERMANENT),
            **dict.fromkeys(unknown, Failure.UNKNOWN),
            **dict.fromkeys(succeeded, None),
        },
        quoting=QUOTING,
        open_end="the payload may have been accepted",
    )


SQS = _meanings(
    "SQS",
    not_started=("RequestThrottled", "KmsThrottled", "KMS.ThrottlingException"),
    permanent=(
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
        "UnsupportedOperation",
        "AWS.SimpleQueueService.UnsupportedOperation",
        "InvalidMessageContents",
        "InvalidParameterValue",
        "InvalidSecurity",
        "InvalidAddress",
        "KmsAccessDenied",
        "KMS.AccessDeniedException",
        "KmsDisabled",
        "KMS.DisabledException",
        "KmsInvalidKeyUsage",
        "KMS.InvalidKeyUsageException",
        "KmsInvalidState",
        "KMS.InvalidStateException",
        "KmsNotFound",
        "KMS.NotFoundException",
        "KmsOptInRequired",
        "KMS.OptInRequired",
    ),
)

SNS = _meanings(
    "SNS",
    not_started=("KMSThrottling", "KMSThrottlingException"),
    permanent=(
        "NotFound",
        "NotFoundException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "InvalidParameter",
        "InvalidParameterException",
        "ParameterValueInvalid",
        "InvalidParameterValueException",
        "InvalidSecurity",
        "InvalidSecurityException",
        "EndpointDisabled",
        "EndpointDisabledException",
        "PlatformApplicationDisabled",
        "PlatformApplicationDisabledException",
        "KMSAccessDenied",
        "KMSAccessDeniedException",
        "KMSDisabled",
        "KMSDisabledException",
        "KMSInvalidState",
        "KMSInvalidStateException",
        "KMSNotFound",
        "KMSNotFoundException",
        "KMSOptInRequired",
    ),
    unknown=("InternalErrorException",),
)

EVENTS = _meanings(
    "EventBridge",
    not_started=(),
    permanent=(
        # Of the entry, not of the request:
        "InvalidAccountIdException",
        "InvalidArgument",
        "MalformedDetail",
        "RedactionFailure",
        "NotAuthorizedForSourceException",
        "NotAuthorizedForDetailTypeException",
        "ResourceNotFoundException",
    ),
    unknown=("InternalException",),
)

STATES = _meanings(
    "Step Functions",
    # The name is still free: the execution may start when others have ended.
    not_started=("ExecutionLimitExceeded", "KmsThrottlingException"),
    permanent=(
        "StateMachineDoesNotExist",
        "StateMachineDeleting",
        "InvalidArn",
        "InvalidExecutionInput",
        "InvalidName",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
    ),
    # The execution is named after the run: an earlier attempt was accepted.
    succeeded=("ExecutionAlreadyExists",),
)
