"""What is called is what the address names, and nothing else."""

import pytest

from tickline.addresses import Home
from tickline.model import Failure
from unit.targets.apis import APIS, HOME, KINDS, asked, at, sent
from unit.targets.peers import Peer, call, says


def refused(kind: str, address: str) -> str:
    """Return why an address is refused; nothing is sent."""
    with Peer(says(b"")) as peer:
        result = at(peer, kind).call(call(address))
    assert (result.failure, peer.requests) == (Failure.PERMANENT, [])
    return result.error


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("sqs:https://sqs.us-west-2.amazonaws.com/123456789012/orders", "us-west-2"),
        ("arn:aws:sqs:us-west-2:123456789012:orders", "us-west-2"),
        ("sns:arn:aws:sns:eu-west-1:210987654321:a", HOME.region),
        ("events:arn:aws:events:us-west-2:210987654321:event-bus/b/src", "us-west-2"),
        ("states:arn:aws:states:us-west-2:123456789012:stateMachine:m:live", "us-west-2"),
    ],
)
def test_the_region_that_an_address_names_is_asked(address: str, place: str) -> None:
    assert f"/{place}/" in asked(address).headers["authorization"]


def test_an_url_leads_to_the_queue_that_it_names_and_to_no_other_host() -> None:
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    assert sent(asked(f"sqs:{url}"))["QueueUrl"] == url
    for elsewhere in (
        "http://sqs.eu-west-1.amazonaws.com/123456789012/orders",
        "https://example.com/123456789012/orders",
        "https://sqs.eu-west-1.amazonaws.com.example.com/123456789012/orders",
        "https://sqs.eu-west-1.amazonaws.com@example.com/123456789012/orders",
        f"{url}/more",
        f"{url}?more",
    ):
        assert refused("sqs", f"sqs:{elsewhere}") == "not an address of this kind; for example sqs:orders"


def test_a_queue_in_china_keeps_its_domain() -> None:
    url = "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders"
    home = Home(account=HOME.account, region="cn-north-1", partition="aws-cn")
    with Peer(says(APIS["sqs"].accepts("r-1"))) as peer:
        target = at(peer, "sqs", home=home)
        results = [target.call(call(address)) for address in (f"sqs:{url}", "sqs:orders")]

    assert all(result.ok for result in results)
    assert {sent(request)["QueueUrl"] for request in peer.requests} == {url}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "address",
    ["", "{}:", "{}: ", "{}:a b", "{}:é", "{}:a\n", "{}:{}:a:b", "lambda:a", "a", "arn:aws:{}:a", "{}:/a"],
)
def test_an_address_of_another_kind_is_refused_with_an_example(kind: str, address: str) -> None:
    assert f"for example {kind}:" in refused(kind, address.replace("{}", kind))


@pytest.mark.parametrize(
    ("kind", "longest"), [("sqs", 80), ("sns", 256), ("events", 256), ("states", 80)], ids=str
)
def test_a_name_that_no_api_allows_is_refused(kind: str, longest: int) -> None:
    asked(f"{kind}:{'a' * longest}")
    assert refused(kind, f"{kind}:{'a' * (longest + 1)}")
