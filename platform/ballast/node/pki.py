"""The node's authorities, certificates, keys and kubeconfigs: made once, renewed in time."""

import base64
import datetime
import secrets
import shutil
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ballast.node import addresses, certificates
from ballast.node.certificates import Signed
from ballast.node.errors import NodeError
from ballast.node.files import write_atomically
from ballast.node.kubeconfigs import kubeconfig
from ballast.node.layout import Layout

AUTHORITY_DAYS: Final = 3650
LEAF_DAYS: Final = 365
RENEW_DAYS: Final = 60
ADMINS: Final = "system:masters"

# User and group of each component that talks to the API server.
CLIENTS: Final = {
    "admin": ("ballast-admin", ADMINS),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "kubelet": (f"system:node:{addresses.NODE_NAME}", "system:nodes"),
    "kube-proxy": ("system:kube-proxy", ""),
    "netpol": ("ballast:netpol", ""),
}
API_HOSTS: Final = (
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    f"kubernetes.default.svc.{addresses.CLUSTER_DOMAIN}",
    "localhost",
    addresses.NODE_NAME,
    "127.0.0.1",
    addresses.NODE_IP,
    addresses.API_SERVICE_IP,
)


def ensure_pki(layout: Layout, api_port: int) -> None:
    """Make what is missing, renew what ends within 60 days; keys are readable by root only.

    NodeError when the keys are gone while data they encrypted is still there.
    """
    if not (layout.pki / "complete").exists():
        if (layout.data / "etcd").exists():
            raise NodeError(
                f"{layout.pki} is missing, and without its keys the data in {layout.data} "
                "cannot be read",
                fix="ballast node down --purge, then ballast node up",
            )
        _create(layout.pki)
    if _ends_soon(layout.pki / "apiserver.crt"):
        _issue_leaves(layout.pki)
    _write_kubeconfigs(layout, api_port)


def _create(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    for name in ("ca", "front-proxy-ca"):
        _save(folder, name, certificates.authority(f"ballast-{name}", AUTHORITY_DAYS))
    _service_account_key(folder)
    _write_secret(folder / "encryption.key", base64.b64encode(secrets.token_bytes(32)))
    _issue_leaves(folder)
    # Written last: a folder without it is the rest of an interrupted start.
    _write_secret(folder / "complete", b"")


def _issue_leaves(folder: Path) -> None:
    ca = _load(folder, "ca")
    front_proxy = _load(folder, "front-proxy-ca")
    node = addresses.NODE_NAME
    leaves = {
        "kubelet-server": certificates.issue(
            ca, f"system:node:{node}", LEAF_DAYS, hosts=(node, addresses.NODE_IP)
        ),
        "apiserver-kubelet": certificates.issue(ca, "kube-apiserver", LEAF_DAYS, group=ADMINS),
        "front-proxy": certificates.issue(front_proxy, "front-proxy-client", LEAF_DAYS),
    }
    for name, (user, group) in CLIENTS.items():
        leaves[name] = certificates.issue(ca, user, LEAF_DAYS, group=group)
    # Last, because its age decides whether all of them are renewed.
    leaves["apiserver"] = certificates.issue(ca, "kube-apiserver", LEAF_DAYS, hosts=API_HOSTS)
    for name, leaf in leaves.items():
        _save(folder, name, leaf)


def _write_kubeconfigs(layout: Layout, api_port: int) -> None:
    inside = f"https://{addresses.NODE_IP}:{addresses.API_PORT}"
    authority = (layout.pki / "ca.crt").read_bytes()
    for name in CLIENTS:
        text = kubeconfig(inside, authority, name, _load(layout.pki, name))
        _write_secret(layout.pki / f"{name}.kubeconfig", text.encode())
    outside = f"https://127.0.0.1:{api_port}"
    text = kubeconfig(outside, authority, "admin", _load(layout.pki, "admin"))
    _write_secret(layout.admin_kubeconfig, text.encode())


def _service_account_key(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write_secret(folder / "service-account.key", private)
    _write_secret(folder / "service-account.pub", public)


def _ends_soon(path: Path) -> bool:
    end = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    return end - datetime.datetime.now(datetime.UTC) < datetime.timedelta(days=RENEW_DAYS)


def _save(folder: Path, name: str, signed: Signed) -> None:
    _write_secret(folder / f"{name}.key", signed.key_pem)
    _write_secret(folder / f"{name}.crt", signed.certificate_pem)


def _load(folder: Path, name: str) -> Signed:
    key = (folder / f"{name}.key").read_bytes()
    return certificates.load(key, (folder / f"{name}.crt").read_bytes())


def _write_secret(path: Path, content: bytes) -> None:
    write_atomically(path, content.decode(), 0o600)
