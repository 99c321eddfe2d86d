"""Keys: where things are, for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW, SECOND, entry
from tickline.store.dynamodb_tables import behind, due_key, shard_of

JOB_IDS = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("job_id", "shards", "shard"),
    [
        ("report", 1, 0),
        ("report", 4, 3),
        ("report", 16, 15),
        ("job-1", 4, 3),
        ("job-2", 4, 2),
        ("job-3", 16, 8),
        ("é", 16, 15),
    ],
)
def test_a_job_is_always_in_the_same_shard(job_id: str, shards: int, shard: int) -> None:
    # Were one of these to change, entries of a running deployment would be looked for where they are not.
    assert shard_of(job_id, shards) == shard


def test_shards_are_used_evenly() -> None:
    used = [shard_of(f"job-{number}", 8) for number in range(8000)]

    assert all(900 < used.count(shard) < 1100 for shard in range(8))


def test_a_key_can_be_read_by_people() -> None:
    assert due_key(entry()) == "2026-03-02T12:00:00.000Z#report#2026-03-02T12:00:00Z"


@given(
    st.tuples(st.integers(0, 3), JOB_IDS, st.integers(0, 3)),
    st.tuples(st.integers(0, 3), JOB_IDS, st.integers(0, 3)),
)
def test_keys_sort_as_entries_do(one: tuple[int, str, int], two: tuple[int, str, int]) -> None:
    first, second = (
        entry(NOW + due * SECOND / 1000, job_id, slot=f"m:{slot}") for due, job_id, slot in (one, two)
    )

    assert (due_key(first) < due_key(second)) == (first < second)
    assert (due_key(first) < behind(second.due)) == (first.due <= second.due)
