"""Every address means one thing, and whoever reads it reads the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from tickline.addresses import EXAMPLES, LONGEST, Address, Home, kind_of

HOME = Home(account="123456789012", region="eu-west-1")
WEST = Home(account="210987654321", region="us-west-2")


@pytest.mark.parametrize(
    ("text", "kind", "name", "home", "parts"),
    [
        ("lambda:report", "lambda", "report", None, {}),
        ("lambda:report:live", "lambda", "report", None, {"qualifier": "live"}),
        ("lambda:report:$LATEST", "lambda", "report", None, {"qualifier": "$LATEST"}),
        ("arn:aws:lambda:us-west-2:210987654321:function:f:7", "lambda", "f", WEST, {"qualifier": "7"}),
        ("lambda:arn:aws:lambda:us-west-2:210987654321:function:f", "lambda", "f", WEST, {}),
        ("python:nightly.report", "python", "nightly.report", None, {}),
        ("sqs:orders.fifo", "sqs", "orders.fifo", None, {}),
        ("sqs:https://sqs.us-west-2.amazonaws.com/210987654321/orders", "sqs", "orders", WEST, {}),
        ("sqs:arn:aws:sqs:us-west-2:210987654321:orders", "sqs", "orders", WEST, {}),
        ("arn:aws:sns:us-west-2:210987654321:alerts", "sns", "alerts", WEST, {}),
        ("events:bus/shop/a%20b", "events", "bus", None, {"source": "shop", "detail_type": "a%20b"}),
        ("events:arn:aws:events:us-west-2:210987654321:event-bus/b", "events", "b", WEST, {}),
        ("states:nightly:live", "states", "nightly", None, {"qualifier": "live"}),
    ],
)  # fmt: skip
def test_an_address_names_one_thing(
    text: str, kind: str, name: str, home: Home | None, parts: dict[str, str]
) -> None:
    assert Address.parse(text) == Address(kind=kind, name=name, home=home, parts=parts)


@pytest.mark.parametrize(
    ("text", "name", "path", "query"),
    [
        ("https://example.com", "https://example.com", "/", ""),
        ("https://EXAMPLE.com:443/A?b=c#d", "https://example.com", "/A", "b=c"),
        ("http://localhost:8080?x", "http://localhost:8080", "/", "x"),
        ("https://user:pass@example.com./x", "https://example.com", "/x", ""),
        ("https://hooks.example.com@evil.com/", "https://evil.com", "/", ""),
        ("https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443", "/x", ""),
        ("https://example.com/é", "https://example.com", "/é", ""),
    ],
)
def test_an_address_of_the_web_is_told_by_its_host(text: str, name: str, path: str, query: str) -> None:
    address = Address.parse(text)

    assert address is not None
    assert (address.kind, address.name) == ("http", name)
    assert (address.parts["path"], address.parts["query"]) == (path, query)
    assert "pass" not in str(address)


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "report", "ftp://example.com", "LAMBDA:report", "HTTPS://example.com",
        "lambda:", "lambda:a b", "lambda:é", "lambda:a:b:c", "lambda:a\n", "lambda:" + "a" * 141,
        "lambda:123456789012:function:report", "lambda:eu-west-1:123456789012:function:report",
        "lambda:arn:aws:sqs:us-west-2:210987654321:orders", "arn:aws:lambda:us-west-2:1:function:f",
        "arn:aws:iam::210987654321:role/admin", "arn:aws:http:x", "arn:aws:python:x", "arn", "arn:",
        "python:", "python:a/b", "python:os:system", "python:../x",
        "sqs:https://example.com/123456789012/orders", "sqs:a.b",
        "sqs:https://sqs.cn-north-1.amazonaws.com/123456789012/orders",
        "sqs:https://sqs.eu-west-1.amazonaws.com.cn/123456789012/orders",
        "http://", "https:example.com", "https:///x", "https://[::1", "https://a..b/", "https://exämple.com/",
        "https://example.com:0/", "https://example.com:65536/", "https://example.com:0443/", "https://example.com:/",
        "https://a@b@evil.com/", "https://example.com\\@evil.com/", "https://example.com/\x7f",
        "https://example.com/a b", "https://example.com/" + "a" * LONGEST,
    ],
)  # fmt: skip
def test_what_is_no_address_has_no_meaning(text: str) -> None:
    assert Address.parse(text) is None


@pytest.mark.parametrize(("kind", "example"), EXAMPLES.items())
def test_every_example_is_an_address_of_its_kind(kind: str, example: str) -> None:
    for text in example.split(" or "):
        address = Address.parse(text)

        assert address is not None
        assert address.kind == kind == kind_of(text)


@pytest.mark.parametrize(
    ("text", "arn"),
    [
        ("lambda:f:live", "arn:aws:lambda:eu-west-1:123456789012:function:f"),
        ("sqs:q", "arn:aws:sqs:eu-west-1:123456789012:q"),
        ("events:b/s", "arn:aws:events:eu-west-1:123456789012:event-bus/b"),
        ("states:m", "arn:aws:states:eu-west-1:123456789012:stateMachine:m"),
        ("arn:aws-cn:sns:cn-north-1:210987654321:t", "arn:aws-cn:sns:cn-north-1:210987654321:t"),
        (
            "sqs:https://sqs.us-gov-west-1.amazonaws.com/210987654321/q",
            "arn:aws-us-gov:sqs:us-gov-west-1:210987654321:q",
        ),
        ("python:report", ""),
    ],
)
def test_a_name_is_at_home_and_an_arn_where_it_says(text: str, arn: str) -> None:
    address = Address.parse(text)

    assert address is not None
    assert address.at(HOME).arn == arn
    assert (address.arn == arn) is (address.home is not None or not arn)


HOSTS = st.text(alphabet="aB1.-_@:/\\?#[]%;é\t", max_size=12)


@given(HOSTS, HOSTS)
def test_what_calls_the_web_reads_the_same_host_as_the_fence(start: str, end: str) -> None:
    text = f"https://{start}a.example.com{end}"
    address = Address.parse(text)

    if address is not None:
        url = parse_url(text)
        assert (url.host or "").rstrip(".") == address.parts["host"]
        assert str(url.port or 443) == address.parts["port"]
