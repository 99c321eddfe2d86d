"""The kind of an address chooses the target; what is not enabled fails for good."""

import logging

import pytest

from tickline.addresses import Home
from tickline.allowed import Allowed
from tickline.model import Call, Failure, Result
from tickline.targets import TargetsByScheme
from tickline.targets.text import compact, shorten
from unit.targets.peers import call


class Says:
    def __init__(self, word: str) -> None:
        self._word = word

    def call(self, call: Call) -> Result:
        return Result(summary=f"{self._word} {call.target}")


class Breaks:
    def call(self, call: Call) -> Result:
        raise RuntimeError(f"a bug about {call.payload}")


TARGETS = TargetsByScheme({"python": Says("P"), "lambda": Says("L"), "http": Says("H")})


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("python:report", "P"),
        ("lambda:report", "L"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:report", "L"),
        ("http://example.com", "H"),
        ("https://example.com", "H"),
    ],
)
def test_the_kind_of_the_address_chooses_the_target(address: str, word: str) -> None:
    assert TARGETS.call(call(address)) == Result(summary=f"{word} {address}")


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("sqs:queue", "sqs: targets are not enabled here"),
        ("sns:topic", "sns: targets are not enabled here"),
        ("events:bus", "events: targets are not enabled here"),
        ("states:machine", "states: targets are not enabled here"),
        ("arn:aws:sqs:eu-west-1:123456789012:queue", "sqs: targets are not enabled here"),
    ],
)
def test_a_kind_that_is_not_enabled_fails_for_good(address: str, error: str) -> None:
    assert TARGETS.call(call(address)) == Result(failure=Failure.PERMANENT, error=error)


@pytest.mark.parametrize("address", ["", "arn", "arn:", "ftp://hunter2@example.com", "os.system"])
def test_an_address_of_no_kind_fails_for_good_and_is_not_repeated(address: str) -> None:
    result = TARGETS.call(call(address))

    assert result.failure is Failure.PERMANENT
    assert result.error.startswith("not the address of a target; for example lambda:nightly-report")
    assert "hunter2" not in result.error


FENCE = Allowed.of(
    "lambda:tickline-* python:*", home=Home(account="123456789012", region="eu-west-1"), stack="Tickline"
)


@pytest.mark.parametrize("address", ["lambda:payments", "lambda:Tickline-tick", "sqs:orders", "no address"])
def test_what_is_not_allowed_fails_for_good_and_is_not_called(address: str) -> None:
    result = TargetsByScheme({"lambda": Breaks()}, allowed=FENCE).call(call(address))

    assert result == Result(failure=Failure.PERMANENT, error=FENCE.refusal(address) or "")


def test_what_is_allowed_is_called_if_its_kind_is_enabled() -> None:
    targets = TargetsByScheme({"lambda": Says("L")}, allowed=FENCE)

    assert targets.call(call("lambda:tickline-report")).summary == "L lambda:tickline-report"
    assert targets.call(call("python:x")).error == "python: targets are not enabled here"


def test_a_refusal_is_as_short_as_every_error() -> None:
    fence = Allowed.of("lambda:a " * 500, home=FENCE.home, stack="Tickline")

    result = TargetsByScheme({"lambda": Says("L")}, allowed=fence).call(call("lambda:b"))

    assert len(result.error.encode()) <= 1024


def test_a_target_that_raises_leaves_the_outcome_unknown_and_is_logged_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        result = TargetsByScheme({"python": Breaks()}).call(call("python:report", "hunter2"))

    assert result == Result(failure=Failure.UNKNOWN, error="the python target raised RuntimeError")
    [record] = caplog.records
    assert "test_targets.py:" in record.__dict__["raised_at"]
    assert "hunter2" not in str(record.__dict__)


def test_it_is_a_mapping_of_the_enabled_kinds() -> None:
    assert list(TARGETS) == ["python", "lambda", "http"]
    assert (len(TARGETS), "sqs" in TARGETS, "http" in TARGETS) == (3, False, True)
    assert TARGETS["http"].call(call("https://a")).summary == "H https://a"


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no targets of kind https"):
        TargetsByScheme({"https": Says("H")})


def test_texts_are_cut_to_a_kilobyte_between_characters() -> None:
    assert shorten("x" * 1024) == "x" * 1024
    assert shorten("x" * 1025) == "x" * 1021 + "…"
    assert len(shorten("𝄞" * 1000).encode()) <= 1024
    assert shorten("\ud800") == "?"


def test_a_value_that_refers_to_itself_has_a_text() -> None:
    loop: list[object] = []
    loop.append(loop)

    assert compact(loop) == "[[...]]"
