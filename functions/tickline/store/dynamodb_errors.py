"""Turn what boto3 raises into our errors. The one place that knows AWS's codes.

Messages name the operation, the table and the code, never a value of an item: AWS's own text may hold some.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from tickline.errors import StoreBusy, StoreError, StoreFull
from tickline.store.dynamodb_items import Wire

BUSY = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""The same call may succeed later."""

FULL = frozenset(
    {
        "ItemCollectionSizeLimitExceeded",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceeded",
        "LimitExceededException",
    }
)
"""A quota is used up."""

FAULTS = {
    "AccessDeniedException": "the role may not do this",
    "ExpiredTokenException": "the credentials have expired",
    "IdempotentParameterMismatchException": "a token was used for two different writes",
    "IncompleteSignature": "the credentials are not right",
    "InvalidSignatureException": "the credentials are not right, or the clock is wrong",
    "MissingAuthenticationToken": "there are no credentials",
    "ResourceNotFoundException": "there is no such table or index",
    "UnrecognizedClientException": "the credentials are not known",
    "ValidationError": "the request is not valid",
    "ValidationException": "the request is not valid",
}
"""Nothing that waiting would mend: somebody has to look."""

NONE = "None"
NOT_MET = "ConditionalCheckFailed"


class Refused(Exception):
    """A condition was not met. `item` is what stood there, if anything did."""

    def __init__(self, item: Wire | None) -> None:
        self.item = item
        super().__init__("condition not met")


class Cancelled(Exception):
    """A transaction was not made. `reasons` come in the order of its writes."""

    def __init__(self, reasons: Sequence[dict[str, Any]], where: str) -> None:
        self.reasons = reasons
        self.where = where
        super().__init__("transaction cancelled")

    @property
    def decided(self) -> bool:
        """True when conditions decided: that of the first write, or nothing but conditions."""
        return self.refused(0) or not self._others

    def refused(self, index: int) -> bool:
        """Tell whether the condition of this write was not met."""
        return self._code(index) == NOT_MET

    def item(self, index: int) -> Wire | None:
        """Return what stood in the way of this write."""
        return self.reasons[index].get("Item") or None

    @property
    def error(self) -> StoreError:
        """The error among the reasons, the worst if there are several."""
        return min((error_of(code, self.where) for code in self._others), key=_hope)

    @property
    def _others(self) -> set[str]:
        """The codes of what is no condition."""
        return {self._code(index) for index in range(len(self.reasons))} - {NONE, NOT_MET}

    def _code(self, index: int) -> str:
        return str(self.reasons[index].get("Code", NONE))


def _hope(error: StoreError) -> int:
    """Order errors by how soon the same call may succeed: never, with more room, later."""
    return 2 if isinstance(error, StoreBusy) else 1 if isinstance(error, StoreFull) else 0


@contextmanager
def translated(operation: str, table: str) -> Iterator[None]:
    """Raise StoreError for what goes wrong inside, Refused and Cancelled for conditions not met."""
    where = f"DynamoDB {operation} on {table}"
    try:
        yield
    except ClientError as error:
        raise _of_answer(error.response, where) from None
    except (NoConnection, HTTPClientError) as error:
        raise StoreBusy(f"{where}: no answer ({type(error).__name__})") from None
    except BotoCoreError as error:
        raise StoreError(f"{where}: {type(error).__name__}") from None


def _of_answer(answer: Any, where: str) -> Exception:
    code = answer.get("Error", {}).get("Code", "")
    if code == "ConditionalCheckFailedException":
        return Refused(answer.get("Item") or None)
    if code == "TransactionCanceledException" and answer.get("CancellationReasons"):
        return Cancelled(answer["CancellationReasons"], where)
    return error_of(code, where, status=answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))


def error_of(code: str, where: str, *, status: int = 400) -> StoreError:
    """Return our error for one of AWS's codes."""
    if code in BUSY or status >= 500:
        return StoreBusy(f"{where}: {code or status}; the same may succeed later")
    if code in FULL:
        return StoreFull(f"{where}: {code}; a quota is used up")
    return StoreError(f"{where}: {code}; {FAULTS.get(code, 'not expected')}")
