"""The CDK app: `cdk synth` and `cdk deploy` run it (see cdk.json)."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import App

from infra.bundle import build
from infra.options import InvalidOption, Options
from infra.stack import add_stack


def main() -> None:
    """Make the stack that the context asks for."""
    app = App()
    try:
        options = Options.from_context(app.node.try_get_context)
    except InvalidOption as error:
        sys.exit(f"tickline: {error}")
    with TemporaryDirectory() as folder:
        add_stack(app, options, build(Path(folder) / "tickline.zip", handlers=options.handlers))
    app.synth()


if __name__ == "__main__":
    main()
