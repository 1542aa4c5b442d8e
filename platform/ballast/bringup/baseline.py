"""The first release of a guarded environment: no gate has proven it, and its permit says so."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from securesystemslib.signer import Signer  # pyright: ignore[reportPrivateImportUsage]

from ballast.gate.admission import GUARDED
from ballast.gate.admission_writer import declared
from ballast.gate.break_glass import permit_files
from ballast.gate.permit import LONGEST, Kind, permit, whole_seconds
from ballast.gate.record_store import FOLDER, Repository, index_of

REASON: Final = "a release that this platform began with, not proven by the gate"


class Writable(Repository, Protocol):
    """The branch that Argo CD follows: GitServer."""

    def commit_files(self, message: str, files: Mapping[str, str | None]) -> str:
        """Commit texts by path; the new commit."""
        ...


def permit_baselines(
    server: Writable, changed: frozenset[str], signer: Signer, now: datetime | None = None
) -> list[str]:
    """Sign a bootstrap permit where one is due; the environments that got one.

    It is due for a release in an environment that never had a permit, and for one that bring-up
    itself has `changed`. Any other release without evidence is left for admission to refuse: to
    sign whatever Git holds would launder a push that went around the gate.
    """
    made = whole_seconds(now or datetime.now(UTC))
    given: list[str] = []
    for environment in GUARDED:
        held = declared(server, environment)
        index = index_of(server.read_folder(FOLDER))
        had = any(e.get("target") == environment and e.get("permit") for e in index)
        if not held or (had and environment not in changed):
            continue
        first = permit(
            kind=Kind.BOOTSTRAP,
            name=made.strftime("first-%Y%m%d-%H%M%S"),
            by="ballast up",
            reason=REASON,
            target=environment,
            made=made,
            until=made + LONGEST[Kind.BOOTSTRAP],
        )
        images = [str(image) for image in held[0].images.values()]
        message = f"{environment}: permit {held[0].revision} as its first release\n"
        server.commit_files(message, permit_files(server, first, images, signer))
        given.append(environment)
    return given
