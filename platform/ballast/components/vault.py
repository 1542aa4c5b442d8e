"""Vault, which turns a pod's identity into a database user that lives for an hour."""

import base64
from collections.abc import Sequence
from typing import Any

import pulumi

from ballast import names
from ballast.clusters.access import ClusterFacts
from ballast.components import images, network, vault_custodian
from ballast.components.charts import release
from ballast.components.database import Database
from ballast.components.objects import Manifest, child, declare, declare_all
from ballast.components.pods import CONTAINER_SECURITY, pod_security, resources
from ballast.components.vault_plan import CUSTODY, gate_accounts, plan
from ballast.settings import VaultSeal

_NAMESPACE = names.VAULT_NAMESPACE
SEAL_SECRET = "vault-seal"  # noqa: S105 - the name of a Secret


def server_configuration(seal: VaultSeal | None) -> str:
    """Vault's own configuration, with the seal stanza when a KMS unseals it."""
    stanza = ""
    if seal:
        options = "".join(f'  {key} = "{value}"\n' for key, value in sorted(seal.options.items()))
        stanza = f'seal "{seal.type}" {{\n{options}}}\n'
    return f"""ui = false
plugin_directory = "{vault_custodian.PLUGIN_FOLDER}"
listener "tcp" {{
  address = "0.0.0.0:8200"
  cluster_address = "0.0.0.0:8201"
  tls_disable = 1
}}
storage "raft" {{
  path = "/vault/data"
  node_id = "vault-0"
  performance_multiplier = 1
}}
{stanza}"""


def values(facts: ClusterFacts, seal: VaultSeal | None) -> dict[str, Any]:
    """Values of the Vault chart: one server on a volume, no injector, no user interface."""
    secret_environment = [
        {"envName": name, "secretName": SEAL_SECRET, "secretKey": name}
        for name in (seal.secret_environment if seal else ())
    ]
    return {
        "fullnameOverride": "vault",
        "injector": {"enabled": False},
        "csi": {"enabled": False},
        "ui": {"enabled": False},
        "server": {
            "image": {"repository": images.VAULT_REPOSITORY, "tag": images.VAULT_TAG},
            "updateStrategyType": "RollingUpdate",
            "authDelegator": {"enabled": False},
            "affinity": "",
            "resources": resources(cpu="50m", memory="128Mi", cpu_limit="1", memory_limit="512Mi"),
            # Ready means unsealed; asked over HTTP because the CLI is a process of 140 MB.
            "readinessProbe": {
                "enabled": True,
                "path": "/v1/sys/health?standbyok=true",
                "port": 8200,
                "initialDelaySeconds": 1,
                "periodSeconds": 2,
                "failureThreshold": 3,
            },
            "preStop": ["/bin/sh", "-c", "kill -TERM $(pidof vault)"],
            "statefulSet": {
                "securityContext": {
                    "pod": pod_security(100, 1000),
                    "container": CONTAINER_SECURITY,
                }
            },
            "extraSecretEnvironmentVars": secret_environment,
            "volumes": [{"name": "tmp", "emptyDir": {}}],
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - an emptyDir
            "dataStorage": {
                "enabled": True,
                "size": facts.storage.vault,
                "storageClass": facts.storage_class,
            },
            "standalone": {"enabled": True, "config": server_configuration(seal)},
        },
    }


def _network_policy() -> Manifest:
    """Vault answers the environments and its custodian; the chart chose the pod's labels."""
    policy = network.allow(
        "vault", _NAMESPACE, [network.environments(), network.namespace(_NAMESPACE)], [8200, 8201]
    )
    policy["spec"]["podSelector"] = {"matchLabels": {"app.kubernetes.io/name": "vault"}}
    return policy


class Vault(pulumi.ComponentResource):
    """Server and custodian start together: the server is ready once the custodian unsealed it."""

    def __init__(
        self,
        environments: Sequence[str],
        facts: ClusterFacts,
        namespace: pulumi.Resource,
        *,
        seal: VaultSeal | None,
        database: Database,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:Vault", "vault", None, opts)
        options = child(self, [namespace])
        # Without a seal the key rests in a Secret; settings allow that on a developer's machine.
        desired = plan(environments, auto_unseal=seal is not None)
        # The custodian fills this Secret; ours is the empty one that it may write to.
        custody = declare(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": CUSTODY, "namespace": _NAMESPACE},
                "type": "Opaque",
            },
            child(self, [namespace], ignore_changes=["data", "stringData"]),
        )
        administrator = declare(self._administrator(database), options)
        needed = declare_all(
            [
                *vault_custodian.access_manifests(),
                *gate_accounts(),
                vault_custodian.plan_manifest(desired),
                _network_policy(),
            ],
            options,
        )
        self.custodian = declare(
            vault_custodian.deployment(desired),
            child(self, [namespace, custody, administrator, *needed]),
        )
        self.release = release(
            "vault", namespace=_NAMESPACE, values=values(facts, seal), opts=options
        )
        self.register_outputs({})

    def _administrator(self, database: Database) -> Manifest:
        """A copy of the superuser's Secret in Vault's namespace."""

        def encode(text: str) -> str:
            return base64.b64encode(text.encode()).decode()

        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": vault_custodian.ADMINISTRATOR_SECRET,
                "namespace": _NAMESPACE,
            },
            "type": "Opaque",
            "data": {
                key: pulumi.Output.secret(database.superuser.value(key).apply(encode))
                for key in ("username", "password")
            },
        }
