"""Nothing is called that no pattern allows, however its address is written."""

import pytest

from tickline.addresses import Home
from tickline.allowed import FUNCTIONS, Allowed
from tickline.errors import InvalidPattern
from tickline.model import Json

HOME = Home(account="123456789012", region="eu-west-1")


def allowed(text: str, *, stack: str = "Tickline") -> Allowed:
    return Allowed.of(text, home=HOME, stack=stack)


ELSEWHERE = "lambda:arn:aws:lambda:eu-west-1:210987654321:function:reports-*"


@pytest.mark.parametrize(
    ("pattern", "target"),
    [
        ("lambda:tickline-*", "lambda:tickline-report"),
        ("lambda:tickline-*", "lambda:tickline-report:live"),
        ("lambda:tickline-*", "arn:aws:lambda:eu-west-1:123456789012:function:tickline-report:7"),
        ("lambda:tickline-*", "lambda:tickline-"),
        ("lambda:a*b*c", "lambda:a-b-b-c"),
        ("lambda:*", "lambda:any"),
        (ELSEWHERE, "arn:aws:lambda:eu-west-1:210987654321:function:reports-day"),
        (ELSEWHERE, "lambda:arn:aws:lambda:eu-west-1:210987654321:function:reports-day:live"),
        ("lambda:arn:aws:lambda:eu-west-1:123456789012:function:f", "lambda:f"),
        ("lambda:arn:aws:lambda:*:210987654321:function:f", "arn:aws:lambda:a-1:210987654321:function:f"),
        ("python:*", "python:nightly.report"),
        ("sqs:orders-*", "sqs:orders-new.fifo"),
        ("sqs:orders", "sqs:https://sqs.eu-west-1.amazonaws.com/123456789012/orders"),
        ("sqs:orders", "sqs:arn:aws:sqs:eu-west-1:123456789012:orders"),
        ("sns:alerts", "sns:alerts"),
        ("events:default", "events:default/shop/order-placed"),
        ("events:arn:aws:events:*:*:event-bus/b", "arn:aws:events:us-west-2:210987654321:event-bus/b/s"),
        ("states:nightly", "states:nightly:live"),
        ("states:arn:aws:states:*:*:stateMachine:n*", "states:nightly"),
        ("https://hooks.example.com/*", "https://hooks.example.com/a/b?c=d#e"),
        ("https://hooks.example.com/*", "https://user:pw@HOOKS.example.com:443/a"),
        ("https://Hooks.example.com", "https://hooks.example.com"),
        ("https://hooks.example.com/a", "https://hooks.example.com/a"),
        ("https://hooks.example.com/a?b=*", "https://hooks.example.com/a?b=c"),
        ("https://hooks.example.com:8443/*", "https://hooks.example.com:8443/"),
        ("https://hooks.example.com:*/*", "https://hooks.example.com:8443/"),
        ("https://*.example.com/*", "https://a.b.example.com/"),
        ("https://*/hook", "https://anybody.example/hook"),
        ("https://*", "https://anybody.example:8443/x?y"),
        ("https:*", "https://anybody.example:8443/x?y"),
        ("https://[2001:DB8::1]/*", "https://[2001:db8::1]/x"),
    ],
)  # fmt: skip
def test_a_pattern_allows_what_it_says(pattern: str, target: str) -> None:
    assert allowed(f"states:nothing {pattern}").refusal(target) is None


