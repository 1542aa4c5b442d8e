"""Evaluates a Kyverno ValidatingPolicy on an object, with the CEL that Kyverno would run.

One file is the source for admission, for CI over rendered manifests and for the preview of a
Pulumi program; so a policy stays in the part of CEL that all of them understand.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from cel_expr_python import cel
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ballast.errors import BallastError

API_VERSION: Final = "policies.kyverno.io/v1"
# The kinds that make pods; a policy names resources, an object names its kind.
RESOURCES: Final = {
    ("v1", "Pod"): ("", "pods"),
    ("apps/v1", "Deployment"): ("apps", "deployments"),
    ("apps/v1", "StatefulSet"): ("apps", "statefulsets"),
    ("apps/v1", "DaemonSet"): ("apps", "daemonsets"),
    ("apps/v1", "ReplicaSet"): ("apps", "replicasets"),
    ("batch/v1", "Job"): ("batch", "jobs"),
    ("batch/v1", "CronJob"): ("batch", "cronjobs"),
}
Object = Mapping[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class _Variable(_Part):
    name: str
    expression: str


class _Validation(_Part):
    expression: str
    message: str


class _Rule(_Part):
    groups: list[str] = Field(alias="apiGroups")
    versions: list[str] = Field(alias="apiVersions")
    resources: list[str]
    operations: list[str]


class _Constraints(_Part):
    namespace_selector: dict[str, Any] = Field(default_factory=dict, alias="namespaceSelector")
    rules: list[_Rule] = Field(alias="resourceRules")


class _Spec(_Part):
    actions: list[Annotated[str, Field(pattern="^(Deny|Audit|Warn)$")]] = Field(
        alias="validationActions"
    )
    constraints: _Constraints = Field(alias="matchConstraints")
    variables: list[_Variable] = Field(default_factory=list[_Variable])
    validations: list[_Validation] = Field(min_length=1)


class Policy:
    """A compiled policy."""

    def __init__(self, name: str, spec: _Spec) -> None:
        """Compile every expression; BallastError for one that is not CEL."""
        self.name = name
        self.spec = spec
        self._environment = cel.NewEnv(
            variables={"object": cel.Type.DYN, "variables": cel.Type("map<string, dyn>")}
        )
        self._variables = [(v.name, self._compile(v.expression)) for v in spec.variables]
        self._validations = [(v.message, self._compile(v.expression)) for v in spec.validations]

    def matches(self, obj: Object) -> bool:
        """Whether the policy is about objects of this kind (in whatever namespace)."""
        known = RESOURCES.get((str(obj.get("apiVersion")), str(obj.get("kind"))))
        if known is None:
            return False
        group, resource = known
        rules = self.spec.constraints.rules
        return any(group in rule.groups and resource in rule.resources for rule in rules)

    def refusals(self, obj: Object) -> list[str]:
        """Message of each validation that the object fails; what cannot be evaluated fails too."""
        if not self.matches(obj):
            return []
        variables: dict[str, Any] = {}
        data: dict[str, Any] = {"object": dict(obj), "variables": variables}
        for name, program in self._variables:
            value = program.eval(data=data)
            if value.type() == cel.Type.ERROR:
                return [f"{self.name} cannot read {name} of this object: {value.plain_value()}"]
            variables[name] = value.plain_value()
        refused: list[str] = []
        for message, program in self._validations:
            if program.eval(data=data).plain_value() is not True:
                refused.append(" ".join(message.split()))
        return refused

    def _compile(self, expression: str) -> cel.Expression:
        try:
            return self._environment.compile(expression)
        except Exception as error:
            raise BallastError(
                f"policy {self.name}: not in the CEL that every checker understands: {error}",
                fix="use has(), all(), exists() and plain operators",
            ) from error


@lru_cache(maxsize=64)
def _compiled(text: str, source: str) -> Policy:
    document: Any = yaml.safe_load(text)
    if not isinstance(document, dict) or document.get("apiVersion") != API_VERSION:  # pyright: ignore[reportUnknownMemberType]
        raise BallastError(f"{source} is not a ValidatingPolicy of {API_VERSION}")
    try:
        spec = _Spec.model_validate(document["spec"])
    except (KeyError, ValidationError) as error:
        raise BallastError(f"{source}: not a policy that we can evaluate: {error}") from error
    return Policy(Path(source).stem, spec)


def evaluate(policy_path: Path, obj: Object) -> list[str]:
    """Why a policy refuses an object, empty when it does not; BallastError for a bad policy."""
    return _compiled(policy_path.read_text(), str(policy_path)).refusals(obj)
