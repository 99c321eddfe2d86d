"""Reading option values."""

from datetime import timedelta

import click

from tickline.readers import Refused, duration


def length_of(_context: click.Context, _option: click.Parameter, value: str | None) -> timedelta | None:
    """Read a duration as the job document has them: 90s, 5m, 24h, 7d. A callback for click."""
    if value is None:
        return None
    try:
        length: timedelta = duration(least=timedelta(seconds=1))(value)
    except Refused as refused:
        raise click.BadParameter(f"{refused}; for example {refused.example}") from None
    return length
