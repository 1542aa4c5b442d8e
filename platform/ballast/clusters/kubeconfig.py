"""Kubeconfigs that hold no credential: a program on the caller's machine fetches a fresh one."""

import json
from collections.abc import Mapping, Sequence


def exec_kubeconfig(
    *,
    name: str,
    server: str,
    command: str,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    certificate_authority: str | None = None,
    install_hint: str = "",
) -> str:
    """A kubeconfig (JSON, which is YAML) whose user runs `command` for a short-lived token.

    `certificate_authority` is base64 PEM; leave it out when the endpoint has a public certificate.
    """
    cluster = {"server": server}
    if certificate_authority:
        cluster["certificate-authority-data"] = certificate_authority
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": command,
        "args": list(arguments),
        "env": [{"name": key, "value": value} for key, value in (environment or {}).items()],
        "interactiveMode": "Never",
        "provideClusterInfo": True,
        "installHint": install_hint,
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"exec": plugin}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )
