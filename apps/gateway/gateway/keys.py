"""The key set that tokens are checked with: a file, read again when it changes."""

import json
import logging
import time
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_log = logging.getLogger(__name__)

ALGORITHM: Final = "EdDSA"
_LOOK_SECONDS: Final = 1.0


class KeySetError(Exception):
    """There is no usable key set; the message names the file and what is wrong with it."""


class KeySet:
    """Public keys by id. A replaced file is noticed within a second; a broken one is not taken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[str, jwt.PyJWK] = {}
        self._stamp = -1
        self._looked = float("-inf")

    def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key with this id, None when there is none; raises KeySetError without any key set."""
        self._refresh()
        return self._keys.get(key_id)

    def id_of(self, public: Ed25519PublicKey) -> str | None:
        """The id of this key, None when it is not in the set; raises KeySetError without any."""
        self._refresh()
        raw = public.public_bytes_raw()
        found = (
            name
            for name, key in self._keys.items()
            if isinstance(key.key, Ed25519PublicKey) and key.key.public_bytes_raw() == raw
        )
        return next(found, None)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def usable(self) -> bool:
        """Whether tokens can be checked."""
        try:
            self._refresh()
        except KeySetError:
            return False
        return bool(self._keys)

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS and self._keys:
            return
        self._looked = now
        try:
            stamp = self._path.stat().st_mtime_ns
            if stamp == self._stamp:
                return
            keys = read_keys(self._path.read_text())
        except (OSError, KeySetError) as error:
            if not self._keys:
                raise KeySetError(f"{self._path}: {error}") from error
            _log.warning("the changed key set is not usable, the old one stays: %s", error)
            return
        self._keys = keys
        self._stamp = stamp
        _log.info("key set read", extra={"keys": sorted(keys)})


def read_keys(text: str) -> dict[str, jwt.PyJWK]:
    """The Ed25519 keys of a JWKS document by id; others are left out. Raises KeySetError."""
    try:
        document: Any = json.loads(text)
        entries: list[dict[str, Any]] = list(document["keys"])
        found = {
            str(entry["kid"]): jwt.PyJWK(entry, ALGORITHM)
            for entry in entries
            if entry.get("kty") == "OKP" and entry.get("crv") == "Ed25519" and "kid" in entry
        }
    except (ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        raise KeySetError(f"not a key set: {error}") from error
    if not found:
        raise KeySetError("no Ed25519 key with a kid")
    return found
