"""The cloud itself: moto's server behind the gate, and everything that happens there by itself."""

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from moto.awslambda.models import EventSourceMapping, LambdaFunction
from moto.awslambda.utils import get_backend
from moto.core.common_models import CloudFormationModel
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.sns.models import Subscription
from werkzeug.serving import make_server

from box.alarms import Alarms
from box.control import Control
from box.functions import Functions
from box.gate import Gate
from box.hooks import hand_over
from box.journal import Journal
from box.policies import Call, invites
from box.resources import supply
from box.roles import Roles
from box.runtime import Outcome
from box.streams import Streams
from box.timer import Timer

REGION = "eu-west-1"
ALARMS_EVERY = 10.0

FAKE = {"AWS_ACCESS_KEY_ID": "box", "AWS_SECRET_ACCESS_KEY": "box", "AWS_SESSION_TOKEN": ""}


class _Quiet(MotoRequestHandler):
    """moto's request handler without a line for each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: Any) -> None:
        """Say nothing."""


class Cloud:
    """AWS on this machine, from `start` to `stop`. One in a process: moto's state is global."""

    def __init__(self, folder: Path, *, port: int = 0, show: bool = False) -> None:
        self._account = DEFAULT_ACCOUNT_ID
        place = f"{REGION}:{self._account}"
        self._roles = Roles(self._account, REGION)
        gate = Gate(
            DomainDispatcherApplication(create_backend_app),
            self._roles,
            Control(self._questions(), self._orders()),
            self._account,
        )
        self._server = make_server("localhost", port, gate, threaded=True, request_handler=_Quiet)
        # moto's CloudFormation tells template URLs of its own by this name; 127.0.0.1 would be another host.
        self.endpoint = f"http://localhost:{self._server.server_port}"
        self._journal = Journal(self.client, self._roles, folder, place, show=show)
        self._functions = Functions(
            roles=self._roles, endpoint=self.endpoint, folder=folder, journal=self._journal
        )
        self._streams = Streams(self._functions, self._roles, self._send)
        self._timer = Timer(self._account, REGION, self._fire)
        self._alarms = Alarms(self.client, datetime.now(UTC))
        self._put_back: Callable[[], None] | None = None
        self._models: list[type[CloudFormationModel]] = []
        self._stopping = threading.Event()

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to find this cloud."""
        return {**FAKE, "AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    @cache  # noqa: B019 - there is one cloud in a process
    def client(self, service: str) -> Any:
        """Return boto3's client of a service of this cloud, as somebody who may do everything."""
        from boto3.session import Session  # noqa: PLC0415 - before it, nobody needs it

        make: Any = Session().client  # its stubs list every service by name
        return make(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=FAKE["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=FAKE["AWS_SECRET_ACCESS_KEY"],
        )

    def start(self) -> None:
        """Answer requests from now on."""
        os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._put_back = hand_over(self)
        self._models = supply(self.client)
        threading.Thread(target=self._judge, daemon=True).start()

    def run_timer(self) -> None:
        """Fire the timer by its schedule from now on."""
        threading.Thread(target=self._timer.run, daemon=True).start()

    def fire_timer(self) -> int:
        """Fire the timer now, whatever its schedule says; return how many functions that calls."""
        return self._timer.fire()

    def stop(self) -> None:
        """End every function and answer nothing any more."""
        self._stopping.set()
        self._timer.stop()
        self._functions.stop()
        if self._put_back:
            self._put_back()
        self._server.shutdown()
        self._server.server_close()

    # What moto hands over: see box.hooks.

    def invoke(self, function: LambdaFunction, payload: bytes, client_context: str) -> Outcome:
        """Run a function and wait."""
        return self._functions.invoke(function, payload, client_context)

    def later(self, function: LambdaFunction, payload: bytes) -> None:
        """Run a function soon, and tell its destination if it fails for good."""
        self._functions.later(
            function, payload, lambda event, outcome: self._failed(function, event, outcome)
        )

    def deliver(self, subscription: Subscription, event: dict[str, Any]) -> None:
        """Bring a message of a topic to a function; if that may not be, to the dead letters."""
        payload = json.dumps(event).encode()
        if not self._call_for("sns.amazonaws.com", subscription.topic.arn, subscription.endpoint, payload):
            redrive = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
            if "deadLetterTargetArn" in redrive:
                self._send(redrive["deadLetterTargetArn"], payload)

    def change(self, mapping: EventSourceMapping, function: LambdaFunction, record: dict[str, Any]) -> None:
        """Bring a change of a table to a function."""
        self._streams.take(mapping, function, record)

    # What happens by itself.

    def _fire(self, rule: str, target: str, payload: bytes) -> None:
        if not self._call_for("events.amazonaws.com", rule, target, payload):
            self._journal.say("box", f"the rule {rule} may not call {target}")

    def _call_for(self, service: str, source: str, function_arn: str, payload: bytes) -> bool:
        """Run a function for a service of AWS, if it is there and its policy invites the service."""
        backend = get_backend(self._account, REGION)
        try:
            function = backend.get_function(function_arn)
            policy = json.dumps(function.policy.get_policy()["Policy"])
        except Exception:  # noqa: BLE001 - moto's many ways to say that there is none
            return False
        call = Call(
            action="lambda:InvokeFunction",
            resource=function.function_arn,
            context={"AWS:SourceArn": source, "AWS:SourceAccount": self._account},
        )
        if not invites(policy, service, call):
            return False
        self.later(function, payload)
        return True

    def _failed(self, function: LambdaFunction, event: bytes, outcome: Outcome) -> None:
        """Tell the destination of a function of an event that it failed for good."""
        for config in function.event_invoke_config:
            destination = config.config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            role = str(function.role).rsplit("/", 1)[-1]
            if not destination or destination.split(":")[2] != "sqs":
                continue
            if self._roles.allows(role, [Call(action="sqs:SendMessage", resource=destination)]) is None:
                told = {
                    "requestContext": {"functionArn": function.function_arn, "condition": "RetriesExhausted"},
                    "requestPayload": json.loads(event),
                    "responsePayload": json.loads(outcome.payload),
                }
                self._send(destination, json.dumps(told).encode())

    def _send(self, queue_arn: str, body: bytes) -> None:
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue_arn.rsplit(":", 1)[-1])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=body.decode())

    def _judge(self) -> None:
        while not self._stopping.wait(ALARMS_EVERY):
            self._alarms.judge_all(datetime.now(UTC))

    # What can be asked and ordered below /box/.

    def _questions(self) -> dict[str, Callable[[], Any]]:
        return {
            "busy": lambda: self._functions.busy + self._streams.waiting + self._journal.unwritten,
            "permissions": lambda: [asdict(use) for use in self._roles.table()],
            "refusals": lambda: [asdict(refusal) for refusal in self._roles.refusals()],
        }

    def _orders(self) -> dict[str, Callable[[], Any]]:
        return {
            "timer": self.fire_timer,
            "alarms": lambda: self._alarms.judge_all(datetime.now(UTC)),
        }
