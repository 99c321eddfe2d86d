"""The meter, held against the examples in AWS's manual."""

from contextlib import suppress
from typing import Any

import pytest

from meter import Meter, size_of
from recorder import refusal

KB = 1024


@pytest.fixture
def meter(moto: Any) -> Meter:
    def key(*names: str) -> list[Any]:
        kinds = zip(names, ("HASH", "RANGE"), strict=False)
        return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]

    moto.create_table(
        TableName="table",
        KeySchema=key("k"),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("k", "i", "j")],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {"IndexName": "all", "KeySchema": key("i"), "Projection": {"ProjectionType": "ALL"}},
            {"IndexName": "keys", "KeySchema": key("j"), "Projection": {"ProjectionType": "KEYS_ONLY"}},
        ],
    )
    return Meter(moto)


def item(name: str = "a", size: int = 100, **more: str) -> dict[str, Any]:
    """Return an item of exactly so many bytes."""
    made = {"k": {"S": name}, "v": {"S": ""}, **{n: {"S": v} for n, v in more.items()}}
    made["v"] = {"S": "x" * (size - size_of(made))}
    return made


def put(meter: Meter, made: dict[str, Any]) -> float:
    meter.reset()
    meter.put_item(TableName="table", Item=made)
    return meter.writes


@pytest.mark.parametrize(
    ("attribute", "size"),
    [
        ({"S": "abc"}, 3),
        ({"N": "27"}, 2),  # a byte for two digits and one more
        ({"N": "-27"}, 3),  # and one for the sign
        ({"N": "19900000"}, 3),  # zeros at the ends do not count
        ({"N": "0.0027"}, 2),
        ({"SS": ["ab", "c"]}, 3),
        ({"NULL": True}, 1),
        ({"BOOL": False}, 1),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "ab"}]}, 3 + 1 + 2),
        ({"M": {"n": {"S": "ab"}}}, 3 + 1 + 1 + 2),
    ],
)
def test_sizes(attribute: Any, size: int) -> None:
    assert size_of({"é": attribute}) == 2 + size


@pytest.mark.parametrize(("size", "units"), [(100, 1), (KB, 1), (KB + 1, 2), (2 * KB, 2), (int(3.5 * KB), 4)])
def test_a_write_is_billed_by_the_kilobyte(meter: Meter, size: int, units: int) -> None:
    assert put(meter, item(size=size)) == units


def test_an_update_is_billed_by_the_larger_of_before_and_after(meter: Meter) -> None:
    put(meter, item(size=3 * KB))

    assert put(meter, item(size=100)) == 3
    assert put(meter, item(size=2 * KB)) == 2


def test_a_deletion_is_billed_by_what_was_there_and_by_one_if_nothing_was(meter: Meter) -> None:
    put(meter, item(size=2 * KB))
    for units in (2, 1):
        meter.reset()
        meter.delete_item(TableName="table", Key={"k": {"S": "a"}})
        assert meter.writes == units


def test_a_refused_write_is_billed(meter: Meter) -> None:
    put(meter, item(size=2 * KB))
    meter.reset()

    with suppress(type(refusal("x"))):
        meter.put_item(TableName="table", Item=item(), ConditionExpression="attribute_not_exists(k)")

    assert (meter.writes, meter.items) == (2, 0)


def test_a_transaction_costs_double(meter: Meter) -> None:
    writes = [{"Put": {"TableName": "table", "Item": item(name, 2 * KB)}} for name in "ab"]

    meter.transact_write_items(TransactItems=writes)

    assert (meter.writes, meter.items, meter.calls["transact_write_items"]) == (8, 2, 1)


def test_a_batch_of_writes_costs_what_its_writes_cost(meter: Meter) -> None:
    writes = [{"PutRequest": {"Item": item(name, 1100)}} for name in "abc"]

    meter.batch_write_item(RequestItems={"table": writes})

    assert (meter.writes, meter.items, meter.calls["batch_write_item"]) == (6, 3, 1)


def test_an_index_costs_one_write_for_a_key_that_comes_or_goes(meter: Meter) -> None:
    assert put(meter, item(size=100)) == 1
    assert put(meter, item(size=100, i="one")) == 2
    assert put(meter, item(size=100, i="one")) == 1
    assert put(meter, item(size=101, i="one")) == 2
    assert put(meter, item(size=101, i="two")) == 3
    assert put(meter, item(size=101)) == 2


def test_an_index_of_keys_only_costs_nothing_when_other_attributes_change(meter: Meter) -> None:
    assert put(meter, item(size=3 * KB, j="one")) == 4
    assert put(meter, item(size=2 * KB, j="one")) == 3
    assert put(meter, item(size=2 * KB, j="two")) == 4


@pytest.mark.parametrize(
    ("size", "consistent", "units"), [(8 * KB, True, 2), (8 * KB, False, 1), (100, True, 1)]
)
def test_a_read_is_billed_by_four_kilobytes_and_half_if_it_may_be_stale(
    meter: Meter, size: int, consistent: bool, units: float
) -> None:
    put(meter, item(size=size))

    meter.get_item(TableName="table", Key={"k": {"S": "a"}}, ConsistentRead=consistent)

    assert meter.reads == units


def test_a_read_of_nothing_is_billed(meter: Meter) -> None:
    meter.get_item(TableName="table", Key={"k": {"S": "a"}})
    meter.scan(TableName="table", ConsistentRead=True)

    assert meter.reads == 0.5 + 1


def test_a_batch_of_reads_rounds_each_item_up(meter: Meter) -> None:
    for name, size in (("a", 1536), ("b", 6656)):
        put(meter, item(name, size))
    keys = [{"k": {"S": name}} for name in "abc"]

    meter.batch_get_item(RequestItems={"table": {"Keys": keys, "ConsistentRead": True}})

    assert meter.reads == 1 + 2 + 1


def test_a_scan_rounds_the_sum_up(meter: Meter) -> None:
    for number in range(10):
        put(meter, item(str(number), 4178))  # 40.8 KB in all, billed as 44

    meter.scan(TableName="table", ConsistentRead=True)

    assert meter.reads == 11
