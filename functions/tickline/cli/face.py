"""What all commands share: options, asking, and how a refusal is told and with which exit code.

Exit codes:

    0  done
    1  done, but: doctor has findings, a run did not succeed, a question was answered with no
    2  the input was refused
    3  there is no such job, or function
    4  the store cannot be used, or AWS did not do what was asked of a function
"""

import difflib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import IO, Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from tickline.cli.client import Answer, Client, LocalClient, job_ids
from tickline.cli.output import note
from tickline.cli.plain import escaped
from tickline.model import Json

FINDINGS, REFUSED, NO_SUCH_JOB, NO_STORE = 1, 2, 3, 4
EXIT_CODES = {
    "job_not_found": NO_SUCH_JOB,
    "function_not_found": NO_SUCH_JOB,
    "store_error": NO_STORE,
    "functions_error": NO_STORE,
}

DEFAULT_DB = "tickline.db"


class Refusal(click.ClickException):
    """A request was refused. Says so on stderr, a line for each problem; with --json on stdout."""

    def __init__(self, answer: Answer, *, as_json: bool = False, near: str = "") -> None:
        error = answer["error"]
        super().__init__(error["message"])
        self.answer = answer
        self.as_json = as_json
        self.near = near

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """See the top of this file."""
        return EXIT_CODES.get(self.answer["error"]["code"], REFUSED)

    def show(self, file: IO[Any] | None = None) -> None:
        """See ClickException.show."""
        if self.as_json:
            click.echo(json.dumps(self.answer))
            return
        for line in self._lines():
            click.echo(escaped(line), file=file, err=True)

    def _lines(self) -> Iterator[str]:
        error = self.answer["error"]
        problems = error.get("problems", ())
        if not problems:
            yield f"Error: {self.message}{self.near}"
            return
        yield "Error: " + self.message.splitlines()[0]
        for problem in problems:
            yield "  " + problem_text(problem)


def problem_text(problem: Json) -> str:
    """Write one problem of a document: where it is, what is wrong, an example that is right."""
    line = f"line {problem['line']}" if problem.get("line") else ""
    where = [part for part in (line, problem.get("job_id"), problem["field"]) if part]
    hint = f" (for example: {problem['example']})" if problem.get("example") else ""
    return ": ".join([*where, problem["message"]]) + hint


def refused(message: str, *, field: str = "", problems: list[Json] | None = None) -> Refusal:
    """Return the refusal of something that no request was made of."""
    error: dict[str, Json] = {"code": "invalid_request", "message": message, "field": field}
    return Refusal({"ok": False, "error": error | ({"problems": problems} if problems else {})})


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What a command is given: whom to ask, and whether people or programs read the answer."""

    client: Client
    as_json: bool

    def ask(self, action: str, **arguments: Json) -> Answer:
        """Return the answer, or end the command with its refusal."""
        return self.accept(self.client.call(action, **arguments), job_id=arguments.get("job_id"))

    def accept(self, answer: Answer, *, job_id: str | None = None) -> Answer:
        """Return an answer that is no refusal; end the command with one that is."""
        if answer["ok"]:
            return answer
        near = self._near(job_id) if answer["error"]["code"] == "job_not_found" and job_id else ""
        raise Refusal(answer, as_json=self.as_json, near=near)

    def show(self, answer: Answer, text: Callable[[Answer], None]) -> None:
        """Print the answer as it is, or as `text` prints it."""
        if self.as_json:
            click.echo(json.dumps(answer))
        else:
            text(answer)

    def _near(self, job_id: str) -> str:
        near = difflib.get_close_matches(job_id, list(job_ids(self.client)), n=3)
        return f"; did you mean {' or '.join(near)}?" if near else "; tickline job list shows all"


Command = Callable[..., Any]

db_option = click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_DB,
    envvar="TICKLINE_DB",
    show_default=True,
    help="The store, an SQLite file. [env: TICKLINE_DB]",
)


stack_option = click.option(
    "--stack",
    metavar="NAME",
    envvar="TICKLINE_STACK_NAME",
    help="Ask a deployed stack, with your rights in the account and region of AWS_PROFILE and AWS_REGION."
    " [env: TICKLINE_STACK_NAME]",
)


def named_stack(context: click.Context) -> str | None:
    """Return the stack that --stack names, of the command or else of the group."""
    where: click.Context | None = context
    while where is not None:
        if where.get_parameter_source("stack") is ParameterSource.COMMANDLINE:
            return str(where.params["stack"])
        where = where.parent
    return None


def client_of(context: click.Context) -> Client:
    """Return who answers: --db and --stack go before the environment, and only one of them is meant.

    Raises Refusal when that is not clear.
    """
    stack, db = named_stack(context), context.get_parameter_source("db")
    if stack is not None and db is ParameterSource.COMMANDLINE:
        raise refused("--db and --stack are two stores; say which one is meant", field="stack")
    if stack is None and db is not ParameterSource.COMMANDLINE:
        stack = context.params.get("stack")
        if stack is not None and db is ParameterSource.ENVIRONMENT:
            message = "TICKLINE_DB and TICKLINE_STACK_NAME are both set; say --db FILE or --stack NAME"
            raise refused(message, field="stack")
    if stack is None:
        return LocalClient(context.params.get("db") or Path(DEFAULT_DB))
    if context.obj is not None:
        client: Client = context.obj(stack)
        return client
    from tickline.cli.stack import StackClient  # noqa: PLC0415 - a local store needs none of it

    return StackClient(stack, tell=_unheard if context.resilient_parsing else note)


def _unheard(_: str) -> None:
    """Completion has nobody to talk to."""


def local(command: Command) -> Command:
    """Give a command --db, and refuse --stack: it has no meaning there."""

    @db_option
    @stack_option
    @wraps(command)
    def with_db(*arguments: Any, stack: str | None, **options: Any) -> Any:  # noqa: ARG001
        context = click.get_current_context()
        if named_stack(context) is not None:
            raise refused(
                f"{context.info_name} works on this machine alone; a stack ticks by itself", field="stack"
            )
        return command(*arguments, **options)

    return with_db


def asks(command: Command) -> Command:
    """Give a command --db, --stack and --json, and a Face as its first argument.

    The object of the context, where there is one, opens stacks: name -> Client.
    """

    @db_option
    @stack_option
    @click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
    @wraps(command)
    def with_face(
        *arguments: Any,
        db: Path,  # noqa: ARG001 - these two are read from the context
        stack: str | None,  # noqa: ARG001
        as_json: bool,
        **options: Any,
    ) -> Any:
        try:
            face = Face(client=client_of(click.get_current_context()), as_json=as_json)
            return command(face, *arguments, **options)
        except Refusal as refusal:
            refusal.as_json = as_json
            raise

    return with_face


def _complete_job(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    try:
        client = client_of(context)
    except Refusal:
        return []
    return [CompletionItem(name) for name in job_ids(client) if name.startswith(incomplete)]


def job_argument(*, several: bool = False, required: bool = True) -> Callable[[Command], Command]:
    """Give a command the argument JOB (`job_id`), or JOB... (`job_ids`), completed from the store."""
    return click.argument(
        "job_ids" if several else "job_id",
        metavar="JOB..." if several else "JOB" if required else "[JOB]",
        nargs=-1 if several else 1,
        required=required,
        shell_complete=_complete_job,
    )
