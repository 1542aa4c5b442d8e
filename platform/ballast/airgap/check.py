"""Completing and judging inputs before anything is compared or made."""

import random
from dataclasses import dataclass

from pulumi.runtime.proto import provider_pb2

from ballast.airgap.failures import InvalidError
from ballast.airgap.objects import (
    AUTONAMED,
    SECRET_FIELDS,
    annotation,
    is_core_secret,
    is_true,
    metadata,
    split_token,
)
from ballast.airgap.values import UNKNOWN, plain_bag, secret, signature
from ballast.errors import BallastError
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json, mapping

_NAME_LENGTH = 54
_MODE = provider_pb2.CheckRequest.AutonamingOptions


@dataclass(frozen=True)
class Checked:
    """Inputs as they will be used, and what is wrong with them as (property, reason) pairs."""

    inputs: Json
    failures: tuple[tuple[str, str], ...] = ()


def check_object(
    request: provider_pb2.CheckRequest, news: Json, olds: Json, api: KubeApi | None
) -> Checked:
    """Give an object its name, namespace and secret marks, or say why it cannot be handled."""
    inputs = {name: value for name, value in news.items() if value is not None}
    declared = plain_bag(inputs)
    failures = _refusals(request.type, declared)
    if failures:
        return Checked(inputs, tuple(failures))
    about: object = inputs.get("metadata")
    if about is None or (mapping(about) and signature(about) is None):
        inputs["metadata"] = _placed(request, declared, mapping(about), olds, api)
    if is_core_secret(declared):
        for name in SECRET_FIELDS:
            if inputs.get(name) not in (None, UNKNOWN):
                inputs[name] = secret(inputs[name])
    return Checked(inputs)


def _refusals(token: str, declared: Json) -> list[tuple[str, str]]:
    kind, version = declared.get("kind"), declared.get("apiVersion")
    if not kind or not version:
        return [("kind", "apiVersion and kind are required")]
    named = split_token(token)[1]
    if named != kind and named == f"{kind}Patch":
        return [("kind", "the offline stand-in does not patch objects of others; declare it whole")]
    if str(kind).endswith("List") and "items" in declared:
        return [("kind", "the offline stand-in does not make lists; declare each object")]
    if metadata(declared).get("generateName") and not metadata(declared).get("name"):
        reason = "the offline stand-in applies by name; give metadata.name or leave both out"
        return [("metadata.generateName", reason)]
    return []


def _placed(
    request: provider_pb2.CheckRequest, declared: Json, given: Json, olds: Json, api: KubeApi | None
) -> Json:
    about = dict(given)
    if not about.get("name"):
        about["name"] = _kept_name(olds) or autoname(request)
        about["annotations"] = {**mapping(about.get("annotations")), AUTONAMED: "true"}
    version, kind = str(declared["apiVersion"]), str(declared["kind"])
    if api is None or UNKNOWN in (version, kind):
        return about
    try:
        found = api.resource(version, kind)
    except BallastError:
        return about  # an unreachable cluster is told by the call that cannot do without it
    if found is not None and found.namespaced and not about.get("namespace"):
        about["namespace"] = api.namespace
    return about


def _kept_name(olds: Json) -> str | None:
    old = plain_bag(olds)
    name = metadata(old).get("name")
    return str(name) if name and is_true(annotation(old, AUTONAMED)) else None


def autoname(request: provider_pb2.CheckRequest) -> str:
    """A name for a resource without one; stable within a run through the engine's seed."""
    options = request.autonaming
    if request.HasField("autonaming"):
        if options.mode == _MODE.DISABLE:
            raise InvalidError(
                f"{request.name} has no metadata.name and automatic naming is switched off",
                "give it metadata.name",
            )
        if options.proposed_name:
            return options.proposed_name
    stem = request.urn.rsplit("::", 1)[-1].lower()
    stem = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in stem)
    source = random.Random(request.randomSeed) if request.randomSeed else random.SystemRandom()  # noqa: S311
    return f"{stem[:_NAME_LENGTH].strip('-.')}-{source.getrandbits(32):08x}"
