"""Every error that AWS may answer with has its place."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions as aws
from botocore import xform_name
from botocore.session import get_session

from tickline.errors import StoreBusy, StoreError, StoreFull
from tickline.store import dynamodb_errors as errors
from tickline.store.dynamodb_errors import Cancelled, Refused, error_of, translated

OPERATIONS = (
    "GetItem", "BatchGetItem", "Query", "Scan",
    "PutItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems",
)  # fmt: skip
OUTCOMES = {"ConditionalCheckFailedException": Refused, "TransactionCanceledException": Cancelled}
SECRET = "s3cret"  # noqa: S105 - stands for what an item holds


@cache
def listed() -> set[str]:
    model = get_session().get_service_model("dynamodb")
    return {shape.name for name in OPERATIONS for shape in model.operation_model(name).error_shapes}


def answer(code: str, *, status: int = 400, **more: Any) -> aws.ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": f"the value {SECRET} is wrong"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return aws.ClientError(response, "PutItem")


def raised(error: Exception) -> Exception:
    with pytest.raises((StoreError, Refused, Cancelled)) as caught, translated("put_item", "runs"):
        raise error
    return caught.value


def test_these_are_the_operations_that_the_store_uses() -> None:
    sources = Path(errors.__file__).parent.glob("dynamodb*.py")
    used = {name for path in sources for name in re.findall(r'"(\w+_items?|query|scan)"', path.read_text())}

    assert used == {xform_name(name) for name in OPERATIONS}


def test_the_installed_model_lists_no_error_that_is_not_known() -> None:
    assert listed() - errors.BUSY - errors.FULL - set(errors.FAULTS) == set(OUTCOMES)


def test_no_error_is_in_two_places() -> None:
    places = [errors.BUSY, errors.FULL, set(errors.FAULTS), set(OUTCOMES)]

    assert sum(map(len, places)) == len(set().union(*places))


@pytest.mark.parametrize("code", sorted(listed() - set(OUTCOMES)))
def test_every_listed_error_becomes_one_of_ours(code: str) -> None:
    error = raised(answer(code))

    expected = StoreBusy if code in errors.BUSY else StoreFull if code in errors.FULL else StoreError
    assert type(error) is expected
    assert "DynamoDB put_item on runs" in str(error)
    assert code in str(error)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ProvisionedThroughputExceededException", StoreBusy),
        ("ThrottlingException", StoreBusy),
        ("RequestLimitExceeded", StoreBusy),
        ("TransactionInProgressException", StoreBusy),
        ("TransactionConflictException", StoreBusy),
        ("InternalServerError", StoreBusy),
        ("LimitExceededException", StoreFull),
        ("ItemCollectionSizeLimitExceededException", StoreFull),
        ("ResourceNotFoundException", StoreError),
        ("AccessDeniedException", StoreError),
        ("ValidationException", StoreError),
        ("SomethingNew", StoreError),
    ],
)
def test_what_may_succeed_later_is_told_from_what_may_not(code: str, kind: type[StoreError]) -> None:
    assert type(raised(answer(code))) is kind


def test_an_unknown_error_of_the_server_may_succeed_later() -> None:
    assert type(raised(answer("SomethingNew", status=503))) is StoreBusy
    assert type(raised(answer("", status=500))) is StoreBusy


@pytest.mark.parametrize("code", sorted(listed() | {"ValidationException", "SomethingNew"}))
def test_no_error_says_what_an_item_holds(code: str) -> None:
    error = raised(answer(code, Item={"a": {"S": SECRET}}, CancellationReasons=[{"Code": "None"}]))

    assert SECRET not in str(error)
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (aws.EndpointConnectionError(endpoint_url="http://x"), StoreBusy),
        (aws.ConnectTimeoutError(endpoint_url="http://x"), StoreBusy),
        (aws.ReadTimeoutError(endpoint_url="http://x"), StoreBusy),
        (aws.ConnectionClosedError(endpoint_url="http://x"), StoreBusy),
        (aws.NoCredentialsError(), StoreError),
        (aws.ParamValidationError(report=SECRET), StoreError),
    ],
)
def test_no_answer_at_all_may_become_one_later(error: Exception, kind: type[StoreError]) -> None:
    ours = raised(error)

    assert type(ours) is kind
    assert SECRET not in str(ours)


def test_a_condition_that_is_not_met_brings_what_stood_there() -> None:
    there = raised(answer("ConditionalCheckFailedException", Item={"a": {"S": "b"}}))
    nothing = raised(answer("ConditionalCheckFailedException"))

    assert isinstance(there, Refused)
    assert there.item == {"a": {"S": "b"}}
    assert isinstance(nothing, Refused)
    assert nothing.item is None


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (["None", "ConditionalCheckFailed"], None),
        (["ConditionalCheckFailed", "ConditionalCheckFailed"], None),
        (["TransactionConflict", "None"], StoreBusy),
        (["ThrottlingError", "ProvisionedThroughputExceeded"], StoreBusy),
        (["ItemCollectionSizeLimitExceeded", "TransactionConflict"], StoreFull),
        (["TransactionConflict", "ValidationError"], StoreError),
    ],
)
def test_a_cancelled_transaction_is_as_bad_as_its_worst_reason(
    codes: list[str], kind: type[StoreError] | None
) -> None:
    cancelled = raised(
        answer("TransactionCanceledException", CancellationReasons=[{"Code": c} for c in codes])
    )

    assert isinstance(cancelled, Cancelled)
    assert cancelled.decided == (kind is None)
    assert kind is None or type(cancelled.error) is kind
    assert [cancelled.refused(i) for i in (0, 1)] == [code == "ConditionalCheckFailed" for code in codes]


def test_a_table_that_is_not_there_is_named() -> None:
    assert str(error_of("ResourceNotFoundException", "DynamoDB query on box-runs")) == (
        "DynamoDB query on box-runs: ResourceNotFoundException; there is no such table or index"
    )
