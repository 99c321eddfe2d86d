"""Stacks as templates. Where the CDK is not installed their tests are skipped; in CI they must run."""

import importlib.util
import json
import os
import shutil
from typing import Any

import pytest

from infra import bundle
from infra.options import Options
from synthesized import Synth, Synthesized


def _need_the_cdk() -> None:
    if importlib.util.find_spec("aws_cdk") is None or shutil.which("node") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the CDK must be there in CI: `uv sync --group infra`")
        pytest.skip("needs the CDK and Node.js: `uv sync --group infra` brings both")


@pytest.fixture(scope="session")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> bundle.Bundle:
    """The zip, with the handlers of the examples in it."""
    return bundle.build(tmp_path_factory.mktemp("bundle") / "tickline.zip", handlers="examples")


@pytest.fixture(scope="session")
def synth(zipped: bundle.Bundle, tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """A function that synthesizes a stack with some options."""
    _need_the_cdk()

    def synthesized(*, nag: bool = False, **context: Any) -> Synthesized:
        from aws_cdk import App, Validations
        from cdk_nag import AwsSolutionsChecks

        from infra.stack import add_stack

        out = tmp_path_factory.mktemp("cdk")
        app = App(outdir=str(out), analytics_reporting=False)
        options = Options.from_context(context.get)
        add_stack(app, options, zipped)
        if nag:
            Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        app.synth()
        template = json.loads((out / f"{options.stack}.template.json").read_text())
        reports = json.loads((out / "validation-report.json").read_text())["pluginReports"] if nag else [{}]
        return Synthesized(template=template, findings=reports[0])

    return synthesized


@pytest.fixture(scope="session")
def stack(synth: Synth) -> Synthesized:
    """A stack by the defaults."""
    return synth()


@pytest.fixture(scope="session")
def other(synth: Synth) -> Synthesized:
    """A stack with every option at something else."""
    return synth(
        stack="Other",
        shards="12",
        ticks=7,
        precision="minute",
        targets="lambda:reports-* lambda:reports-daily sqs:orders-* sns:alerts events:default states:nightly",
        functions="true",
        retain="false",
        alarm_email="oncall@example.com",
        log_retention_days=7,
        tick_memory=512,
        invoke_memory=1024,
    )
