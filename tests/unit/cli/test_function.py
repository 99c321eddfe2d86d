"""The commands of `tickline function`, with an admin whose functions are in memory."""

import base64
import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

from builders import FakeClock, definition
from made import SOURCE, FakeFunctions, zipped
from tickline.admin import Admin, handle
from tickline.admin_functions import FUNCTION_ACTIONS
from tickline.cli import main
from tickline.cli.client import FUNCTIONS, Answer, Client
from tickline.model import Json
from tickline.store.sqlite import SqliteStore
from unit.cli.command import Tickline


class Deployed(Client):
    """An admin behind JSON, as a deployed one is. Keeps what it was asked."""

    look_every = 0.0
    not_begun = ""

    def __init__(self, store: SqliteStore) -> None:
        self.functions = FakeFunctions()
        self.admin = Admin(store=store, clock=FakeClock(), functions=self.functions)
        self.asked: list[tuple[str, dict[str, Json]]] = []

    def call(self, action: str, **arguments: Json) -> Answer:
        self.asked.append((action, arguments))
        request = json.loads(json.dumps({"action": action} | arguments))
        answer: Answer = json.loads(json.dumps(handle(self.admin, request)))
        return answer

    def __call__(self, *arguments: str, stdin: str | None = None) -> Result:
        words = ("--stack", "prod", *arguments)
        return CliRunner().invoke(main, words, input=stdin, obj=lambda _: self, catch_exceptions=False)

    def code(self) -> ZipFile:
        """Return the code that was asked for last."""
        return ZipFile(BytesIO(base64.b64decode(self.asked[-1][1]["code"])))


@pytest.fixture
def deployed(store: SqliteStore) -> Deployed:
    return Deployed(store)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "greet.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def made(deployed: Deployed, source: Path) -> Deployed:
    assert deployed("function", "create", "greet", "--file", str(source)).exit_code == 0
    return deployed


def test_create_makes_a_function_and_says_how_jobs_call_it(deployed: Deployed, source: Path) -> None:
    answer = deployed("function", "create", "greet", "--file", str(source))

    assert answer.exit_code == 0
    assert answer.stdout == "greet: made, active; jobs call it as lambda:tickline-fn-greet\n"
    assert deployed.functions.made["greet"].handler == "greet.handler"
    assert deployed.functions.made["greet"].runtime == "python3.13"


def test_every_setting_can_be_given(deployed: Deployed, source: Path) -> None:
    deployed(
        "function", "create", "greet", "--file", str(source), "--handler", "greet.handler",
        "--runtime", "python3.12", "--memory", "256", "--timeout", "5", "--description", "hi",
        "--env", "STAGE=prod", "--env", "URL=http://x/?a=b",
    )  # fmt: skip

    [change] = deployed.functions.changes
    assert (change.handler, change.runtime, change.memory) == ("greet.handler", "python3.12", 256)
    assert (change.timeout, change.description) == (5, "hi")
    assert change.env == {"STAGE": "prod", "URL": "http://x/?a=b"}


@pytest.mark.parametrize("ending", ["js", "mjs"])
def test_a_javascript_file_is_run_by_node(deployed: Deployed, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"index.{ending}"
    path.write_text("export const handler = async () => 'hello'\n")

    deployed("function", "create", "greet", "--file", str(path))

    assert deployed.functions.made["greet"].runtime == "nodejs24.x"
    assert deployed.functions.made["greet"].handler == "index.handler"


def test_a_folder_and_a_zip_file_are_taken_with_their_handler(deployed: Deployed, tmp_path: Path) -> None:
    folder = tmp_path / "greeting"
    (folder / "lib").mkdir(parents=True)
    (folder / "app.py").write_text("from lib.words import handler\n")
    (folder / "lib" / "words.py").write_text(SOURCE)
    file = tmp_path / "code.zip"
    file.write_bytes(zipped({"a.py": "", "b.py": ""}))

    assert deployed("function", "create", "one", "--file", str(folder)).exit_code == 0
    assert deployed.code().namelist() == ["app.py", "lib/words.py"]
    assert deployed("function", "create", "two", "--file", str(file), "--handler", "b.run").exit_code == 0

    assert deployed.functions.made["one"].handler == "app.handler"
    assert deployed.functions.made["two"].handler == "b.run"


def test_what_the_admin_refuses_is_told_on_stderr(made: Deployed, source: Path) -> None:
    answer = made("function", "create", "greet", "--file", str(source))

    assert answer.exit_code == 2
    assert answer.stderr == "Error: function 'greet' exists already; use update to change it\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("create", "a b", "--file", "{file}"), 'name: "a b" is not a name'),
        (("create", "a", "--file", "{file}", "--memory", "1"), "memory: 1 is not between 128 and 10240"),
        (("create", "a", "--file", "{file}", "--env", "X"), "an --env has no equals sign; for example"),
        (("create", "a", "--file", "{file}", "--env", "TZ=x"), "env: TZ is kept by Lambda for itself"),
        (("create", "a", "--file", "{file}", "--runtime", "cobol"), 'runtime: "cobol" is not a runtime'),
        (("create", "a", "--file", "{file}", "--handler", "b.c"), 'handler: "b.c" needs b.py'),
        (("update", "greet"), "nothing to change: give code, handler"),
        (("update", "greet", "--env", "AA=1", "--clear-env"), "contradict each other"),
    ],
)
def test_bad_input_is_refused_with_its_reason(
    made: Deployed, source: Path, arguments: tuple[str, ...], message: str
) -> None:
    answer = made("function", *(word.replace("{file}", str(source)) for word in arguments))

    assert answer.exit_code == 2
    assert message in answer.stderr


