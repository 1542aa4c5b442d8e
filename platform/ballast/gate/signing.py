"""Signatures of evidence: DSSE envelopes, Ed25519 keys in files, trusted key sets."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from securesystemslib.dsse import Envelope
from securesystemslib.signer import (
    CryptoSigner,  # pyright: ignore[reportPrivateImportUsage]
    Key,  # pyright: ignore[reportPrivateImportUsage]
    Signer,  # pyright: ignore[reportPrivateImportUsage]
    SSlibKey,  # pyright: ignore[reportPrivateImportUsage]
)

from ballast.errors import BallastError
from ballast.kubeapi.shape import mapping
from ballast.paths import state_dir

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"


@dataclass(frozen=True)
class Opened:
    """An envelope after the check of its signature: the statement, and why it is not trusted."""

    statement: dict[str, Any]
    key_id: str
    verified: bool
    reason: str


def key_file() -> Path:
    """Where the key of an installation without Vault is kept."""
    return state_dir() / "gate" / "signing.key"


def signer(path: Path | None = None) -> CryptoSigner:
    """The signing key in a file, made on first use and readable by its owner only."""
    path = path or key_file()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = CryptoSigner.generate_ed25519()
        partial = path.with_suffix(".partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(made.private_bytes)
        partial.rename(path)
    if path.stat().st_mode & 0o077:
        raise BallastError(
            f"{path} can be read by others, so its signatures prove nothing",
            f"Remove it (a new key is made) or restrict it: chmod 600 {path}",
        )
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private = load_pem_private_key(path.read_bytes(), password=None)
    return CryptoSigner(cast("Any", private))


def public_document(key: Key) -> str:
    """The public key as the JSON that is committed to gitops/evidence/keys/."""
    document = {"keyid": key.keyid, **key.to_dict()}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def public_key(text: str) -> Key:
    """A key of gitops/evidence/keys/; BallastError when the text is not one."""
    try:
        document = mapping(json.loads(text))
        return SSlibKey.from_dict(str(document.pop("keyid")), document)
    except Exception as wrong:
        raise BallastError(
            f"not a public key: {wrong}", "Restore gitops/evidence/keys from Git."
        ) from wrong


def sign(statement: Mapping[str, Any], by: Signer) -> str:
    """The statement in a signed DSSE envelope, as JSON text."""
    envelope = Envelope(json.dumps(statement, sort_keys=True).encode(), PAYLOAD_TYPE, {})
    envelope.sign(by)
    return json.dumps(cast("Any", envelope).to_dict(), indent=2) + "\n"


def open_envelope(text: str, trusted: list[Key]) -> Opened:
    """Check an envelope against trusted keys. Whatever is wrong with it makes it untrusted.

    Raises nothing: malformed, altered and foreign envelopes come back with `verified` false.
    """
    statement: dict[str, Any] = {}
    key_id = ""
    try:
        document = mapping(json.loads(text))
        envelope = cast("Envelope", cast("Any", Envelope).from_dict(document))
        key_id = next(iter(envelope.signatures), "")
        statement = mapping(json.loads(envelope.payload))
        if envelope.payload_type != PAYLOAD_TYPE:
            return Opened(statement, key_id, False, f"payload type is {envelope.payload_type}")
        if key_id not in {key.keyid for key in trusted}:
            return Opened(statement, key_id, False, f"key {key_id[:12] or 'absent'} is not trusted")
        envelope.verify(trusted, 1)
    except Exception as wrong:
        said = str(wrong) or type(wrong).__name__
        return Opened(statement, key_id, False, f"the signature does not match: {said}")
    return Opened(statement, key_id, True, "")
