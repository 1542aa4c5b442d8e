"""The broker's own certificate authority, and the seed that its users' passwords come from."""

import base64
import hashlib
import hmac
from typing import Final

from ballast import names
from ballast.components.credentials import random_text
from ballast.components.objects import Manifest
from ballast.node.certificates import authority, issue

SECRET: Final = names.BROKER_AUTHORITY
SEED: Final = "seed"
CA: Final = "ca.crt"
# What the certificates name: the brokers to each other, and who sets users and rights.
BROKER: Final = "redpanda"
ADMINISTRATOR: Final = "broker-administrator"
DAYS: Final = 1825


def fresh() -> dict[str, str]:
    """A new authority with what it signed, and a seed. Its own key is forgotten at once.

    `broker.pem` is key and certificate in one file, as Kafka reads them.
    """
    signer = authority("ballast-broker", DAYS)
    host = names.BROKER_HOST
    hosts = (host, f"*.{host}", host.removesuffix(".cluster.local"), "localhost", "127.0.0.1")
    broker = issue(signer, BROKER, DAYS, hosts=hosts, peer=True)
    administrator = issue(signer, ADMINISTRATOR, DAYS)
    return {
        CA: signer.certificate_pem.decode(),
        "broker.crt": broker.certificate_pem.decode(),
        "broker.key": broker.key_pem.decode(),
        "broker.pem": (broker.key_pem + broker.certificate_pem).decode(),
        "admin.crt": administrator.certificate_pem.decode(),
        "admin.key": administrator.key_pem.decode(),
        SEED: random_text(),
    }


def volume(*keys: str) -> Manifest:
    """Volume `tls` of a pod, with these keys of the Secret only."""
    items = [{"key": key, "path": key} for key in keys]
    return {"name": "tls", "secret": {"secretName": SECRET, "items": items}}


def password(seed: str, user: str, generation: int) -> str:
    """The password of a user: HMAC-SHA-256 of its name and generation under the seed."""
    digest = hmac.new(seed.encode(), f"{user}/{generation}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
