"""Admission by evidence: who writes the ledgers, and the rules that read them.

Pulumi owns these and not Git: whoever can push to Git must not be able to lift them.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import yaml

from ballast import names
from ballast.components.objects import Manifest, child, declare_all
from ballast.gate.admission import GUARDED
from ballast.gate.admission_objects import LEDGER
from ballast.paths import repository_root

_RBAC = "rbac.authorization.k8s.io"


def policy_manifests() -> list[Manifest]:
    """policies/evidence: two policies of the API server itself, each with its binding."""
    files = sorted((repository_root() / "policies" / "evidence").glob("*.yaml"))
    documents: list[Any] = [yaml.safe_load(path.read_text()) for path in files]
    return documents


def account_manifest() -> Manifest:
    """The verifier's account; no pod runs as it, `ballast` signs in as it to write a ledger."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": names.GATE_VERIFIER, "namespace": names.POLICY_NAMESPACE},
        "automountServiceAccountToken": False,
    }


def access_manifests(environment: str) -> list[Manifest]:
    """The verifier's right to the ledger of one environment, and to nothing else there.

    A right to create cannot name the object; protect-ledger and Pod Security bound the rest.
    """
    place = {"name": names.GATE_VERIFIER, "namespace": names.ENVIRONMENT_NAMESPACES[environment]}
    account = {
        "kind": "ServiceAccount",
        "name": names.GATE_VERIFIER,
        "namespace": names.POLICY_NAMESPACE,
    }
    return [
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "Role",
            "metadata": place,
            "rules": [
                {
                    "apiGroups": [""],
                    "resources": ["configmaps"],
                    "resourceNames": [LEDGER],
                    "verbs": ["get", "patch", "update"],
                },
                {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
            ],
        },
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": place,
            "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": names.GATE_VERIFIER},
            "subjects": [account],
        },
    ]


class EvidenceAdmission(pulumi.ComponentResource):
    """In force before Argo CD deploys anything."""

    def __init__(
        self,
        environments: Mapping[str, pulumi.Resource],
        namespace: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`environments` are the namespaces by environment, `namespace` is the account's own."""
        super().__init__("ballast:platform:EvidenceAdmission", "evidence-admission", None, opts)
        account = declare_all([account_manifest()], child(self, [namespace]))
        self.resources = declare_all(policy_manifests(), child(self))
        for environment, made in environments.items():
            if environment in GUARDED:
                options = child(self, [made, *account])
                self.resources += declare_all(access_manifests(environment), options)
        self.register_outputs({})
