"""One API of AWS through boto3: one question is one request, and every way it may end is a result.

boto3 is imported with the first question.
"""

import math
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from tickline.model import Failure, Result
from tickline.targets.aws_errors import Meanings
from tickline.targets.text import seconds

READ_MARGIN = 2
"""Seconds that the connection waits longer than the call may take, so that a result on its way counts."""

CONNECT_LIMIT = 5
"""Seconds to reach AWS."""

CONNECTIONS = 50
"""Calls of one client at the same time that get a kept connection."""

CLIENTS = 32
"""Clients of an API that are kept. There is one for each region and each timeout in use."""

ClientFactory = Callable[[str, float], Any]
"""Makes the client for a region ("": the configured one) and a read timeout in seconds."""


class Boto3:
    """Makes boto3 clients that send each request exactly once. All come from one session."""

    def __init__(self, *, endpoint_url: str = "") -> None:
        self._endpoint_url = endpoint_url
        self._session: Any = None
        self._lock = threading.Lock()

    def of(self, name: str) -> ClientFactory:
        """Return the factory of the clients of the API that boto3 calls `name`."""
        return partial(self._make, name)

    def _make(self, name: str, region: str, read_timeout: float) -> Any:
        from boto3.session import Session  # noqa: PLC0415 - heavy, and not needed before the first call
        from botocore.config import Config  # noqa: PLC0415

        # By default botocore sends Invoke again, up to two times, when the function takes longer than 60 s.
        config = Config(
            retries={"total_max_attempts": 1},
            read_timeout=read_timeout,
            connect_timeout=CONNECT_LIMIT,
            tcp_keepalive=True,
            max_pool_connections=CONNECTIONS,
        )
        with self._lock:  # sessions are not made for threads, clients are
            self._session = self._session or Session()
            return self._session.client(
                name, region_name=region or None, endpoint_url=self._endpoint_url or None, config=config
            )


class Api:
    """Asks one API, with a client for each region and timeout: botocore knows no timeout of a single call."""

    def __init__(self, make: ClientFactory, meanings: Meanings) -> None:
        self._make = make
        self._meanings = meanings
        self._clients: dict[tuple[str, float], Any] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._clients)

    def ask(self, region: str, timeout: float, question: Callable[[Any], Result]) -> Result:
        """Hand the region's client to `question`, once, and return its result or what its error means."""
        try:
            client = self.client(region, timeout)
        except Exception as error:  # noqa: BLE001 - nothing was sent yet, whatever it was
            return self._meanings.of_error(error, otherwise=Failure.NOT_STARTED)
        try:
            return question(client)
        except Exception as error:  # noqa: BLE001 - unknown is a class of its own
            waited = seconds(_read_timeout(timeout))
            return self._meanings.of_error(error, otherwise=Failure.UNKNOWN, waited=waited)

    def client(self, region: str, timeout: float) -> Any:
        """Return the client of this region and timeout."""
        key = (region, _read_timeout(timeout))
        with self._lock:
            client = self._clients.pop(key, None) or self._make(*key)
            self._clients[key] = client
            if len(self._clients) > CLIENTS:
                del self._clients[next(iter(self._clients))]
        return client


def _read_timeout(timeout: float) -> float:
    return math.ceil(timeout) + READ_MARGIN
