"""Whatever happens to ticks, doorbells and workers: every slot gets one fate, no attempt starts twice."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import HOUR, NOW, SECOND
from tickline.model import Call, Failure, Result, RunState, slot_of
from tickline.schedules import parse
from tickline.store.sqlite import SqliteStore
from world import World

SCHEDULES = ("* * * * *", "*/7 * * * *", "0 * * * *", "quartz(0/10 * * ? * *)", "rate(90 seconds)")

jobs = st.fixed_dictionaries(
    {
        "schedule": st.sampled_from(SCHEDULES),
        "catch_up": st.sampled_from(["skip", "latest", "all"]),
        "overlap": st.sampled_from(["allow", "skip", "queue"]),
        "delivery": st.sampled_from(["at_least_once", "at_most_once"]),
        "catch_up_window": st.sampled_from(["10m", "24h"]),
        "window": st.sampled_from(["0s", "45s"]),
    }
)
steps = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 120), st.integers(0, 20_000)),
        st.sampled_from(["answer", "lose", "double", "keep", "crash", "fail", "nothing"]),
    ),
    max_size=12,
)


class Crash(BaseException):
    """The worker dies in its call."""


def crash(_: Call) -> Result:
    raise Crash


def take_step(world: World, kept: list[Any], action: str) -> None:
    """Tick, and do with the doorbells as told; old ones may come at any time."""
    if action == "nothing":
        return
    world.tick()
    bells = world.dispatcher.take()
    if action == "lose":
        return
    if action == "keep":
        kept.extend(bells)
        return
    answers: dict[str, Result | Callable[[Call], Result]] = {
        "crash": crash,
        "fail": Result(failure=Failure.FUNCTION, error="no"),
    }
    world.targets.answers = [answers.get(action, Result())]
    for bell in [*bells * (2 if action == "double" else 1), *kept]:
        try:
            world.answer(bell)
        except Crash:
            continue
    kept.clear()


@pytest.mark.parametrize("grace", [timedelta(0), timedelta(seconds=90)], ids=["read always", "as in AWS"])
@settings(max_examples=100)
@given(job=jobs, plan=steps)
def test_every_slot_has_one_fate_and_every_attempt_one_start(
    grace: timedelta, job: dict[str, Any], plan: list[tuple[int, str]]
) -> None:
    store = SqliteStore(":memory:")
    world = World(store, grace=grace)
    world.put(**job, retry={"backoff": "5s", "max_attempts": 4})
    kept: list[Any] = []
    for seconds, action in plan:
        world.clock.advance(seconds * SECOND)
        take_step(world, kept, action)
    world.targets.answers = [Result()]
    for _ in range(25):  # quiet times: all that is open comes to its end
        world.step(160 * SECOND)
    check(world, job["schedule"])
    store.close()


def check(world: World, schedule: str) -> None:
    runs = world.runs()
    starts = Counter((call.context.run_id, call.context.attempt) for call in world.targets.calls)
    assert [start for start, times in starts.items() if times > 1] == []
    fates = Counter(run.slot for run in runs if run.state in (RunState.SUCCEEDED, RunState.DEAD))
    # What came due within the last hour may still be open or queued; everything before has its end.
    settled_until = world.clock.now() - HOUR
    slot = parse(schedule, anchor=None).next_after(NOW)
    skipped = [run for run in runs if run.state is RunState.SKIPPED]
    while slot is not None and slot < settled_until:
        text = slot_of(slot)
        ranges = [run for run in skipped if run.slot == text or (run.until and run.slot < text < run.until)]
        assert fates[text] + len(ranges) == 1, (text, fates[text], ranges)
        slot = parse(schedule).next_after(slot)
