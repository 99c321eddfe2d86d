"""The admin's actions for functions, from JSON to JSON."""

from typing import Any

import pytest

from builders import FakeClock, definition
from made import FakeFunctions, code, zipped
from tickline.admin import Admin, handle
from tickline.errors import FunctionsError
from tickline.functions.model import IN_LOCAL_MODE, NOT_ENABLED, FunctionChange, NoFunctions
from tickline.store.sqlite import SqliteStore

CREATE = {"action": "create_function", "name": "greet", "code": code(), "handler": "handler.handler"}


@pytest.fixture
def functions() -> FakeFunctions:
    return FakeFunctions()


@pytest.fixture
def admin(store: SqliteStore, functions: FakeFunctions) -> Admin:
    return Admin(store=store, clock=FakeClock(), functions=functions)


def ask(admin: Admin, action: str, **arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = handle(admin, {"action": action, **arguments})
    assert answer.pop("ok") is True, answer
    return answer


def refuse(admin: Admin, action: str, **arguments: Any) -> dict[str, Any]:
    answer = handle(admin, {"action": action, **arguments})
    assert answer["ok"] is False
    error: dict[str, Any] = answer["error"]
    return error


def put(store: SqliteStore, job_id: str, **changes: Any) -> None:
    assert store.put_job(definition(job_id, **changes), revision=None)


def test_a_new_function_is_told_with_the_target_that_calls_it(admin: Admin) -> None:
    answer = ask(admin, **CREATE)

    assert answer["target"] == "lambda:tickline-fn-greet"
    assert answer["created"] is True
    assert answer["state"] == "active"


def test_what_is_not_given_has_the_documented_defaults(admin: Admin, functions: FakeFunctions) -> None:
    ask(admin, **CREATE)

    assert functions.changes == [
        FunctionChange(
            code=zipped(), handler="handler.handler", runtime="python3.13", memory=128, timeout=60, env={},
            description="",
        )
    ]  # fmt: skip


def test_no_answer_shows_what_the_environment_holds(admin: Admin) -> None:
    created = ask(admin, **CREATE, env={"TOKEN": "s3cret"})

    assert created["env"] == ["TOKEN"]
    assert "s3cret" not in str(
        created | ask(admin, "list_functions") | ask(admin, "get_function", name="greet")
    )


def test_functions_are_shown_alike_one_by_one_and_all(admin: Admin) -> None:
    ask(admin, **CREATE)

    assert ask(admin, "list_functions") == {"functions": [ask(admin, "get_function", name="greet")]}


@pytest.mark.parametrize("reason", [IN_LOCAL_MODE, NOT_ENABLED])
@pytest.mark.parametrize(
    "request_",
    [
        CREATE,
        {"action": "update_function", "name": "greet", "memory": 1},
        {"action": "delete_function", "name": "greet"},
        {"action": "get_function", "name": "greet"},
        {"action": "list_functions"},
    ],
    ids=lambda request: request["action"],
)
def test_where_no_functions_are_made_every_action_says_why(
    store: SqliteStore, reason: NoFunctions, request_: dict[str, Any]
) -> None:
    error = refuse(Admin(store=store, clock=FakeClock(), functions=reason), **request_)

    assert error == {"code": "functions_off", "message": reason.reason, "field": ""}


def test_nothing_is_made_on_the_fly_unless_somebody_says_so(store: SqliteStore) -> None:
    assert Admin(store=store, clock=FakeClock()).functions == IN_LOCAL_MODE


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "tickline-fn-greet"}, "name"),
        ({"code": "?"}, "code"),
        ({"handler": "other.handler"}, "handler"),
        ({"runtime": "python2.7"}, "runtime"),
        ({"memory": 64}, "memory"),
        ({"timeout": 5000}, "timeout"),
        ({"env": {"TZ": "x"}}, "env"),
        ({"role": "arn:aws:iam::123456789012:role/admin"}, "role"),
        ({"layers": []}, "layers"),
    ],
)
def test_what_is_not_allowed_reaches_nobody(
    admin: Admin, functions: FakeFunctions, changes: dict[str, Any], field: str
) -> None:
    error = refuse(admin, **(CREATE | changes))

    assert (error["code"], error["field"]) == ("invalid_request", field)
    assert functions.changes == []