@pytest.mark.parametrize(
    ("pattern", "target"),
    [
        # another name, kind or case
        ("lambda:tickline-*", "lambda:payments"),
        ("lambda:tickline-*", "lambda:Tickline-report"),
        ("lambda:tickline-*", "lambda:my-tickline-report"),
        ("lambda:*", "python:report"),
        ("python:*", "lambda:python"),
        ("sqs:*", "sns:alerts"),
        ("lambda:a*b*c", "lambda:a-c"),
        ("lambda:ab*ba", "lambda:aba"),
        ("lambda:a*b*b*c", "lambda:a-b-c"),
        # another account or region: a name, and *, mean home
        ("lambda:*", "arn:aws:lambda:eu-west-1:210987654321:function:f"),
        ("lambda:tickline-*", "arn:aws:lambda:us-west-2:123456789012:function:tickline-report"),
        ("lambda:f", "arn:aws-cn:lambda:eu-west-1:123456789012:function:f"),
        ("sqs:*", "sqs:https://sqs.eu-west-1.amazonaws.com/210987654321/orders"),
        ("sqs:*", "sqs:https://sqs.us-west-2.amazonaws.com/123456789012/orders"),
        (ELSEWHERE, "arn:aws:lambda:eu-west-1:210987654321:function:payments"),
        (ELSEWHERE, "lambda:reports-day"),
        ("states:*", "states:arn:aws:states:us-west-2:123456789012:stateMachine:m:live"),
        ("events:*", "events:arn:aws:events:us-west-2:210987654321:event-bus/b"),
        # other hosts
        ("https://hooks.example.com/*", "https://hooks.example.com@evil.com/"),
        ("https://hooks.example.com/*", "https://hooks.example.com%2f@evil.com/"),
        ("https://hooks.example.com/*", "https://hooks.example.com.evil.com/"),
        ("https://hooks.example.com/*", "https://evil.com/https://hooks.example.com/"),
        ("https://hooks.example.com/*", "https://evil.com?https://hooks.example.com/"),
        ("https://hooks.example.com/*", "https://evil.com#hooks.example.com/"),
        ("https://hooks.example.com/*", "https://hooks.example.com:8443/"),
        ("https://hooks.example.com/*", "https://hooks-example.com/"),
        ("https://*.example.com/*", "https://example.com/"),
        ("https://*.example.com/*", "https://evilexample.com/"),
        ("https://*.example.com/*", "https://evil.com/a.example.com/"),
        ("https://*/*", "https://evil.com:22/"),
        # other paths
        ("https://hooks.example.com", "https://hooks.example.com/a"),
        ("https://hooks.example.com/a", "https://hooks.example.com/a?b"),
        ("https://hooks.example.com/a", "https://hooks.example.com/%61"),
        ("https://hooks.example.com/in/*/out", "https://hooks.example.com/in/x?/out"),
        ("https://hooks.example.com/in/*", "https://hooks.example.com/IN/x"),
    ],
)  # fmt: skip
def test_what_no_pattern_allows_is_refused_with_what_to_do(pattern: str, target: str) -> None:
    reason = allowed(pattern).refusal(target)

    assert reason is not None
    assert f'is not among the allowed targets ({pattern}); deploy with -c targets="{pattern} ' in reason
    proposed = reason.partition('targets="')[2].rstrip('"')
    assert allowed(proposed).refusal(target) is None


@pytest.mark.parametrize(
    "path",
    [
        "../admin",
        "a/..",
        "./a",
        "%2e%2e/admin",
        "..%2fadmin",
        "%252e%252e/admin",
        "..\\admin",
        "..;/admin",
        ".%2E/a",
    ],
)
def test_a_path_that_climbs_is_refused_even_where_everything_is_allowed(path: str) -> None:
    reason = allowed("https:*").refusal(f"https://hooks.example.com/in/{path}")

    assert (
        reason == "the path of https://hooks.example.com has '.' or '..' in it; write the path that is meant"
    )


@pytest.mark.parametrize("path", ["...", "a..b", ".well-known", "a.", "..a"])
def test_dots_that_climb_nowhere_are_allowed(path: str) -> None:
    assert allowed("https:*").refusal(f"https://hooks.example.com/{path}") is None


def test_what_is_not_encrypted_is_never_allowed() -> None:
    assert allowed("https:*").refusal("http://example.com/secret") == (
        "http://example.com is not encrypted, and cannot be allowed; use https://"
    )


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "way",
    [
        "lambda:Tickline-{}",
        "lambda:Tickline-{}:live",
        "lambda:tickline-{}",
        "arn:aws:lambda:eu-west-1:123456789012:function:Tickline-{}:$LATEST",
        "lambda:arn:aws:lambda:eu-west-1:123456789012:function:Tickline-{}",
    ],
)
def test_no_job_calls_tickline_itself(name: str, way: str) -> None:
    everything = allowed("lambda:* lambda:arn:aws:lambda:*:*:function:*")

    reason = everything.refusal(way.format(name))

    assert reason is not None
    assert reason.endswith("is a part of Tickline itself, which no job may call")


