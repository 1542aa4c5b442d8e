"""The platform: everything that stands on a cluster, the same program for every kind of it."""

import pulumi
import pulumi_kubernetes as k8s

from ballast.clusters.access import ClusterAccess
from ballast.components.argocd import ArgoCd
from ballast.components.broker import Broker
from ballast.components.cache import Cache
from ballast.components.cluster_facts import ClusterFactsSecret
from ballast.components.dapr import Dapr
from ballast.components.database import Database
from ballast.components.evidence_admission import EvidenceAdmission
from ballast.components.git import Git
from ballast.components.identity import Identity
from ballast.components.monitoring import Monitoring
from ballast.components.namespaces import Namespaces
from ballast.components.policy import Policy
from ballast.components.registry import Registry
from ballast.components.root_application import RootApplication
from ballast.components.vault import Vault
from ballast.names import (
    ARGOCD_NAMESPACE,
    DAPR_NAMESPACE,
    DATABASE_NAMESPACE,
    GIT_NAMESPACE,
    MESSAGING_NAMESPACE,
    MONITORING_NAMESPACE,
    POLICY_NAMESPACE,
    VAULT_NAMESPACE,
)
from ballast.settings import Settings


class Platform(pulumi.ComponentResource):
    """Declares every component on one cluster. Components wait only for what they use."""

    def __init__(self, name: str, settings: Settings, access: ClusterAccess) -> None:
        cluster = [access.cluster] if access.cluster else []
        self.provider = k8s.Provider(
            "cluster",
            kubeconfig=pulumi.Output.secret(access.kubeconfig),
            # Stable, so that a new kubeconfig updates the provider and replaces nothing.
            cluster_identifier=access.identifier,
            enable_server_side_apply=True,
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            # Every object here has one owner, this program: what a hand changed is set back.
            enable_patch_force=True,
            opts=pulumi.ResourceOptions(depends_on=cluster),
        )
        super().__init__(
            "ballast:platform:Platform",
            name,
            None,
            pulumi.ResourceOptions(providers={"kubernetes": self.provider}),
        )
        here = pulumi.ResourceOptions(parent=self)
        facts, environments = access.facts, settings.environments
        namespaces = Namespaces(environments, here)
        of = namespaces.of
        Identity(namespaces.environments, here)
        database = Database(namespaces.environments, facts, of(DATABASE_NAMESPACE), here)
        Cache(namespaces.environments, of(DATABASE_NAMESPACE), here)
        broker = Broker(
            namespaces.environments,
            facts,
            of(MESSAGING_NAMESPACE),
            password_generation=settings.broker_password_generation,
            opts=here,
        )
        Registry(facts, of(MESSAGING_NAMESPACE), here)
        Vault(
            environments,
            facts,
            of(VAULT_NAMESPACE),
            seal=settings.vault_seal,
            database=database,
            opts=here,
        )
        dapr = Dapr(of(DAPR_NAMESPACE), here)
        policy = Policy(of(POLICY_NAMESPACE), here)
        evidence = EvidenceAdmission(namespaces.environments, of(POLICY_NAMESPACE), here)
        monitoring = Monitoring(facts, of(MONITORING_NAMESPACE), here)
        git = Git(facts, of(GIT_NAMESPACE), here)
        argocd = ArgoCd(git, of(ARGOCD_NAMESPACE), here)
        ClusterFactsSecret(facts, settings.domain, environments, of(ARGOCD_NAMESPACE), here)
        RootApplication(
            [
                *argocd.workloads,
                database.layout.done,
                broker.access.done,
                dapr.release,
                policy.release,
                *evidence.resources,
                monitoring.definitions,
                *namespaces.environments.values(),
            ],
            here,
        )
        self.register_outputs({})
