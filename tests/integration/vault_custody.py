"""A custodian before a real Vault, with the files of its pod and a small cluster beside it."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from vault_server import SmallCluster, VaultServer

from ballast.agents.vault_custodian import Cluster, Custodian, Plan
from ballast.components.vault_plan import plan


class VaultCustody:
    """Everything around one custodian but its database, which may be missing."""

    def __init__(
        self, folder: Path, database_host: str, cluster: SmallCluster | None = None
    ) -> None:
        self.folder, self.database_host = folder, database_host
        self.cluster = cluster or SmallCluster()
        self.vault = VaultServer(folder / "vault")

    def start(self) -> None:
        self.vault.start()
        plugin = self.vault.folder / "plugins" / "postgresql-database-plugin"
        self.write("plugin/sha256", hashlib.sha256(plugin.read_bytes()).hexdigest())
        self.write("var/run/secrets/database/username", "postgres")
        self.write("var/run/secrets/database/password", "anything: this server trusts")
        self.write("var/run/secrets/kubernetes.io/serviceaccount/token", "cluster-token")
        self.sign_in_again()

    def stop(self) -> None:
        self.vault.stop()
        self.cluster.close()

    def write(self, path: str, text: str) -> None:
        file = self.folder / "pod" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def sign_in_again(self) -> None:
        """Kubernetes renews the custodian's projected token."""
        token = self.cluster.token("vault", "vault-custodian")
        self.write("var/run/secrets/vault/token", token)

    def custodian(self) -> Custodian:
        text = json.dumps(plan(["dev"], auto_unseal=False))
        self.write("plan.json", text)
        wanted = dataclasses.replace(
            Plan.read(self.folder / "pod/plan.json"), database_host=self.database_host
        )
        pod = self.folder / "pod"
        return Custodian(self.vault.url, Cluster(self.cluster.url, pod), wanted, pod)

    def login(self, role: str, namespace: str, account: str, audience: str = "vault") -> Any:
        body = {"role": role, "jwt": self.cluster.token(namespace, account, audience)}
        return self.vault.request("POST", "auth/jwt/login", body=body)