@pytest.mark.parametrize(
    "target",
    [
        "arn:aws:lambda:us-west-2:123456789012:function:Tickline-tick",
        "arn:aws:lambda:eu-west-1:210987654321:function:Tickline-tick",
        "lambda:Tickline-ticks",
        "lambda:Other-tick",
        "python:Tickline-tick",
    ],
)
def test_a_function_that_only_looks_like_ticklines_own_is_a_target(target: str) -> None:
    assert allowed("lambda:* lambda:arn:aws:lambda:*:*:function:* python:*").refusal(target) is None


def test_with_no_patterns_nothing_is_allowed() -> None:
    assert allowed(" ").refusal("lambda:f") == (
        'lambda:f is not among the allowed targets (none); deploy with -c targets="lambda:f"'
    )


@pytest.mark.parametrize("target", ["", "lambda:", "ftp://hunter2@example.com"])
def test_what_is_no_address_is_refused_and_not_repeated(target: str) -> None:
    reason = allowed("https:*").refusal(target)

    assert reason == "not the address of a target; for example lambda:nightly-report"


def test_a_reason_tells_no_secret_of_the_web() -> None:
    reason = allowed("python:*").refusal("https://user:hunter2@example.com/hunter3?key=hunter4")

    assert reason is not None
    assert "https://example.com/* is not among" in reason
    assert "hunter" not in reason


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("tickline-*", "it begins with one of: lambda:"),
        ("*", "it begins with one of: lambda:"),
        ("*:x", "it begins with one of: lambda:"),
        ("Lambda:x", "it begins with one of: lambda:"),
        ("arn:aws:lambda:eu-west-1:210987654321:function:f", "it begins with one of: lambda:"),
        ("http://example.com/*", "what is not encrypted cannot be allowed"),
        ("lambda:", "a name has no qualifier"),
        ("lambda:f:live", "a name has no qualifier"),
        ("lambda:f?", "a name has no qualifier, and no wildcard but *"),
        ("lambda:[ab]", "a name has no qualifier"),
        ("lambda:arn:*", "an ARN has six fields"),
        ("lambda:arn:aws:sqs:eu-west-1:210987654321:orders", "belongs to lambda"),
        ("lambda:arn:aws:lambda:eu-west-1:210987654321:*", "an ARN has six fields"),
        ("lambda:arn:aws:lambda:eu-west-1:210987654321:function:f:live", "and no qualifier"),
        ("python:arn:aws:lambda:x", "belongs to python"),
        ("sqs:https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "a name has no qualifier"),
        ("https://hooks.example.com*", "a host is written out"),
        ("https://hooks*.example.com/*", "a host is written out"),
        ("https://user@example.com/*", "a host is written out"),
        ("https://example.com:44*/", "a host is written out"),
        ("https://example.com/#x", "a host is written out"),
        ("https://", "a host is written out"),
    ],
)
def test_a_bad_pattern_is_named_with_a_right_list(pattern: str, why: str) -> None:
    with pytest.raises(InvalidPattern) as refused:
        allowed(f"lambda:good {pattern}")

    [problem] = refused.value.problems
    assert problem.startswith(f"{pattern!r} is not a pattern of targets: ")
    assert why in problem
    right = problem.partition("a right list is ")[2]
    assert allowed(right).text == right


def test_all_bad_patterns_are_named_at_once() -> None:
    with pytest.raises(InvalidPattern) as refused:
        allowed("one lambda:f two")

    assert len(refused.value.problems) == 2
    assert str(refused.value) == "; ".join(refused.value.problems)


def test_the_fields_of_a_document_are_looked_at_whatever_else_is_wrong_with_it() -> None:
    fence = allowed("python:*")

    assert [p.field for p in fence.problems({"target": "lambda:a", "on_failure": "lambda:b"})] == [
        "target",
        "on_failure",
    ]
    harmless: list[Json] = [None, [], {}, {"target": 5, "on_failure": ["x"]}, {"target": "no address"}]
    for document in harmless:
        assert fence.problems(document) == ()
