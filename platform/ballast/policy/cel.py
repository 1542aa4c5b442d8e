"""Evaluate an admission policy, Kyverno's or the API server's own, without a cluster."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import yaml
from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from ballast.errors import BallastError

_INPUTS: Final = ("object", "oldObject", "request", "namespaceObject", "params", "variables")
_KINDS: Final = ("ValidatingPolicy", "ValidatingAdmissionPolicy")
Object = Mapping[str, Any]


class PolicyError(BallastError):
    """A policy that cannot be read, compiled or evaluated."""


def evaluate(
    policy_file: Path,
    obj: Object,
    *,
    old: Object | None = None,
    params: Object | None = None,
    user: str = "",
) -> list[str]:
    """Messages of the validations that `obj` fails; none when it passes or is not concerned.

    With `old` the request is an update. `params` is the object that a binding would find, `user`
    is the name of who asks. A policy's namespaceSelector is not looked at: whoever calls decides
    which objects to show it.
    Raises PolicyError when an expression is wrong or meets a value it did not expect.
    """
    policy = _load(policy_file)
    spec = policy["spec"]
    if not _concerns(spec["matchConstraints"], obj):
        return []
    request = {"operation": "UPDATE" if old else "CREATE", "userInfo": {"username": user}}
    known: dict[str, Any] = {"object": obj, "oldObject": old, "variables": {}}
    known |= {"request": request, "params": params}
    where = policy_file.name
    for condition in spec.get("matchConditions", ()):
        if not _value(condition["expression"], known, f"{where}: condition {condition['name']}"):
            return []
    for variable in spec.get("variables", ()):
        name = variable["name"]
        value = _value(variable["expression"], known, f"{where}: variable {name}")
        known["variables"] = known["variables"] | {name: value}
    messages: list[str] = []
    for number, validation in enumerate(spec["validations"], start=1):
        rule = f"{where}: validation {number}"
        if _value(validation["expression"], known, rule) is not True:
            messages.append(_message(validation, known, rule))
    return messages


def _message(validation: Object, known: dict[str, Any], rule: str) -> str:
    if "messageExpression" in validation:
        return str(_value(validation["messageExpression"], known, rule))
    return str(validation.get("message") or f"failed: {validation['expression']}")


def _concerns(constraints: Object, obj: Object) -> bool:
    """Whether a rule of the policy names this kind of object."""
    group, _, _ = str(obj["apiVersion"]).rpartition("/")
    resource = f"{str(obj['kind']).lower()}s"
    return any(
        {group, "*"} & set(rule["apiGroups"]) and {resource, "*"} & set(rule["resources"])
        for rule in constraints["resourceRules"]
    )


def _value(expression: str, known: dict[str, Any], where: str) -> Any:
    try:
        found = _compile(expression).eval(data=known)
        value: object = found.plain_value()
        failed = found.type() == cel.Type.ERROR
    except RuntimeError as error:
        raise PolicyError(f"{where}: {error}", fix="correct the expression") from error
    if failed:
        raise PolicyError(f"{where}: {value}", fix="guard the field with has()")
    return value


@cache
def _compile(expression: str) -> cel.Expression:
    return _environment().compile(expression)


@cache
def _environment() -> cel.Env:
    return cel.NewEnv(
        variables=dict.fromkeys(_INPUTS, cel.Type.DYN),
        extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings()],
    )


@cache
def _load(policy_file: Path) -> dict[str, Any]:
    try:
        document: object = yaml.safe_load(policy_file.read_text())
    except FileNotFoundError as error:
        raise PolicyError(f"there is no policy at {policy_file}") from error
    policy = cast("dict[str, Any]", document)
    if policy.get("kind") not in _KINDS:
        raise PolicyError(f"{policy_file} holds no admission policy", fix="see policies/admission")
    return policy
