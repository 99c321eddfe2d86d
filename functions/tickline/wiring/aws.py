"""A deployment: DynamoDB, SNS and the targets that its stack allows. Each function asks for what it needs."""

import json
import logging
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from tickline.settings import Precision, Settings

if TYPE_CHECKING:
    from tickline.addresses import Home
    from tickline.admin import Admin
    from tickline.allowed import Allowed
    from tickline.functions.model import NoFunctions
    from tickline.invoke import Invoke
    from tickline.ports import Functions, Store, Target, Targets
    from tickline.tick import Tick

# Everything is imported where it is chosen: what a function does not use costs it no cold start.
# ruff: noqa: PLC0415

log = logging.getLogger(__name__)

LEAD = timedelta(milliseconds=1500)
"""How long before its instant a doorbell is published: SNS and the start of an invoke fit in."""

CONNECTIONS = 100
"""An invoke answers up to a hundred doorbells at the same time."""


def store(settings: Settings, *, reads: range | None = None) -> "Store":
    """Return the deployment's store; `reads`: the shards in which it looks for what is due."""
    from tickline.store.dynamodb import DynamoStore
    from tickline.store.dynamodb_tables import Tables

    tables = Tables(jobs=settings.jobs_table, timeline=settings.timeline_table, runs=settings.runs_table)
    return DynamoStore(_dynamodb(settings.region), tables, shards=settings.shards, reads=reads)


def tick(settings: Settings, store: "Store") -> "Tick":
    """Return the tick over a store."""
    from tickline.dispatch.sns import SnsDispatcher
    from tickline.tick import Tick

    lead = LEAD if settings.precision is Precision.SECOND else timedelta(0)
    return Tick(store=store, dispatcher=SnsDispatcher.of_topic(settings.topic_arn), lead=lead)


def invoke(settings: Settings) -> "Invoke":
    """Return the invoke of a deployment."""
    from tickline.clocks import SystemClock
    from tickline.invoke import Invoke

    return Invoke(store=store(settings), targets=targets(settings), clock=SystemClock())


def admin(settings: Settings) -> "Admin":
    """Return the admin of a deployment."""
    from tickline.admin import Admin
    from tickline.clocks import SystemClock

    return Admin(
        store=store(settings),
        clock=SystemClock(),
        allowed=allowed(settings),
        functions=functions(settings),
        hurry=partial(hurry, settings),
    )


def functions(settings: Settings) -> "Functions | NoFunctions":
    """Return what makes functions, where the stack was deployed with that."""
    if not settings.functions_role:
        from tickline.functions.model import NOT_ENABLED

        return NOT_ENABLED
    from tickline.functions_aws.functions import LambdaFunctions

    return LambdaFunctions(role_arn=settings.functions_role, stack=settings.stack, region=settings.region)


def targets(settings: Settings) -> "Targets":
    """Return the targets of a deployment: all kinds, fenced by what the stack allows."""
    from tickline.targets import TargetsByScheme
    from tickline.targets.aws_lambda import LambdaTarget
    from tickline.targets.aws_services import aws_targets
    from tickline.targets.bundled import BundledTarget
    from tickline.targets.http import HttpTarget

    kinds: dict[str, Target] = {
        "python": BundledTarget(),
        "lambda": LambdaTarget(region=settings.region),
        "http": HttpTarget(),
        **aws_targets(_home(settings)),
    }
    return TargetsByScheme(kinds, allowed=allowed(settings))


def allowed(settings: Settings) -> "Allowed":
    """Return which targets the stack allows."""
    from tickline.allowed import Allowed

    return Allowed.of(settings.targets, home=_home(settings), stack=settings.stack)


def _home(settings: Settings) -> "Home":
    from tickline.addresses import Home

    return Home(account=settings.account, region=settings.region, partition=settings.partition)


def shards_of(settings: Settings, job_id: str) -> range:
    """Return the one shard that has the entries of a job."""
    from tickline.store.dynamodb_tables import shard_of

    shard = shard_of(job_id, settings.shards)
    return range(shard, shard + 1)


def hurry(settings: Settings, job_id: str) -> None:
    """Ask for a tick of one job, whose entries came after the timer's last tick had looked.

    If that fails, the timer's next tick finds them.
    """
    try:
        _lambda(settings.region).invoke(
            FunctionName=f"{settings.stack}-tick",
            InvocationType="Event",
            Payload=json.dumps({"job_id": job_id}),
        )
    except Exception as error:  # noqa: BLE001 - nothing depends on it
        log.warning("tick not hurried", extra={"job_id": job_id, "error": type(error).__name__})


@cache
def _lambda(region: str) -> Any:
    from boto3.session import Session
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 2}, connect_timeout=1, read_timeout=3)
    return Session().client("lambda", region_name=region, config=config)


@cache
def _dynamodb(region: str) -> Any:
    """Make the client, once in the life of a process."""
    from boto3.session import Session
    from botocore.config import Config

    # Bounded, so that a function survives a deaf DynamoDB: what it did not do stays due.
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=1,
        read_timeout=3,
        tcp_keepalive=True,
        max_pool_connections=CONNECTIONS,
    )
    return Session().client("dynamodb", region_name=region, config=config)
