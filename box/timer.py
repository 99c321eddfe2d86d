"""EventBridge's timer: calls the functions that rules with a schedule name, with the input that they name."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.events.models import Rule, events_backends

from tickline.schedules import parse

TRIES_TO_CATCH_UP = timedelta(seconds=5)
"""A firing that is later than this, as after a suspended laptop, is left out."""

Call = Callable[[str, str, bytes], None]
"""Takes a rule's ARN, the ARN of what it calls, and the input."""


class Timer:
    """Fires rules when they are due, or all of them at once by hand."""

    def __init__(self, account: str, region: str, call: Call) -> None:
        self._events = events_backends[account][region]
        self._call = call
        self._stopping = threading.Event()

    def fire(self) -> int:
        """Fire every enabled rule that has a schedule, now; return how many calls that were."""
        return sum(self._fire(rule) for rule in self._rules())

    def run(self) -> None:
        """Fire rules by their schedules until the timer is stopped."""
        anchor = datetime.now(UTC)
        seen = anchor
        while not self._stopping.wait(0.2):
            now = datetime.now(UTC)
            for rule in self._rules():
                due = parse(str(rule.scheduled_expression), anchor=anchor).next_after(seen)
                if due and max(seen, now - TRIES_TO_CATCH_UP) < due <= now:
                    self._fire(rule)
            seen = now

    def stop(self) -> None:
        """Let `run` end."""
        self._stopping.set()

    def _rules(self) -> list[Rule]:
        rules = [rule for bus in self._events.event_buses.values() for rule in bus.rules.values()]
        return [rule for rule in rules if rule.scheduled_expression and rule.state == "ENABLED"]

    def _fire(self, rule: Rule) -> int:
        for target in rule.targets:
            given = target.get("Input")
            self._call(rule.arn, target["Arn"], (given or json.dumps(_event(rule))).encode())
        return len(rule.targets)


def _event(rule: Rule) -> dict[str, Any]:
    """Return the event of a rule whose target names no input of its own."""
    return {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "region": rule.region_name,
        "account": rule.account_id,
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "resources": [rule.arn],
        "detail": {},
    }
