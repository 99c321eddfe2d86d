"""A run that has been given up, and how a person asks for another set of attempts."""

from typing import Any

from builders import HOUR, MINUTE, SECOND
from tickline.admin import handle
from tickline.model import RunState
from tickline.ports import Store
from world import FAILED, World

ONCE = "at(2026-03-02T12:01:00)"
SLOT = "2026-03-02T12:01:00Z"
RETRY = {"max_attempts": 2, "backoff": "10s"}


def given_up(store: Store, *then: Any, **changes: Any) -> World:
    """Return a world in which the run of 12:01 has been given up after two attempts, five hours ago."""
    world = World(store, FAILED, FAILED, *then)
    world.put(**({"schedule": ONCE, "retry": RETRY} | changes))
    world.step(MINUTE)
    world.step(10 * SECOND)
    assert world.states()["12:01:00"] is RunState.DEAD
    world.step(5 * HOUR)
    return world


def ask(world: World, slot: str = SLOT) -> dict[str, Any]:
    """Ask for another set of attempts."""
    request = {"action": "redrive_run", "job_id": "report", "slot": slot}
    answer: dict[str, Any] = handle(world.admin, request)
    return answer
