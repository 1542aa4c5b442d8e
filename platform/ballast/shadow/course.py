"""Opening and closing a shadow: two files in Git, one after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import yaml

from ballast.errors import BallastError
from ballast.kubeapi.shape import mapping
from ballast.names import ENVIRONMENT_NAMESPACES
from ballast.shadow.pair import Pair, path_of

UNSHADOWED: Final = "prod"
Progress = Callable[[str], None]


class Branch(Protocol):
    """The branch that Argo CD follows: GitServer."""

    def read_file(self, path: str) -> str:
        """Text of a file."""
        ...

    def read_folder(self, folder: str) -> dict[str, str]:
        """Text of each file under a folder, by path."""
        ...

    def commit_files(self, message: str, files: Mapping[str, str | None]) -> str:
        """Commit texts by path, None removes one; the new commit."""
        ...


@dataclass(frozen=True)
class Ports:
    """What a shadow touches; `sync` returns when an environment serves a commit, or raises."""

    git: Branch
    sync: Callable[[str, str], None]


def open_shadow(
    pair: Pair, percent: float, ports: Ports, progress: Progress = lambda _: None
) -> None:
    """Let copies into the target, then send it those of `percent` of the users.

    Run again it changes the share. Raises BallastError where copies could reach people.
    """
    _check(pair, ports.git)
    said = f"{pair.source} to {pair.target}"
    commit = ports.git.commit_files(f"Shadow {said}: let copies in\n", pair.door())
    ports.sync(pair.target, commit)
    progress(f"{pair.target} lets copies of {pair.source} in")
    message = f"Shadow {said}: {percent:g} % of the users\n"
    commit = ports.git.commit_files(message, pair.share(percent))
    ports.sync(pair.source, commit)
    progress(f"requests of {percent:g} % of the users of {pair.source} are copied")


def close_shadow(source: str, ports: Ports, progress: Progress = lambda _: None) -> None:
    """Send no more copies, then let none in. Safe to run again after an interruption."""
    pair = next((pair for pair in _pairs(ports.git).values() if pair.source == source), None)
    if pair is None:
        progress(f"{source} has no shadow")
        return
    said = f"{pair.source} to {pair.target}"
    commit = ports.git.commit_files(f"Shadow {said}: over\n", {path_of(pair.source): None})
    ports.sync(pair.source, commit)
    progress(f"no request of {pair.source} is copied any more")
    commit = ports.git.commit_files(f"Shadow {said}: let none in\n", {path_of(pair.target): None})
    ports.sync(pair.target, commit)
    progress(f"{pair.target} lets no copy in")


def _check(pair: Pair, git: Branch) -> None:
    if pair.source == pair.target:
        raise BallastError(
            "a shadow has databases and topics of its own: it is another environment",
            f"One of: {', '.join(name for name in ENVIRONMENT_NAMESPACES if name != pair.source)}.",
        )
    if pair.target == UNSHADOWED:
        raise BallastError(
            f"{UNSHADOWED} serves users: copies would be among what is theirs",
            f"The other way round: ballast shadow open {UNSHADOWED} {pair.source}",
        )
    values = mapping(yaml.safe_load(git.read_file(_values(pair.target))))
    behind = mapping(values.get("channels"))
    if real := sorted(channel for channel, to in behind.items() if to == "provider"):
        raise BallastError(
            f"{pair.target} sends {', '.join(real)} through a provider: people would hear twice",
            f"Put the sink behind it, in {_values(pair.target)}.",
        )
    for environment, other in _pairs(git).items():
        if other != pair and environment in {pair.source, pair.target}:
            raise BallastError(
                f"{environment} takes part in the shadow from {other.source} to {other.target}",
                f"First: ballast shadow close {other.source}",
            )


def _values(environment: str) -> str:
    return f"gitops/environments/{environment}/values.yaml"


def _pairs(git: Branch) -> dict[str, Pair]:
    """The pair that each environment takes part in."""
    files = git.read_folder("gitops/environments")
    found = {
        name: Pair.at(name, files[path_of(name)])
        for name in ENVIRONMENT_NAMESPACES
        if path_of(name) in files
    }
    return {name: pair for name, pair in found.items() if pair}
