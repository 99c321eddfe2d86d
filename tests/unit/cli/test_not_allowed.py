"""A person who looks at a job sees that its target is not allowed."""

import pytest

from builders import NOW, definition
from tickline.addresses import Home
from tickline.allowed import Allowed
from tickline.cli.jobs import _facts, _print_jobs
from tickline.views import View, job_view

REASON = "target: lambda:payments is not among the allowed targets (python:*)"


def view() -> View:
    fence = Allowed.of("python:*", home=Home(account="123456789012", region="eu-west-1"), stack="Tickline")
    return job_view(definition(target="lambda:payments"), NOW, allowed=fence)


def test_the_job_is_shown_with_the_reason_and_all_its_facts() -> None:
    facts = dict(_facts(view()))

    assert facts["not allowed"][0].startswith(REASON)
    assert facts["means"] == "Every minute, UTC"
    assert "not valid" not in facts


def test_the_list_of_jobs_tells_the_reason_below(capsys: pytest.CaptureFixture[str]) -> None:
    _print_jobs({"jobs": [view()]})

    assert f"report: {REASON}" in capsys.readouterr().out
