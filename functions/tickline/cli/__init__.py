"""The `tickline` command: a thin face over the admin actions, and local mode.

Commands import what is heavy when they run, so that `tickline --help` and completion stay instant.
"""

import click

from tickline.cli.dev import dev
from tickline.cli.function import function
from tickline.cli.jobs import job
from tickline.cli.questions import completion, doctor, explain, next_
from tickline.cli.redrive import redrive
from tickline.cli.runs import run, runs


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tickline")
@click.option("--stack", metavar="NAME", help="Ask a deployed stack; the same as --stack of a command.")
def main(stack: str | None) -> None:
    """Run jobs on the second, once, with a history that explains every due time.

    Exit codes: 0 done; 1 findings, or the run failed; 2 the input was refused; 3 no such job
    or function; 4 the store, or AWS behind it, cannot be used.
    """


for _command in (dev, job, run, runs, redrive, explain, next_, doctor, function, completion):
    main.add_command(_command)
