import json
from itertools import pairwise

import pytest

from synthesized import Synth, Synthesized


@pytest.mark.parametrize(("shards", "ticks"), [(1, 1), (4, 1), (4, 4), (7, 3), (12, 7), (64, 11), (256, 50)])
def test_ticks_have_every_shard_once_between_them(synth: Synth, shards: int, ticks: int) -> None:
    ranges = ranges_of(synth(shards=shards, ticks=ticks))

    assert len(ranges) == ticks
    assert (ranges[0][0], ranges[-1][1]) == (0, shards)
    assert all(before[1] == after[0] for before, after in pairwise(ranges))
    sizes = {end - first for first, end in ranges}
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1


def test_a_rule_has_no_more_targets_than_it_may_have(other: Synthesized) -> None:
    assert sorted(len(rule["Targets"]) for rule in other.all("Events::Rule").values()) == [2, 5]


def test_the_timer_is_on_and_comes_every_minute(stack: Synthesized) -> None:
    rule = stack.the("Events::Rule")

    assert (rule["State"], rule["ScheduleExpression"]) == ("ENABLED", "rate(1 minute)")
    [target] = rule["Targets"]
    assert target["Arn"]["Fn::GetAtt"][0].startswith("TickFunction")
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}


def test_only_the_own_timer_and_topic_may_invoke(stack: Synthesized) -> None:
    allowed = {
        (one["Principal"], one["SourceArn"].get("Ref", "") or one["SourceArn"]["Fn::GetAtt"][0])
        for one in stack.all("Lambda::Permission").values()
    }

    assert {(who, source.rstrip("0123456789ABCDEF")) for who, source in allowed} == {
        ("events.amazonaws.com", "Timer"),
        ("sns.amazonaws.com", "Doorbells"),
    }


def ranges_of(stack: Synthesized) -> list[tuple[int, int]]:
    """Return the ranges of shards of all ticks, in order."""
    rules = stack.all("Events::Rule").values()
    inputs = [json.loads(target["Input"]) for rule in rules for target in rule["Targets"]]
    assert all(list(one) == ["shards"] for one in inputs)
    return sorted((first, end) for one in inputs for first, end in [one["shards"]])
