"""Who signs on a running platform: Vault where it runs, else a file."""

from securesystemslib.signer import Signer  # pyright: ignore[reportPrivateImportUsage]

from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.account_token import account_token
from ballast.gate.custody import in_vault
from ballast.gate.keys import choose
from ballast.gate.record_store import FOLDER, Repository, committed_keys
from ballast.gate.transit import NO_OTHER, Transit, signers
from ballast.kubeapi import KubeApi
from ballast.names import VAULT_AUDIENCE, VAULT_NAMESPACE, VAULT_PORT

SERVICE = "vault"
# A fault of the run may have had Vault down just before the record is signed.
PATIENCE_SECONDS = 60.0


def transit_of(api: KubeApi, patience: float = 0.0) -> Transit:
    """The platform's Vault through its port of this machine."""

    def jwt(account: str) -> str:
        return account_token(api, VAULT_NAMESPACE, account, VAULT_AUDIENCE)

    return Transit(f"http://127.0.0.1:{VAULT_PORT}", jwt, patience=patience)


def signs_by_vault(api: KubeApi, git: Repository) -> bool:
    """Whether this platform signs by Vault: it runs there, or Git says that it did.

    BallastError when Git says so and the cluster has no Vault: a file key must not take its place.
    """
    there = api.get("v1", "Service", SERVICE, VAULT_NAMESPACE) is not None
    if not there and any(map(in_vault, committed_keys(git.read_folder(FOLDER)))):
        raise BallastError(
            "the committed keys say that Vault signs evidence, and this cluster has none",
            f"Bring it back: make up. {NO_OTHER}",
        )
    return there


def platform_signer(api: KubeApi, git: Repository, patience: float = PATIENCE_SECONDS) -> Signer:
    """The signer of a running platform; BallastError when it cannot sign now.

    `patience`, in seconds, is for a Vault that is sealed or starting.
    """
    if not signs_by_vault(api, git):
        return signing.signer()
    offered = signers(transit_of(api, patience))
    return choose(offered, committed_keys(git.read_folder(FOLDER)))
