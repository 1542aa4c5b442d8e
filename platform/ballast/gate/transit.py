"""The gate's key in Vault's transit engine: Vault signs with it and never gives it out.

securesystemslib has a signer for Vault. It takes its login from the environment, asks through
whatever proxy is set there, and needs a client library beside ours; a signature is one request.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.signer import (
    Key,  # pyright: ignore[reportPrivateImportUsage]
    SecretsHandler,  # pyright: ignore[reportPrivateImportUsage]
    Signature,  # pyright: ignore[reportPrivateImportUsage]
    Signer,  # pyright: ignore[reportPrivateImportUsage]
    SSlibKey,  # pyright: ignore[reportPrivateImportUsage]
)

from ballast.errors import BallastError
from ballast.gate.custody import CUSTODY, custody_in_vault
from ballast.kubeapi.shape import Json, mapping, sequence
from ballast.names import GATE_KEY, GATE_ROTATOR, GATE_SIGNER

REQUEST_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.5
NO_OTHER: Final = "No other key signs in its place."


class UnavailableError(BallastError):
    """Vault cannot answer now: it is sealed, starting, or out of reach."""


@dataclass(frozen=True)
class Transit:
    """One Vault as the gate's accounts see it.

    `jwt` gives a token of a ServiceAccount for Vault's audience. Each call signs in anew, so no
    token outlives it by more than five minutes. `patience`, in seconds, bounds the wait for a Vault
    that is sealed or out of reach; what it refuses is not asked again.
    """

    url: str
    jwt: Callable[[str], str]
    key: str = GATE_KEY
    patience: float = 0.0

    def versions(self) -> dict[int, Key]:
        """The public half of each version of the key, oldest first."""
        found = mapping(self._call(GATE_SIGNER, "GET", f"transit/keys/{self.key}").get("keys"))
        return {
            number: self._public(number, str(mapping(found[str(number)]).get("public_key")))
            for number in sorted(map(int, found))
        }

    def sign(self, version: int, payload: bytes) -> bytes:
        """The signature of a version of the key."""
        body = {"input": base64.b64encode(payload).decode(), "key_version": version}
        answer = self._call(GATE_SIGNER, "POST", f"transit/sign/{self.key}", body)
        # vault:v<version>:<signature>
        return base64.b64decode(str(answer.get("signature")).rpartition(":")[2])

    def rotate(self) -> None:
        """Make a new version; the old ones can still sign."""
        self._call(GATE_ROTATOR, "POST", f"transit/keys/{self.key}/rotate", {})

    def _public(self, version: int, encoded: str) -> Key:
        crypto = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded))
        key = SSlibKey.from_crypto(crypto)
        key.unrecognized_fields[CUSTODY] = custody_in_vault(self.key, version)
        return key

    def _call(self, account: str, method: str, path: str, body: Any = None) -> Json:
        """Sign in and make one request; the `data` of its answer."""
        end = time.monotonic() + self.patience
        while True:
            try:
                with httpx.Client(timeout=REQUEST_SECONDS, trust_env=False) as client:
                    login = {"role": account, "jwt": self.jwt(account)}
                    signed_in = self._request(client, "POST", "auth/jwt/login", login)
                    token = str(mapping(signed_in.get("auth")).get("client_token"))
                    client.headers["X-Vault-Token"] = token
                    return mapping(self._request(client, method, path, body).get("data"))
            except UnavailableError:
                if time.monotonic() > end:
                    raise
                time.sleep(POLL_SECONDS)

    def _request(self, client: httpx.Client, method: str, path: str, body: Any) -> Json:
        try:
            answer = client.request(method, f"{self.url}/v1/{path}", json=body)
        except httpx.TransportError as error:
            raise UnavailableError(
                f"Vault signs the gate's evidence and does not answer at {self.url}: {error}",
                f"Bring it back: make up; kubectl -n vault get pods. {NO_OTHER}",
            ) from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise UnavailableError(
                f"Vault signs the gate's evidence and cannot: {_said(answer)}",
                "Its custodian opens it and says what is in the way: "
                f"kubectl -n vault logs deploy/vault-custodian; docs/vault.md. {NO_OTHER}",
            )
        if answer.is_error:
            raise BallastError(
                f"Vault refuses the gate's key {self.key}: {method} {path}: {_said(answer)}",
                "The key and who may use it are written by the platform's custodian: make up, then "
                f"kubectl -n vault logs deploy/vault-custodian. {NO_OTHER}",
            )
        return mapping(answer.json()) if answer.content else {}


class TransitSigner(Signer):
    """Signs with one version of the key, so that its name and its signatures belong together."""

    def __init__(self, vault: Transit, version: int, key: Key) -> None:
        self.vault, self.version, self._key = vault, version, key

    @property
    def public_key(self) -> Key:
        """The public half of the version."""
        return self._key

    def sign(self, payload: bytes) -> Signature:
        """A signature by Vault; BallastError when it gives none."""
        return Signature(self._key.keyid, self.vault.sign(self.version, payload).hex())

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> Signer:
        """Not offered: a URI says nothing of how to sign in."""
        raise NotImplementedError(priv_key_uri)


def signers(vault: Transit) -> list[TransitSigner]:
    """A signer for each version of the key, newest first; BallastError when there is none."""
    found = [TransitSigner(vault, number, key) for number, key in vault.versions().items()]
    if not found:
        raise BallastError(f"Vault has no key {vault.key}", f"Run: make up. {NO_OTHER}")
    return found[::-1]


def _said(answer: httpx.Response) -> str:
    try:
        errors = sequence(mapping(answer.json()).get("errors"))
        return f"{answer.status_code} {'; '.join(map(str, errors))}".strip()
    except ValueError:
        return str(answer.status_code)
