"""Evidence in Git: records and permits, an index of them, and the keys they are checked against."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from securesystemslib.signer import Key  # pyright: ignore[reportPrivateImportUsage]

from ballast.gate import signing
from ballast.gate.custody import standings
from ballast.gate.permit import Permit
from ballast.kubeapi.shape import mapping, mappings

FOLDER: Final = "gitops/evidence"
INDEX: Final = f"{FOLDER}/index.json"
KEYS: Final = f"{FOLDER}/keys"
SUFFIX: Final = ".dsse.json"


class Repository(Protocol):
    """The branch that evidence is read from: GitServer, or a checkout."""

    def read_file(self, path: str) -> str:
        """Text of a file; an error when it is not there."""
        ...

    def list_files(self, folder: str) -> list[str]:
        """Paths of the files under a folder; none when it does not exist."""
        ...

    def read_folder(self, folder: str) -> dict[str, str]:
        """Text of every file under a folder, by path."""
        ...


@dataclass(frozen=True)
class Signed:
    """An envelope with the place that it is kept at and the entry of it in the index."""

    path: str
    envelope: str
    entry: dict[str, Any]


def signed_record(target: str, envelope: str, statement: Mapping[str, Any]) -> Signed:
    """A gate run's record as it is committed."""
    predicate = mapping(statement.get("predicate"))
    gate = mapping(predicate.get("gate"))
    path = f"{FOLDER}/{target}/{gate['run']}{SUFFIX}"
    entry = {"run": gate["run"], "environment": gate["environment"], "result": predicate["result"]}
    times = {"end": gate["end"], "expires": gate["expires"]}
    return Signed(path, envelope, _entry(path, envelope, target, statement) | entry | times)


def signed_permit(permit: Permit, envelope: str, statement: Mapping[str, Any]) -> Signed:
    """A permit as it is committed."""
    entry = {
        "permit": permit.kind.value,
        "name": permit.name,
        "by": permit.by,
        "end": permit.made.isoformat(),
        "expires": permit.until.isoformat(),
    }
    path = permit.path
    return Signed(path, envelope, _entry(path, envelope, permit.target, statement) | entry)


def subjects_of(statement: Mapping[str, Any]) -> dict[str, str]:
    """Digest (sha256:...) by the name of the image, as a statement names its subjects."""
    return {
        str(subject.get("name")): f"sha256:{mapping(subject.get('digest')).get('sha256')}"
        for subject in mappings(statement.get("subject"))
    }


def trusted_keys(git: Repository, own: Key) -> list[Key]:
    """The committed keys. Before the first one is committed, this installation's own key."""
    return committed_keys(git.read_folder(KEYS)) or [own]


def committed_keys(evidence: Mapping[str, str]) -> list[Key]:
    """The trusted ones of the public keys among the files of gitops/evidence."""
    return [one.key for one in standings([*keys_by_path(evidence).values()]) if one.trusted]


def keys_by_path(evidence: Mapping[str, str]) -> dict[str, Key]:
    """The public keys among the files of gitops/evidence, trusted or not."""
    return {
        path: signing.public_key(text)
        for path, text in sorted(evidence.items())
        if path.startswith(f"{KEYS}/")
    }


def key_path(key: Key) -> str:
    """Where the public half of a key is committed."""
    return f"{KEYS}/{key.keyid[:16]}.json"


def envelopes(evidence: Mapping[str, str]) -> dict[str, str]:
    """The envelopes among the files of gitops/evidence, by path."""
    return {path: text for path, text in sorted(evidence.items()) if path.endswith(SUFFIX)}


def index_of(evidence: Mapping[str, str]) -> list[dict[str, Any]]:
    """The entries of the index; none where there is no index yet."""
    return mappings(json.loads(evidence.get(INDEX, "[]")))


def files_of(git: Repository, signed: Sequence[Signed], key: Key) -> dict[str, str]:
    """Files that are committed for new evidence: the envelopes, the index, the public key."""
    paths = {one.path for one in signed}
    held = git.read_folder(FOLDER)
    kept = [old for old in index_of(held) if old.get("file") not in paths]
    # A committed key may carry the signature of the one that vouches for it.
    public = held.get(key_path(key)) or signing.public_document(key)
    return {one.path: one.envelope for one in signed} | {
        INDEX: json.dumps([*kept, *(one.entry for one in signed)], indent=1) + "\n",
        key_path(key): public,
    }


def _entry(path: str, envelope: str, target: str, statement: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "file": path,
        "sha256": hashlib.sha256(envelope.encode()).hexdigest(),
        "target": target,
        "subjects": subjects_of(statement),
    }
