"""What can be said of stores, and what a stack may answer that a file cannot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tickline as package
from tickline.cli.stack import WAITS, StackClient
from unit.cli.command import Tickline
from unit.cli.stores import FUNCTION, STACK, Answers, TooMany, on_file, on_stack, publish, ssm, told


@pytest.fixture
def stack(moto: Any, tmp_path: Path) -> Tickline:
    return on_stack(moto, tmp_path / "tickline.db")


@pytest.fixture
def bare(stack: Tickline) -> Tickline:
    """Return the command with a stack to choose, and an environment that chooses nothing."""
    return Tickline(
        db=stack.db, environment={}, store=stack.store, running=stack.running, stacks=stack.stacks
    )


# which store


def test_a_stack_is_named_before_or_behind_the_command(bare: Tickline) -> None:
    made = bare("--stack", STACK, "job", "add", "a", "--schedule", "@daily", "--target", "python:work")
    listed = bare("job", "list", "--stack", STACK)

    assert made.exit_code == 0, made.stderr
    assert listed.stdout.splitlines()[1].split()[0] == "a"
    assert not bare.db.exists()


def test_the_nearest_name_is_meant(bare: Tickline) -> None:
    answer = bare("--stack", "nosuch", "job", "list", "--stack", STACK)

    assert answer.stdout == "no jobs\n"


def test_two_stores_are_refused(bare: Tickline) -> None:
    for words in (
        ("job", "list", "--stack", STACK, "--db", "x.db"),
        ("--stack", STACK, "runs", "--db", "x.db"),
    ):
        answer = bare(*words)

        assert answer.exit_code == 2
        assert answer.stderr == "Error: --db and --stack are two stores; say which one is meant\n"
    assert bare.json("runs", "--stack", STACK, "--db", "x.db")["error"]["field"] == "stack"


def with_environment(tickline: Tickline, **environment: str) -> Tickline:
    return Tickline(
        db=tickline.db,
        environment=environment,
        store=tickline.store,
        running=tickline.running,
        stacks=tickline.stacks,
    )


def test_an_option_goes_before_the_environment(bare: Tickline, tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    on_file(file).add()

    by_flag = with_environment(bare, TICKLINE_DB=str(file))("job", "list", "--stack", STACK)
    by_file = with_environment(bare, TICKLINE_STACK_NAME=STACK)("job", "list", "--db", str(file))

    assert by_flag.stdout == "no jobs\n"
    assert "report" in by_file.stdout


def test_an_environment_that_means_both_is_refused(bare: Tickline) -> None:
    answer = with_environment(bare, TICKLINE_DB="x.db", TICKLINE_STACK_NAME=STACK)("job", "list")

    assert answer.exit_code == 2
    assert "TICKLINE_DB and TICKLINE_STACK_NAME are both set" in answer.stderr


@pytest.mark.parametrize("words", [("dev", "--stack", STACK), ("--stack", STACK, "dev")])
def test_local_mode_has_no_stack(bare: Tickline, words: tuple[str, ...]) -> None:
    answer = bare(*words)

    assert answer.exit_code == 2
    assert answer.stderr == "Error: dev works on this machine alone; a stack ticks by itself\n"
    assert not bare.db.exists()


def test_local_mode_does_not_mind_a_stack_in_the_environment(bare: Tickline) -> None:
    shell = with_environment(bare, TICKLINE_DB=str(bare.db), TICKLINE_STACK_NAME=STACK)

    assert shell("dev", "nosuch.yaml").stderr.startswith("Error: nosuch.yaml")


# which function


def test_a_stack_that_is_not_there_is_told_with_those_that_are(bare: Tickline) -> None:
    publish("test")

    answer = bare("job", "list", "--stack", "prdo")

    assert answer.exit_code == 4
    assert answer.stderr.startswith("Error: there is no stack prdo in eu-west-1; there are: prod, test. ")


def test_without_any_stack_it_says_so(bare: Tickline) -> None:
    ssm().delete_parameter(Name=f"/tickline/{STACK}")

    assert "there is none at all. AWS_PROFILE and AWS_REGION" in bare("runs", "--stack", STACK).stderr


@pytest.mark.parametrize("name", ["", "a/b", "-x", "x" * 51, "ä"])
def test_what_cannot_be_a_stack_is_refused_without_asking(bare: Tickline, name: str) -> None:
    answer = bare("job", "list", "--stack", name)

    assert answer.exit_code == 2
    assert "is not the name of a stack" in answer.stderr


@pytest.mark.parametrize("value", ["x", "[]", "{}", '{"admin": "a"}', '{"admin": "a", "version": 1}'])
def test_a_parameter_that_no_stack_has_written_is_told(bare: Tickline, value: str) -> None:
    publish("odd", value)

    answer = bare("job", "list", "--stack", "odd")

    assert answer.exit_code == 4
    assert "parameter /tickline/odd is not what a stack of Tickline writes" in answer.stderr


@pytest.mark.parametrize(("version", "warned"), [("9.0.0", True), (package.__version__ + "9", False)])
def test_a_stack_of_another_version_is_told_beside_the_answer(
    bare: Tickline, version: str, *, warned: bool
) -> None:
    publish("old", json.dumps({"admin": FUNCTION, "version": version}))

    answer = bare("job", "list", "--stack", "old", "--json")

    assert json.loads(answer.stdout) == {"ok": True, "jobs": []}
    expected = f"warning: stack old is of version {version}, this command of {package.__version__}\n"
    assert answer.stderr == (expected if warned else "")


# what the function says


class Fakes:
    """The clients of a stack whose function answers as told. Remembers what was slept and told."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self.answers = list(answers)
        self.slept: list[float] = []
        self.made: list[tuple[str, bool]] = []
        self.lambda_ = Answers(self._next)
        self.client = StackClient(STACK, make=self._make, sleep=self.slept.append, tell=self._silent)
        publish()

    def _make(self, api: str, *, again: bool) -> Any:
        self.made.append((api, again))
        return ssm() if api == "ssm" else self.lambda_

    def _next(self, _: bytes) -> dict[str, Any]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @staticmethod
    def _silent(text: str) -> None:
        raise AssertionError(text)


