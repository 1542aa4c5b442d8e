"""Where the private half of a committed key is kept, and which committed keys are trusted.

A committed key says where it is kept and, when it is not the first, carries the signature of one
that was trusted before. A key whose signature is false is not trusted. The first key has none, and
neither counts one whose signer was removed since: what stands in Git was reviewed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from securesystemslib.signer import Key  # pyright: ignore[reportPrivateImportUsage]

from ballast.gate import signing
from ballast.gate.evidence import STATEMENT
from ballast.kubeapi.shape import mapping, mappings

PREDICATE: Final = "https://ballast.dev/key/v1"
CUSTODY: Final = "custody"
ENDORSEMENT: Final = "endorsement"
_VAULT: Final = "hv:"
_FILE: Final = "file"


def custody_in_vault(key: str, version: int) -> str:
    """How a committed key says that it is a version of a key in Vault."""
    return f"{_VAULT}{key}/{version}"


def custody_of(key: Key) -> str:
    """Where the private half is: `hv:KEY/VERSION` or `file`."""
    return str(key.unrecognized_fields.get(CUSTODY, _FILE))


def in_vault(key: Key) -> bool:
    """Whether the private half is in Vault."""
    return custody_of(key).startswith(_VAULT)


def endorsement_statement(key: Key) -> dict[str, Any]:
    """What a trusted key signs to vouch for another; a key's id is the digest of the key."""
    return {
        "_type": STATEMENT,
        "subject": [{"name": "public key", "digest": {"sha256": key.keyid}}],
        "predicateType": PREDICATE,
        "predicate": {CUSTODY: custody_of(key), "keyval": key.keyval},
    }


def endorsed(key: Key, envelope: str) -> Key:
    """The key with the envelope of the one that vouches for it."""
    document = key.to_dict() | {ENDORSEMENT: json.loads(envelope)}
    return signing.public_key(json.dumps({"keyid": key.keyid, **document}))


def endorser_of(key: Key) -> str:
    """Id of the key that is said to vouch for this one; empty for a first key."""
    signatures = mappings(mapping(key.unrecognized_fields.get(ENDORSEMENT)).get("signatures"))
    return str(signatures[0].get("keyid", "")) if signatures else ""


@dataclass(frozen=True)
class Standing:
    """Whether a committed key is trusted, and why."""

    key: Key
    trusted: bool
    first: bool
    said: str


def standings(keys: Sequence[Key]) -> list[Standing]:
    """What the committed keys are worth, in their order."""
    ids = {key.keyid for key in keys}
    first = [key for key in keys if endorser_of(key) not in ids]
    trusted = list(first)
    while grown := [key for key in keys if key not in trusted and _vouched(key, trusted)]:
        trusted += grown
    return [
        Standing(key, key in trusted, key in first, _said(key, key in trusted, key in first))
        for key in keys
    ]


def _vouched(key: Key, by: Sequence[Key]) -> bool:
    opened = signing.open_envelope(json.dumps(key.unrecognized_fields[ENDORSEMENT]), list(by))
    return opened.verified and opened.statement == endorsement_statement(key)


def _said(key: Key, trusted: bool, first: bool) -> str:
    by = endorser_of(key)[:16]
    if first:
        why = f"the key {by} that vouched for it was removed" if by else "the first key"
    else:
        why = f"{by} vouches for it" if trusted else f"{by} does not vouch for it: not trusted"
    return f"kept in {custody_of(key)}; {why}"