def test_a_refusal_is_json_where_json_was_asked_for(deployed: Deployed, source: Path) -> None:
    answer = deployed("function", "create", "a b", "--file", str(source), "--json")

    assert answer.exit_code == 2
    assert json.loads(answer.stdout)["error"]["field"] == "name"


def test_list_shows_a_line_for_each_function(made: Deployed) -> None:
    answer = made("function", "list")

    title, row = answer.stdout.splitlines()
    assert title.split() == [
        "function", "target", "runtime", "handler", "MB", "timeout", "size", "state", "description",
    ]  # fmt: skip
    assert row.split()[:6] == [
        "greet",
        "lambda:tickline-fn-greet",
        "python3.13",
        "greet.handler",
        "128",
        "60s",
    ]


def test_list_says_that_there_are_none(deployed: Deployed) -> None:
    assert deployed("function", "list").stdout == "no functions\n"


def test_update_changes_what_is_given(made: Deployed, source: Path) -> None:
    source.write_text(SOURCE.replace("hello", "bye"))

    answer = made("function", "update", "greet", "--file", str(source), "--memory", "256")

    assert answer.stdout == "greet: changed, active; jobs call it as lambda:tickline-fn-greet\n"
    assert b"bye" in made.code().read("greet.py")
    assert set(made.asked[-1][1]) == {"name", "code", "memory"}


def test_update_replaces_or_clears_the_environment(made: Deployed) -> None:
    made("function", "update", "greet", "--env", "AA=1", "--env", "BB=2")
    made("function", "update", "greet", "--env", "CC=3")
    made("function", "update", "greet", "--clear-env")

    assert [change.env for change in made.functions.changes[1:]] == [{"AA": "1", "BB": "2"}, {"CC": "3"}, {}]


def test_delete_asks_first(made: Deployed) -> None:
    answer = made("function", "delete", "greet", stdin="n\n")

    assert answer.exit_code == 1
    assert "Delete function greet?" in answer.stderr
    assert "greet" in made.functions.made


def test_delete_deletes(made: Deployed) -> None:
    answer = made("function", "delete", "greet", "--yes")

    assert answer.stdout == "greet: deleted\n"
    assert made.functions.made == {}


def test_a_function_that_jobs_call_is_deleted_by_force_only(made: Deployed, store: SqliteStore) -> None:
    store.put_job(definition("hello", target="lambda:tickline-fn-greet"), revision=None)

    refused = made("function", "delete", "greet", "--yes")
    forced = made("function", "delete", "greet", "--yes", "--force")

    assert refused.exit_code == 2
    assert "is still called by: hello" in refused.stderr
    assert forced.exit_code == 0


@pytest.mark.parametrize(
    "command", [("update", "x", "--memory", "256"), ("delete", "x"), ("delete", "x", "--yes")]
)
def test_there_is_no_such_function(deployed: Deployed, command: tuple[str, ...]) -> None:
    answer = deployed("function", *command)

    assert answer.exit_code == 3
    assert "this stack has no function 'x'; tickline function list shows what it has" in answer.stderr


@pytest.mark.parametrize("command", [("list",), ("delete", "x", "--yes"), ("update", "x", "--memory", "256")])
def test_in_local_mode_functions_live_elsewhere(tickline: Tickline, command: tuple[str, ...]) -> None:
    answer = tickline("function", *command)

    assert answer.exit_code == 2
    assert answer.stderr.startswith("Error: functions live in AWS; in local mode name a file")
    assert not tickline.db.exists()


def test_every_action_for_functions_needs_no_store_of_its_own() -> None:
    assert set(FUNCTION_ACTIONS) == FUNCTIONS
