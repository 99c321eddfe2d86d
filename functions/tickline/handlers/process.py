"""What lasts as long as the process of a function: its settings and its log."""

import os
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Protocol

from tickline import logs
from tickline.settings import Settings


class Context(Protocol):
    """What is used of the object that Lambda gives to every call."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the call may go on."""


@cache
def settings() -> Settings:
    """Read the settings and begin to log as JSON, once in the life of the process."""
    found = Settings.from_env(os.environ)
    logs.configure(stack=found.stack)
    return found


def remaining(context: Context) -> timedelta:
    """Return how long the call may go on."""
    return timedelta(milliseconds=context.get_remaining_time_in_millis())


def deadline(context: Context) -> datetime:
    """Return when the call will be ended."""
    return datetime.now(UTC) + remaining(context)


def milliseconds(duration: timedelta) -> int:
    """Return a duration as logs and metrics have it."""
    return round(duration / timedelta(milliseconds=1))
