"""Kinds of option values."""

from datetime import timedelta
from typing import Any

import click

from tickline.readers import Refused, duration


class DurationType(click.ParamType[timedelta]):
    """A duration as the job document has them: 90s, 5m, 24h, 7d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """See ParamType.convert."""
        if isinstance(value, timedelta):
            return value
        try:
            length: timedelta = duration(least=timedelta(seconds=1))(value)
        except Refused as refused:
            self.fail(f"{refused}; for example {refused.example}", param, ctx)
        return length


DURATION = DurationType()
