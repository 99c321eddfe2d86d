"""What the Functions port promises, kept by Lambda (as moto plays it) and by the fake that tests use."""

from collections.abc import Iterator

import pytest

from made import FakeFunctions, account, whole, zipped
from tickline.errors import FunctionExists, FunctionNotFound
from tickline.functions.model import FunctionChange
from tickline.ports import Functions


@pytest.fixture(params=["lambda", "fake"])
def functions(request: pytest.FixtureRequest) -> Iterator[Functions]:
    if request.param == "fake":
        yield FakeFunctions()
        return
    with account() as made:
        yield made.functions()


def test_a_new_function_is_as_it_was_asked_for(functions: Functions) -> None:
    made = functions.create("greet", whole(memory=256, timeout=5, env={"B": "2", "A": "1"}, description="hi"))

    assert (made.name, made.handler, made.runtime) == ("greet", "handler.handler", "python3.13")
    assert (made.memory, made.timeout, made.description) == (256, 5, "hi")
    assert made.env_names == ("A", "B")
    assert made.state == "active"
    assert made.code_size == len(zipped())
    assert made == functions.get("greet")


def test_a_name_is_given_once(functions: Functions) -> None:
    functions.create("greet", whole(memory=128))

    with pytest.raises(FunctionExists, match="'greet' exists already"):
        functions.create("greet", whole(memory=256))

    assert functions.get("greet").memory == 128


def test_what_an_update_does_not_give_stays(functions: Functions) -> None:
    before = functions.create("greet", whole(memory=256, env={"AA": "1"}, description="hi"))

    after = functions.update("greet", FunctionChange(timeout=7))

    assert after.timeout == 7
    assert (after.memory, after.env_names, after.description) == (256, ("AA",), "hi")
    assert after.code_sha256 == before.code_sha256


def test_new_code_and_settings_arrive_together(functions: Functions) -> None:
    before = functions.create("greet", whole())

    after = functions.update("greet", FunctionChange(code=zipped({"b.py": "x"}), handler="b.run"))

    assert after.handler == "b.run"
    assert after.code_sha256 != before.code_sha256


def test_an_empty_environment_takes_every_variable_away(functions: Functions) -> None:
    functions.create("greet", whole(env={"AA": "1"}))

    assert functions.update("greet", FunctionChange(env={})).env_names == ()


def test_what_is_deleted_is_gone(functions: Functions) -> None:
    functions.create("greet", whole())

    functions.delete("greet")

    assert functions.list() == []
    with pytest.raises(FunctionNotFound):
        functions.get("greet")


def test_functions_are_listed_by_name(functions: Functions) -> None:
    for name in ("b", "c", "a"):
        functions.create(name, whole())

    assert [function.name for function in functions.list()] == ["a", "b", "c"]


def test_there_is_nothing_to_do_with_a_function_that_is_not_there(functions: Functions) -> None:
    with pytest.raises(FunctionNotFound, match="'greet'"):
        functions.get("greet")
    with pytest.raises(FunctionNotFound):
        functions.update("greet", FunctionChange(memory=256))
    with pytest.raises(FunctionNotFound):
        functions.delete("greet")
