"""Local mode: SQLite, child processes, real HTTP, and Lambda functions in AWS where no file stands in."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from tickline.admin import Admin
from tickline.clocks import SystemClock
from tickline.ports import Targets
from tickline.store.sqlite import SqliteStore


def local_store(db: Path | str) -> AbstractContextManager[SqliteStore]:
    """Give a SQLite store for a while; the file is made if it is not there."""
    return closing(SqliteStore(db))


@contextmanager
def local_admin(db: Path | str) -> Iterator[Admin]:
    """Give the admin of a SQLite store for a while; the file is made if it is not there."""
    with local_store(db) as store:
        yield Admin(store=store, clock=SystemClock())


@contextmanager
def local_targets(handlers: Sequence[Path], functions: Mapping[str, str]) -> Iterator[Targets]:
    """Give the targets of local mode for a while, ready to be called.

    `functions` maps the name of a Lambda function to `path/to/file.py:attribute`, which stands in for it;
    other functions are called in AWS.
    """
    from tickline.targets import TargetsByScheme  # noqa: PLC0415 - questions to a store call nothing
    from tickline.targets.aws_lambda import LambdaTarget  # noqa: PLC0415
    from tickline.targets.http import HttpTarget  # noqa: PLC0415
    from tickline.targets.python import LocalLambda, PythonTarget  # noqa: PLC0415

    with PythonTarget(handlers, functions) as python:
        python.warm()
        functions_and_stand_ins = LocalLambda(python, otherwise=LambdaTarget())
        yield TargetsByScheme({"python": python, "lambda": functions_and_stand_ins, "http": HttpTarget()})
