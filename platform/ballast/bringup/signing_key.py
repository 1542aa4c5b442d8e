"""The key that the gate signs with on this platform, trusted by Git before anything is signed."""

from collections.abc import Callable
from typing import Final

from securesystemslib.signer import Signer  # pyright: ignore[reportPrivateImportUsage]

from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.eventually import eventually
from ballast.gate.freeze import Writable
from ballast.gate.keys import adopt, choose, file_signers
from ballast.gate.platform_signer import signs_by_vault, transit_of
from ballast.gate.record_store import FOLDER, committed_keys
from ballast.gate.transit import Transit, TransitSigner, signers
from ballast.kubeapi import KubeApi

# The custodian looks every two seconds; after a cold start it has had its turn long before.
CONFIGURED_SECONDS: Final = 60.0


def signing_key(api: KubeApi, git: Writable, say: Callable[[str], None]) -> Signer:
    """The platform's signer. In Vault its public half is committed, vouched for by the key before.

    So a platform that signed with a file goes over to Vault in its next bring-up. BallastError
    when Vault holds no key of the gate, or when nothing that Git trusts can vouch for it.
    """
    if not signs_by_vault(api, git):
        return signing.signer()
    return adopted(git, configured(transit_of(api)), say)


def adopted(
    git: Writable, offered: list[TransitSigner], say: Callable[[str], None]
) -> TransitSigner:
    """The version that signs, committed when it was not."""
    signer = choose(offered, committed_keys(git.read_folder(FOLDER)))
    if adopt(git, signer, [*offered, *file_signers()]):
        say(f"the gate signs with key {signer.public_key.keyid[:16]} in Vault from now on")
    return signer


def configured(vault: Transit, seconds: float = CONFIGURED_SECONDS) -> list[TransitSigner]:
    """The versions of the key, as soon as the custodian has written key and logins."""
    found: list[TransitSigner] = []
    why: list[BallastError] = []

    def there() -> bool:
        try:
            found.extend(signers(vault))
        except BallastError as error:
            why.append(error)
        return bool(found)

    if not eventually(there, seconds, every=0.2):
        raise why[-1]
    return found
