"""The typed settings of one stack: what Pulumi.<stack>.yaml may say, and the fix if wrong."""

import difflib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from ballast.errors import BallastError

PROJECT: Final = "ballast"

# One supported minor release on every stack (PLAT-06); clouds add their own suffix to it.
_SUPPORTED_MINOR: Final = r"^v?1\.34($|[.-])"

Environment = Literal["dev", "staging", "prod"]


class SettingsError(BallastError):
    """A stack file that says too little, too much or something else than we can read."""


class Model(BaseModel):
    """Base of every settings model: frozen, and a key nobody reads is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False
    )


class VaultSeal(Model):
    """Auto-unseal of Vault: type, options, and variables taken from Secret vault/vault-seal."""

    type: Literal["transit", "gcpckms", "azurekeyvault", "awskms"]
    options: dict[str, str] = Field(default_factory=dict)
    secret_environment: tuple[str, ...] = ()


class CommonSettings(Model):
    """What every kind of stack may set."""

    stack: str
    environments: tuple[Environment, ...] = ("dev", "staging")
    domain: str = Field(default="todo.local", examples=["todo.example.com"])
    # Another number gives every user of the broker another password.
    broker_password_generation: int = Field(default=1, ge=1, examples=[2])


class EmbeddedSettings(CommonSettings):
    """The one-node cluster that Ballast boots itself: nothing to choose."""

    kind: Literal["embedded"]
    vault_seal: VaultSeal | None = None


class MinikubeSettings(CommonSettings):
    """A Minikube profile of our own, sized by PLAT-05."""

    kind: Literal["minikube"]
    cpus: int = Field(default=4, ge=4, examples=[4])
    memory_mib: int = Field(default=8192, ge=8192, examples=[8192])
    driver: str = Field(default="docker", examples=["docker"])
    kubernetes_version: str = Field(
        default="v1.34.0", pattern=_SUPPORTED_MINOR, examples=["v1.34.0"]
    )
    vault_seal: VaultSeal | None = None


class CloudSettings(CommonSettings):
    """What the three managed clusters have in common."""

    cluster_name: str = Field(default="todo-production", examples=["todo-production"])
    kubernetes_version: str = Field(pattern=_SUPPORTED_MINOR, examples=["1.34"])
    node_size: str = Field(examples=["s-4vcpu-8gb"])
    min_nodes: int = Field(default=3, ge=3, examples=[3])
    max_nodes: int = Field(default=6, ge=3, examples=[6])
    vault_seal: VaultSeal = Field(examples=['{"type": "transit", "options": {"address": "…"}}'])


class GuardedByAddress(CloudSettings):
    """A cloud whose API server is open only to these networks (GKE asks IAM instead)."""

    operator_cidrs: tuple[str, ...] = Field(min_length=1, examples=['["203.0.113.0/24"]'])


class DoksSettings(GuardedByAddress):
    """DigitalOcean Kubernetes."""

    kind: Literal["doks"]
    region: str = Field(examples=["fra1"])


class GkeSettings(CloudSettings):
    """Google Kubernetes Engine, Standard and regional."""

    kind: Literal["gke"]
    project: str = Field(examples=["my-project-123"])
    region: str = Field(examples=["europe-west3"])


class AksSettings(GuardedByAddress):
    """Azure Kubernetes Service."""

    kind: Literal["aks"]
    location: str = Field(examples=["westeurope"])
    admin_group_ids: tuple[str, ...] = Field(
        min_length=1, examples=['["00000000-0000-0000-0000-000000000000"]']
    )


Settings = EmbeddedSettings | MinikubeSettings | DoksSettings | GkeSettings | AksSettings
_MODELS: Final[Mapping[str, type[CommonSettings]]] = {
    "embedded": EmbeddedSettings,
    "minikube": MinikubeSettings,
    "doks": DoksSettings,
    "gke": GkeSettings,
    "aks": AksSettings,
}
KINDS: Final = tuple(_MODELS)
_ADAPTER: Final[TypeAdapter[Settings]] = TypeAdapter(
    Annotated[Settings, Field(discriminator="kind")]
)


def load_settings(stack: str, config: Mapping[str, str]) -> Settings:
    """Read the settings of `stack` from Pulumi's flat config (`ballast:key` to text or JSON).

    The kind is ballast:kind, or the stack's own name when that names a kind.
    Raises SettingsError with the command that mends the first thing that is wrong.
    """
    own = {k.partition(":")[2]: v for k, v in config.items() if k.startswith(f"{PROJECT}:")}
    kind = own.pop("kind", stack)
    if kind not in _MODELS:
        raise SettingsError(
            f"stack '{stack}' has no kind of cluster that we know: '{kind}'",
            fix=f"set ballast:kind to one of {', '.join(KINDS)}, "
            f"for example: pulumi config set ballast:kind embedded -s {stack}",
        )
    values: dict[str, Any] = {key: _decode(stack, key, text) for key, text in own.items()}
    try:
        return _ADAPTER.validate_python(values | {"kind": kind, "stack": stack})
    except ValidationError as error:
        raise _explain(stack, _MODELS[kind], error) from error


def _decode(stack: str, key: str, text: str) -> Any:
    """Lists and objects arrive as JSON; everything else is left to the model."""
    if text[:1] not in {"[", "{"}:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise SettingsError(
            f"stack '{stack}' sets ballast:{key} to broken JSON: {error}",
            fix=f"quote it whole: pulumi config set ballast:{key} '[\"…\"]' -s {stack}",
        ) from error


def _explain(stack: str, model: type[CommonSettings], error: ValidationError) -> SettingsError:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"][1:]]
    key = path[0] if path else "kind"
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    example = next(iter(fields[key].examples or ()), None) if key in fields else None
    hint = f", for example {example}" if example is not None else ""
    if first["type"] == "missing" and len(path) == 1:
        return SettingsError(
            f"stack '{stack}' has no {key}; set ballast:{key}{hint}",
            fix=f"pulumi config set ballast:{key} {example or '<value>'} -s {stack}",
        )
    if first["type"] == "extra_forbidden" and len(path) == 1:
        known = sorted(set(fields) - {"kind", "stack"})
        close = difflib.get_close_matches(key, known, n=1)
        guess = f"did you mean ballast:{close[0]}? " if close else ""
        return SettingsError(
            f"stack '{stack}' sets ballast:{key}, which nothing reads",
            fix=f"{guess}remove it with: pulumi config rm ballast:{key} -s {stack}; "
            f"known keys: {', '.join(known)}",
        )
    where = ":".join(["ballast", ".".join(path)])
    given = cast("object", first["input"])
    return SettingsError(
        f"stack '{stack}' sets {where} to {given!r}: {first['msg'].lower()}",
        fix=f"set ballast:{key}{hint}",
    )
