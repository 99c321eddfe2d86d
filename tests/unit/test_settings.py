"""A deployed function has all its settings, or says at once which it lacks."""

import pytest

from tickline.errors import InvalidSettings
from tickline.settings import Precision, Settings

ENVIRONMENT = {
    "TICKLINE_STACK": "Tickline",
    "TICKLINE_JOBS_TABLE": "jobs",
    "TICKLINE_TIMELINE_TABLE": "timeline",
    "TICKLINE_RUNS_TABLE": "runs",
    "TICKLINE_SHARDS": "4",
    "TICKLINE_TOPIC_ARN": "arn:aws-cn:sns:cn-north-1:123456789012:doorbells",
    "TICKLINE_TARGETS": "lambda:tickline-* python:*",
    "TICKLINE_PRECISION": "minute",
    "TICKLINE_FUNCTIONS_ROLE": "",
    "PATH": "/bin",
}


def test_all_settings_are_read() -> None:
    settings = Settings.from_env(ENVIRONMENT)

    assert settings.shards == 4
    assert settings.precision is Precision.MINUTE
    assert settings.functions_role == ""
    assert (settings.partition, settings.region, settings.account) == ("aws-cn", "cn-north-1", "123456789012")


def test_everything_that_is_missing_or_wrong_is_named_at_once() -> None:
    environment = ENVIRONMENT | {
        "TICKLINE_SHARDS": "0",
        "TICKLINE_PRECISION": "hour",
        "TICKLINE_TOPIC_ARN": "x",
        "TICKLINE_STACK": "",
    }
    del environment["TICKLINE_RUNS_TABLE"]

    with pytest.raises(InvalidSettings) as refused:
        Settings.from_env(environment)

    assert str(refused.value) == (
        "TICKLINE_STACK is missing; TICKLINE_RUNS_TABLE is missing; TICKLINE_SHARDS is '0', for example 4; "
        "TICKLINE_TOPIC_ARN is 'x', for example arn:aws:sns:eu-west-1:123456789012:doorbells; "
        "TICKLINE_PRECISION is 'hour', for example second"
    )
