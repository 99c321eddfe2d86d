"""The stack as tests see it: its template, and what cdk-nag finds in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesized:
    """One stack that was synthesized."""

    template: dict[str, Any]
    findings: dict[str, Any]

    def all(self, kind: str) -> dict[str, Any]:
        """Return the properties of all resources of a kind, such as `SNS::Topic`, by logical id."""
        resources = self.template["Resources"].items()
        return {key: one.get("Properties", {}) for key, one in resources if one["Type"] == f"AWS::{kind}"}

    def by(self, field: str, kind: str) -> dict[str, Any]:
        """Return the properties of all resources of a kind, by one of them."""
        return {one[field]: one for one in self.all(kind).values()}

    def the(self, kind: str, prefix: str = "") -> Any:
        """Return the properties of the one resource of a kind whose logical id begins so."""
        [found] = [one for key, one in self.all(kind).items() if key.startswith(prefix)]
        return found

    def roles(self) -> dict[str, list[dict[str, Any]]]:
        """Return the statements of every role, by logical id."""
        return {
            key: [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
            for key, role in self.all("IAM::Role").items()
        }

    def role(self, prefix: str) -> list[dict[str, Any]]:
        """Return the statements of the role whose logical id begins so."""
        [found] = [statements for key, statements in self.roles().items() if key.startswith(prefix)]
        return found


Synth = Callable[..., Synthesized]


def listed(value: Any) -> list[Any]:
    """Return what is one or many as many."""
    return value if isinstance(value, list) else [value]


def flat(value: Any) -> str:
    """Return a text of a template with its joins joined and its references as `<name>`."""
    if isinstance(value, str):
        return value
    [(how, what)] = value.items()
    if how == "Fn::Join":
        return str(what[0]).join(flat(part) for part in what[1])
    return f"<{what if isinstance(what, str) else '.'.join(what)}>"
