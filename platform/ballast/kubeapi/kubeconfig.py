"""Reading a kubeconfig: from a path or from text, with data inline or in files beside it."""

import base64
import binascii
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from ballast.errors import BallastError
from ballast.kubeapi.shape import Json, mapping, mappings, sequence

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FIX = "point KUBECONFIG at a kubeconfig that `kubectl --kubeconfig <file> get ns` accepts"


@dataclass(frozen=True)
class ExecPlugin:
    """A program that prints an ExecCredential: how managed clouds hand out short-lived tokens."""

    command: str
    args: tuple[str, ...]
    env: dict[str, str]
    api_version: str


@dataclass(frozen=True)
class Endpoint:
    """One cluster as one user: where it is, how to trust it, how to be recognised by it."""

    server: str
    context: str
    namespace: str
    ca: bytes | None = None
    tls_server_name: str | None = None
    verify: bool = True
    client_certificate: bytes | None = field(default=None, repr=False)
    client_key: bytes | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    basic: tuple[str, str] | None = field(default=None, repr=False)
    plugin: ExecPlugin | None = None
    text: str = field(default="", repr=False)
    path: Path | None = None


def is_inline(value: str) -> bool:
    """Whether a kubeconfig setting holds the document itself and not a path to it."""
    return "\n" in value or value.lstrip().startswith("{")


def load_kubeconfig(
    path_or_text: str | Path,
    context: str | None = None,
    *,
    cluster: str | None = None,
    namespace: str | None = None,
) -> Endpoint:
    """Resolve a kubeconfig to one endpoint; BallastError names the missing or broken part."""
    path: Path | None = None
    if isinstance(path_or_text, str) and is_inline(path_or_text):
        text, base = path_or_text, Path.cwd()
    else:
        path = Path(path_or_text).expanduser()
        try:
            text, base = path.read_text(), path.resolve().parent
        except OSError as error:
            raise BallastError(f"kubeconfig {path}: {error.strerror}", _FIX) from error
    try:
        document: Any = yaml.load(text, _LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise BallastError(f"kubeconfig is not YAML: {error}", _FIX) from error
    if not isinstance(document, dict):
        raise BallastError("kubeconfig is not a mapping", _FIX)
    config = mapping(cast("object", document))
    chosen = context or str(config.get("current-context") or "")
    entry = _named(config, "contexts", "context", chosen)
    target = _named(config, "clusters", "cluster", cluster or str(entry.get("cluster") or ""))
    user = _named(config, "users", "user", str(entry["user"])) if entry.get("user") else {}
    if not target.get("server"):
        raise BallastError(f"kubeconfig context {chosen!r} names a cluster without a server", _FIX)
    token_file = base / str(user["tokenFile"]) if user.get("tokenFile") else None
    return Endpoint(
        server=str(target["server"]).rstrip("/"),
        context=chosen,
        namespace=namespace or str(entry.get("namespace") or "default"),
        ca=_material(target, "certificate-authority", base),
        tls_server_name=target.get("tls-server-name"),
        verify=not target.get("insecure-skip-tls-verify", False),
        client_certificate=_material(user, "client-certificate", base),
        client_key=_material(user, "client-key", base),
        token=user.get("token"),
        token_file=token_file,
        basic=(str(user["username"]), str(user.get("password") or ""))
        if user.get("username")
        else None,
        plugin=_plugin(user.get("exec"), base),
        text=text,
        path=path,
    )


def _named(config: Json, section: str, key: str, name: str) -> Json:
    for item in mappings(config.get(section)):
        if item.get("name") == name:
            return mapping(item.get(key))
    known = ", ".join(str(item.get("name")) for item in mappings(config.get(section))) or "none"
    raise BallastError(f"kubeconfig has no {key} {name!r} (it has: {known})", _FIX)


def _material(holder: Json, key: str, base: Path) -> bytes | None:
    inline = holder.get(f"{key}-data")
    if inline:
        try:
            return base64.b64decode(str(inline), validate=True)
        except binascii.Error as error:
            raise BallastError(f"kubeconfig field {key}-data is not base64", _FIX) from error
    if not holder.get(key):
        return None
    path = base / str(holder[key])
    try:
        return path.read_bytes()
    except OSError as error:
        raise BallastError(f"kubeconfig field {key}: {path}: {error.strerror}", _FIX) from error


def _plugin(spec: Json | None, base: Path) -> ExecPlugin | None:
    if not spec:
        return None
    command = str(spec["command"])
    if "/" in command:  # a relative command counts from the kubeconfig, a bare name from PATH
        command = str(base / command)
    return ExecPlugin(
        command=command,
        args=tuple(str(arg) for arg in sequence(spec.get("args"))),
        env={str(item["name"]): str(item["value"]) for item in mappings(spec.get("env"))},
        api_version=str(spec.get("apiVersion") or "client.authentication.k8s.io/v1"),
    )