FakesOf = Callable[..., Fakes]


@pytest.fixture
def fakes(moto: Any) -> FakesOf:
    assert moto
    return Fakes


def failed(kind: str, message: str) -> dict[str, Any]:
    return told({"errorType": kind, "errorMessage": message}, FunctionError="Unhandled")


@pytest.mark.parametrize(
    ("response", "message", "field"),
    [
        (
            failed("KeyError", "'x'"),
            "prod-admin failed: KeyError: 'x'; its log has more under request r-1",
            "stack",
        ),
        (
            failed("Sandbox.Timedout", "Task timed out after 60.00 seconds"),
            "prod-admin failed: Sandbox.Time",
            "stack",
        ),
        (told(b"", FunctionError="Unhandled"), "prod-admin failed: no reason given; its log", ""),
        (told([1], FunctionError="Unhandled"), "prod-admin failed: no reason given; its log", ""),
        (failed("Function.ResponseSizeTooLarge", "x"), "the answer is larger than Lambda passes on", "limit"),
        (told(b"<html>"), "prod-admin did not answer as the admin of a stack does", ""),
        (told(None), "prod-admin did not answer as the admin of a stack does", ""),
        (told({"statusCode": 200}), "prod-admin did not answer as the admin of a stack does", ""),
    ],
)
def test_a_function_that_does_not_answer_is_told_with_its_reason(
    fakes: FakesOf, response: dict[str, Any], message: str, field: str
) -> None:
    answer = fakes(response).client.call("list_jobs")

    assert answer["ok"] is False
    assert answer["error"]["code"] == "store_error"
    assert answer["error"]["message"].startswith(message)
    assert answer["error"]["field"] == (field or "stack")


OK = {"ok": True}


def test_the_function_is_looked_up_once(fakes: FakesOf) -> None:
    stack = fakes(told(OK), told(OK), told(OK))

    for action in ("list_jobs", "put_job", "list_jobs"):
        assert stack.client.call(action) == OK

    assert stack.made == [("ssm", True), ("lambda", True), ("lambda", False)]


@pytest.mark.parametrize("action", ["put_job", "delete_job", "redrive_run", "create_function"])
def test_a_change_that_cannot_recognise_itself_is_left_to_one_sending(fakes: FakesOf, action: str) -> None:
    stack = fakes(told(OK))

    stack.client.call(action)

    assert stack.made[-1] == ("lambda", False)


def test_a_change_that_was_not_begun_is_sent_again(fakes: FakesOf) -> None:
    stack = fakes(TooMany(), TooMany(), told(OK))

    assert stack.client.call("put_job") == OK
    assert stack.slept == list(WAITS[:2])


def test_sending_again_ends_and_says_that_nothing_was_done(fakes: FakesOf) -> None:
    stack = fakes(*(TooMany() for _ in range(4)))

    answer = stack.client.call("put_job")

    assert "nothing was done; try again later" in answer["error"]["message"]
    assert stack.slept == list(WAITS)


def test_a_run_is_asked_for_with_a_token_so_that_it_may_be_sent_twice(fakes: FakesOf) -> None:
    stack = fakes(told(OK), told(OK), told(OK))

    stack.client.call("run_job", job_id="a", token=None)
    stack.client.call("run_job", job_id="a", token=None)
    stack.client.call("run_job", job_id="a", token="mine")

    tokens = [sent["token"] for sent in stack.lambda_.sent]
    assert len(set(tokens)) == 3
    assert tokens[2] == "mine"
    assert stack.made[-1] == ("lambda", True)


def test_what_is_no_json_is_not_sent(fakes: FakesOf) -> None:
    stack = fakes()

    answer = stack.client.call("put_job", job={"payload": float("nan")})

    assert answer["error"]["message"].startswith("the request cannot be sent: ")


def test_a_list_that_is_too_large_is_asked_for_in_smaller_pages(fakes: FakesOf) -> None:
    from tickline.cli.client import PAGE, all_jobs

    large = failed("Function.ResponseSizeTooLarge", "x")
    page = told({"ok": True, "jobs": [{"job_id": "a"}], "next_page": "a"})
    stack = fakes(large, page, told({"ok": True, "jobs": []}))

    answer = all_jobs(stack.client)

    assert answer == {"ok": True, "jobs": [{"job_id": "a"}]}
    assert [sent["limit"] for sent in stack.lambda_.sent] == [PAGE, PAGE // 2, PAGE // 2]


def test_one_job_that_is_too_large_ends_the_list(fakes: FakesOf) -> None:
    from tickline.cli.client import all_jobs

    stack = fakes(*(failed("Function.ResponseSizeTooLarge", "x") for _ in range(20)))

    assert all_jobs(stack.client)["error"]["field"] == "limit"


def test_a_run_that_nobody_starts_is_told_where_to_look(fakes: FakesOf) -> None:
    assert fakes().client.not_begun == (
        "it has not begun yet; tickline doctor --stack prod tells whether the stack ticks"
    )
