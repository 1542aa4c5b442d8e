"""Evidence in Git: records, an index of them, and the public keys that they are checked against."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from securesystemslib.signer import Key  # pyright: ignore[reportPrivateImportUsage]

from ballast.gate import signing
from ballast.kubeapi.shape import mapping, mappings

FOLDER: Final = "gitops/evidence"
INDEX: Final = f"{FOLDER}/index.json"
KEYS: Final = f"{FOLDER}/keys"


class Repository(Protocol):
    """The branch that evidence is read from: GitServer, or a checkout."""

    def read_file(self, path: str) -> str:
        """Text of a file; an error when it is not there."""
        ...

    def list_files(self, folder: str) -> list[str]:
        """Paths of the files under a folder; none when it does not exist."""
        ...


def trusted_keys(git: Repository, own: Key) -> list[Key]:
    """The committed keys. Before the first one is committed, this installation's own key."""
    committed = [signing.public_key(git.read_file(path)) for path in git.list_files(KEYS)]
    return committed or [own]


def files_of_record(
    git: Repository, target: str, envelope: str, statement: Mapping[str, Any], key: Key
) -> dict[str, str]:
    """Files that a promotion commits for its record: the envelope, the index, the public key."""
    gate = mapping(mapping(statement.get("predicate")).get("gate"))
    path = f"{FOLDER}/{target}/{gate['run']}.dsse.json"
    entry = {
        "run": gate["run"],
        "file": path,
        "sha256": hashlib.sha256(envelope.encode()).hexdigest(),
        "environment": gate["environment"],
        "target": target,
        "result": mapping(statement["predicate"])["result"],
        "subjects": {
            str(subject["name"]): f"sha256:{mapping(subject['digest'])['sha256']}"
            for subject in mappings(statement.get("subject"))
        },
        "end": gate["end"],
        "expires": gate["expires"],
    }
    index = mappings(json.loads(git.read_file(INDEX))) if INDEX in git.list_files(FOLDER) else []
    entries = [old for old in index if old.get("file") != path] + [entry]
    return {
        path: envelope,
        INDEX: json.dumps(entries, indent=1) + "\n",
        f"{KEYS}/{key.keyid[:16]}.json": signing.public_document(key),
    }
