"""Break-glass: a person lets images into an environment, signed, named, with an end, and loudly."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from securesystemslib.signer import Signer  # pyright: ignore[reportPrivateImportUsage]

from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.admission import GUARDED
from ballast.gate.freeze import Writable
from ballast.gate.keys import check_trusted
from ballast.gate.permit import Kind, Permit, operator, permit, whole_seconds
from ballast.gate.record_store import Repository, files_of, signed_permit, trusted_keys
from ballast.release import Held

_IMAGE: Final = re.compile(r"^[a-z0-9.-]+(:[0-9]+)?/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$")
Admit = Callable[[str, Repository, Sequence[Held]], None]


def break_glass(
    git: Writable,
    admit: Admit,
    environment: str,
    images: Sequence[str],
    *,
    name: str,
    until: datetime,
    reason: str,
    signer: Signer,
) -> Permit:
    """Commit a permit for images and admit them; its alarm pages until it ends.

    Raises BallastError when the environment needs none, an image is not named by digest, or the
    signer's key is not among the committed ones.
    """
    if environment not in GUARDED:
        raise BallastError(
            f"{environment} admits images without evidence",
            f"Only these need a permit: {', '.join(GUARDED)}.",
        )
    for image in images:
        if not _IMAGE.match(image):
            raise BallastError(
                f"{image} does not name an image by digest", "Write repository@sha256:<64 hex>."
            )
    made = permit(
        kind=Kind.BREAK_GLASS,
        name=name,
        by=operator(),
        reason=reason,
        target=environment,
        made=whole_seconds(datetime.now(UTC)),
        until=until,
    )
    files = permit_files(git, made, images, signer)
    git.commit_files(f"Break glass in {environment}: {name}\n\n{made.by}: {made.reason}\n", files)
    admit(environment, git, ())
    return made


def permit_files(
    git: Repository, made: Permit, images: Sequence[str], signer: Signer
) -> dict[str, str]:
    """Files that are committed for a permit that rests on no record.

    BallastError when its name was used before, or when the signer's key is not trusted.
    """
    check_trusted(signer, trusted_keys(git, signer.public_key))
    if made.path in git.list_files("gitops/evidence"):
        raise BallastError(
            f"there is a permit of that name already: {made.path}", "Give it another --name."
        )
    statement = made.statement(images)
    return files_of(
        git, [signed_permit(made, signing.sign(statement, signer), statement)], signer.public_key
    )
