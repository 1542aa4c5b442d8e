"""The key that signs from now on: its choice, its commit, and new versions of it."""

from collections.abc import Sequence

from securesystemslib.signer import (
    Key,  # pyright: ignore[reportPrivateImportUsage]
    Signer,  # pyright: ignore[reportPrivateImportUsage]
)

from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.custody import custody_of, endorsed, endorsement_statement
from ballast.gate.freeze import Writable
from ballast.gate.record_store import FOLDER, KEYS, committed_keys, key_path
from ballast.gate.transit import Transit, TransitSigner, signers


def choose(offered: Sequence[TransitSigner], trusted: Sequence[Key]) -> TransitSigner:
    """The newest version that Git trusts, or the newest of all where it trusts none.

    So a rotation that broke off before its commit leaves a gate that still signs.
    """
    known = {key.keyid for key in trusted}
    return next((one for one in offered if one.public_key.keyid in known), offered[0])


def check_trusted(signer: Signer, trusted: Sequence[Key]) -> None:
    """BallastError when what the signer signs would count for nothing."""
    if signer.public_key.keyid not in {key.keyid for key in trusted}:
        raise BallastError(
            f"the gate's key {signer.public_key.keyid[:16]} ({custody_of(signer.public_key)}) is "
            "not among the committed keys: it can permit nothing",
            "make up commits a new key with the signature of the old one; see: ballast gate key "
            "show.",
        )


def adopt(git: Writable, signer: Signer, others: Sequence[Signer] = ()) -> bool:
    """Commit the public half of the key that signs from now on; False when it was there.

    The first key stands alone. A later one needs the signature of one of `others` that Git trusts,
    so that the chain of keys can be checked offline. BallastError when none of them is trusted.
    """
    key = signer.public_key
    trusted = {known.keyid for known in committed_keys(git.read_folder(FOLDER))}
    if key.keyid in trusted:
        return False
    by = next((one for one in others if one.public_key.keyid in trusted), None)
    if trusted and by is None:
        raise BallastError(
            f"no key that Git trusts is at hand to vouch for the new one, {key.keyid[:16]} "
            f"({custody_of(key)})",
            "If the old keys are lost or were stolen: ballast gate key rotate --distrust; what "
            "they signed counts for nothing from then on, so promote again. docs/vault.md.",
        )
    if by is not None:
        key = endorsed(key, signing.sign(endorsement_statement(key), by))
    git.commit_files(_message(key, by), {key_path(key): signing.public_document(key)})
    return True


def file_signers() -> list[Signer]:
    """The key in a file, where this installation has one from before it signed by Vault."""
    return [signing.signer()] if signing.key_file().exists() else []


def rotate(git: Writable, vault: Transit, *, distrust: bool = False) -> TransitSigner:
    """Sign with a new version from now on: made, vouched for by the old one, committed.

    A version that an interrupted rotation left behind is taken instead of another one. With
    `distrust` the old keys are removed from Git, and the new one is the first of a new chain.
    """
    evidence = git.read_folder(FOLDER)
    offered = signers(vault)
    before = choose(offered, committed_keys(evidence))
    if not distrust:
        adopt(git, before, [*offered, *file_signers()])
    if before is offered[0]:
        vault.rotate()
        offered = signers(vault)
    after = offered[0]
    if not distrust:
        adopt(git, after, [before])
        return after
    removed: dict[str, str | None] = {path: None for path in evidence if path.startswith(KEYS)}
    made = {key_path(after.public_key): signing.public_document(after.public_key)}
    git.commit_files("Trust no key of the gate but a new one\n", removed | made)
    return after


def _message(key: Key, by: Signer | None) -> str:
    said = f"; {by.public_key.keyid[:16]} vouches for it" if by else ", the first key"
    return f"The gate signs with {key.keyid[:16]} in {custody_of(key)}{said}\n"
