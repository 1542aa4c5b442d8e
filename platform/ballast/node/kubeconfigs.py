"""Kubeconfig files with client certificates inside."""

import base64
import json

from ballast.node.certificates import Signed

CONTEXT = "ballast"


def kubeconfig(server: str, authority: bytes, user: str, client: Signed) -> str:
    """A kubeconfig (JSON, which is YAML) for one user of the API at `server`.

    `authority` is the PEM certificate that must have signed the server's.
    """
    cluster = {"server": server, "certificate-authority-data": _encode(authority)}
    credentials = {
        "client-certificate-data": _encode(client.certificate_pem),
        "client-key-data": _encode(client.key_pem),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": user}}],
        "current-context": CONTEXT,
    }
    return json.dumps(document, indent=1)


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()
