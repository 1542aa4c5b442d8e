"""Writes the admitted digests into the cluster, as the one identity that may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ballast import release
from ballast.gate.account_token import account_token
from ballast.gate.admission import GUARDED, Admitted, admitted
from ballast.gate.admission_objects import alarm, ledger
from ballast.gate.record_store import FOLDER, Repository, committed_keys
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping
from ballast.names import ENVIRONMENT_NAMESPACES, GATE_VERIFIER, POLICY_NAMESPACE
from ballast.release import Held


@dataclass(frozen=True)
class Proposed:
    """A branch with files of a commit that is not made yet."""

    git: Repository
    files: Mapping[str, str]

    def read_file(self, path: str) -> str:
        """Text of a file."""
        return self.files[path] if path in self.files else self.git.read_file(path)

    def list_files(self, folder: str) -> list[str]:
        """Paths of the files under a folder."""
        return sorted(self.read_folder(folder))

    def read_folder(self, folder: str) -> dict[str, str]:
        """Text of every file under a folder, by path."""
        new = {path: text for path, text in self.files.items() if path.startswith(f"{folder}/")}
        return self.git.read_folder(folder) | new


def declared(git: Repository, environment: str) -> list[Held]:
    """The release that Git declares for an environment, if it has one."""
    path = release.path_of(environment)
    there = path in git.list_files(path.rsplit("/", 1)[0])
    return [release.parse_held(git.read_file(path))] if there else []


def admitted_by(
    git: Repository, environment: str, also: Sequence[Held] = (), now: datetime | None = None
) -> Admitted:
    """What Git's evidence admits; `also` are releases that still run beside the declared one.

    Only committed keys count: without one nothing is admitted.
    """
    evidence = git.read_folder(FOLDER)
    releases = [*declared(git, environment), *also]
    moment = now or datetime.now(UTC)
    return admitted(evidence, committed_keys(evidence), environment, releases, moment)


def publish(api: KubeApi, found: Admitted) -> None:
    """Write ledger and alarm of a guarded environment; of another there is nothing to write."""
    if found.environment not in GUARDED:
        return
    with verifier(api) as writer:
        writer.apply(ledger(found), GATE_VERIFIER)
    api.apply(alarm(found), GATE_VERIFIER)


def guarded(api: KubeApi) -> list[str]:
    """The guarded environments that this cluster has."""
    there = {str(mapping(n["metadata"])["name"]) for n in api.list("v1", "Namespace")}
    return [name for name in GUARDED if ENVIRONMENT_NAMESPACES[name] in there]


def verifier(api: KubeApi) -> KubeApi:
    """A client that is signed in as the gate's verifier for ten minutes."""
    token = account_token(api, POLICY_NAMESPACE, GATE_VERIFIER)
    endpoint = replace(
        api.endpoint,
        client_certificate=None,
        client_key=None,
        token=token,
        token_file=None,
        basic=None,
        plugin=None,
        text="",
        path=None,
    )
    return KubeApi(endpoint)
