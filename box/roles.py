"""The roles of the deployed functions: their credentials, what they may do, and what they did.

moto knows the policies, resolved by its CloudFormation; its own enforcement looks at neither resources nor
conditions, so the decision is made here, in front of it.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.iam.exceptions import NotFoundException
from moto.iam.models import ManagedPolicy, Role, iam_backends
from moto.sns.models import sns_backends
from moto.sts.models import sts_backends

from box.policies import ALLOW, Call, Decision, Permission, Statement, decide, statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What signs the requests of one role."""

    access_key: str
    secret_key: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A line of the table of permissions: what a role may do, and how often it did."""

    role: str
    action: str
    resource: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A call that a role made and was not allowed."""

    role: str
    action: str
    resource: str
    reason: str


class Roles:
    """Gives credentials for roles, and decides on each call that is signed with them."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region
        self._lock = threading.Lock()
        self._credentials: dict[str, Credentials] = {}
        self._names: dict[str, str] = {}
        self._used: Counter[tuple[str, Permission]] = Counter()
        self._refused: list[Refusal] = []

    def credentials(self, role_arn: str) -> Credentials:
        """Return credentials of a role, the same ones each time. The role need not exist yet."""
        with self._lock:
            if role_arn not in self._credentials:
                given = sts_backends[self._account]["aws"].assume_role(
                    region_name=self._region,
                    role_session_name="box",
                    role_arn=role_arn,
                    policy="",
                    duration=43200,
                    external_id="",
                )
                name = role_arn.rsplit("/", 1)[-1]
                self._names[given.access_key_id] = name
                self._credentials[role_arn] = Credentials(
                    access_key=given.access_key_id,
                    secret_key=given.secret_access_key,
                    token=given.session_token,
                )
            return self._credentials[role_arn]

    def holder(self, access_key: str) -> str | None:
        """Return the name of the role that an access key was made for; None for everybody else."""
        return self._names.get(access_key)

    def allows(self, role: str, calls: Iterable[Call]) -> Refusal | None:
        """Decide on what a role wants to do, and remember it; None means that all of it is allowed."""
        policy, boundary, arn = self._policies(role)
        for call in calls:
            context = {**call.context, **self._tags(call.resource), "aws:PrincipalArn": arn}
            asked = replace(call, context=context)
            decision = decide([*policy, *self._of_resource(asked, arn)], asked)
            if decision.allowed and boundary is not None:
                within = decide(boundary, asked)
                decision = decision if within.allowed else within
            refusal = self._remember(role, call, decision)
            if refusal:
                return refusal
        return None

    def table(self) -> list[Use]:
        """Return every permission of every role that was given credentials, with its uses."""
        return [
            Use(role=role, action=p.action, resource=p.resource, times=self._used[role, p])
            for role in sorted(set(self._names.values()))
            for p in self._given(role)
        ]

    def refusals(self) -> list[Refusal]:
        """Return every call that was refused."""
        return list(self._refused)

    def _remember(self, role: str, call: Call, decision: Decision) -> Refusal | None:
        with self._lock:
            for permission in decision.used:
                self._used[role, permission] += 1
            if decision.allowed:
                return None
            refusal = Refusal(role=role, action=call.action, resource=call.resource, reason=decision.reason)
            self._refused.append(refusal)
            return refusal

    def _given(self, role: str) -> list[Permission]:
        policy, _, _ = self._policies(role)
        given = [p for statement in policy if statement.effect == ALLOW for p in statement.permissions()]
        return list(dict.fromkeys(given))

    def _of_resource(self, call: Call, arn: str) -> list[Statement]:
        """Return what the policy of the topic itself says about a role; other resources here have none."""
        topic = sns_backends[self._account][self._region].topics.get(call.resource)
        if topic is None:
            return []
        return [s for s in statements(_text(topic.policy)) if "*" in s.principals or arn in s.principals]

    def _tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a function as conditions look at them; other resources here have none."""
        if ":function:" not in arn:
            return {}
        try:
            function = lambda_backends[self._account][self._region].get_function(arn)
        except UnknownFunctionException:
            return {}
        return {f"aws:ResourceTag/{key}": value for key, value in (function.tags or {}).items()}

    def _policies(self, name: str) -> tuple[list[Statement], list[Statement] | None, str]:
        """Return all statements of a role, those of its boundary if it has one, and its ARN."""
        backend = iam_backends[self._account]["aws"]
        try:
            role: Role = backend.get_role(name)
        except NotFoundException:
            return [], None, ""
        documents = [*role.policies.values(), *map(_managed, role.managed_policies.values())]
        own = [statement for document in documents for statement in statements(_text(document))]
        if not role.permissions_boundary_arn:
            return own, None, role.arn
        boundary = backend.managed_policies[role.permissions_boundary_arn]
        return own, list(statements(_managed(boundary))), role.arn


def _managed(policy: ManagedPolicy) -> str:
    """Return the document of a managed policy's version that counts."""
    return next(v.document for v in policy.versions if v.version_id == policy.default_version_id)


def _text(document: str | dict[str, Any]) -> str:
    """Return a policy document as text; moto keeps some in one form and some in the other."""
    return document if isinstance(document, str) else json.dumps(document)