def test_a_second_function_of_a_name_is_refused(admin: Admin) -> None:
    ask(admin, **CREATE)

    assert refuse(admin, **CREATE)["code"] == "function_exists"


def test_an_update_changes_what_is_given(admin: Admin, functions: FakeFunctions) -> None:
    ask(admin, **CREATE)

    answer = ask(admin, "update_function", name="greet", memory=256, env={})

    assert (answer["memory"], answer["timeout"], answer["created"]) == (256, 60, False)
    assert functions.changes[-1] == FunctionChange(memory=256, env={})


def test_an_update_of_nothing_is_refused(admin: Admin) -> None:
    ask(admin, **CREATE)

    assert refuse(admin, "update_function", name="greet")["message"].startswith(
        "nothing to change: give code"
    )


def test_new_code_must_fit_the_handler_that_is_there(admin: Admin) -> None:
    ask(admin, **CREATE)

    error = refuse(admin, "update_function", name="greet", code=code({"other.py": ""}))

    assert error["field"] == "handler"
    assert ask(admin, "update_function", name="greet", code=code({"other.py": ""}), handler="other.run")


def test_who_is_not_there_is_said_so(admin: Admin) -> None:
    for action, more in (("get", {}), ("delete", {}), ("update", {"memory": 256})):
        error = refuse(admin, f"{action}_function", name="nobody", **more)
        assert error["code"] == "function_not_found", action


def test_what_aws_does_not_do_is_an_answer(
    admin: Admin, functions: FakeFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise FunctionsError("the state is Failed")

    monkeypatch.setattr(functions, "create", fails)

    assert refuse(admin, **CREATE) == {
        "code": "functions_error",
        "message": "the state is Failed",
        "field": "",
    }


@pytest.mark.parametrize(
    "naming",
    [
        {"target": "lambda:tickline-fn-greet"},
        {"target": "lambda:tickline-fn-greet:live"},
        {"target": "arn:aws:lambda:eu-west-1:123456789012:function:tickline-fn-greet"},
        {"target": "arn:aws:lambda:eu-west-1:123456789012:function:tickline-fn-greet:7"},
        {"target": "python:work", "on_failure": "lambda:tickline-fn-greet"},
    ],
)
def test_a_function_that_a_job_calls_is_not_deleted(
    admin: Admin, store: SqliteStore, naming: dict[str, str]
) -> None:
    ask(admin, **CREATE)
    put(store, "hello", **naming)

    error = refuse(admin, "delete_function", name="greet")

    assert error["code"] == "function_in_use"
    assert error["message"] == (
        "function 'greet' is still called by: hello; delete these jobs first, or use force"
    )
    assert ask(admin, "get_function", name="greet")


def test_of_many_jobs_some_are_named(admin: Admin, store: SqliteStore) -> None:
    ask(admin, **CREATE)
    for number in range(12):
        put(store, f"job-{number:02}", target="lambda:tickline-fn-greet")

    assert "job-08, job-09 and 2 more;" in refuse(admin, "delete_function", name="greet")["message"]


def test_force_deletes_all_the_same(admin: Admin, store: SqliteStore, functions: FakeFunctions) -> None:
    ask(admin, **CREATE)
    put(store, "hello", target="lambda:tickline-fn-greet")

    assert ask(admin, "delete_function", name="greet", force=True) == {"name": "greet", "deleted": True}
    assert functions.made == {}


def test_jobs_that_call_something_else_are_in_nobodys_way(
    admin: Admin, store: SqliteStore, functions: FakeFunctions
) -> None:
    ask(admin, **CREATE)
    put(store, "a", target="lambda:tickline-fn-greetings")
    put(store, "b", target="lambda:greet")
    put(store, "c", target=["lambda:tickline-fn-greet"])

    ask(admin, "delete_function", name="greet")

    assert functions.made == {}
