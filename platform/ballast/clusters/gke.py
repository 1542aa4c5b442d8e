"""Google Kubernetes Engine, Standard: Autopilot would restrict what the other clusters allow."""

from typing import Final

import pulumi

from ballast.clusters.access import CLUSTER_TYPE, STANDARD, ClusterAccess, ClusterFacts
from ballast.clusters.gke_network import GkeNetwork, declare_network
from ballast.clusters.kubeconfig import exec_kubeconfig
from ballast.settings import GkeSettings

FACTS: Final = ClusterFacts(
    kind="gke",
    storage_class="premium-rwo",
    storage=STANDARD,
    broker="redpanda",
    broker_replicas=3,
    registry_path="",
    load_balancer_annotations={"cloud.google.com/l4-rbs": "enabled"},
)


def build(settings: GkeSettings) -> ClusterAccess:
    """Declare network, key, cluster and node pool; the kubeconfig uses the IAM-guarded DNS name."""
    import pulumi_gcp as gcp

    component = pulumi.ComponentResource(CLUSTER_TYPE, settings.stack)
    network = declare_network(settings, component)
    cluster = _declare_cluster(settings, component, network)
    account = gcp.serviceaccount.Account(
        "nodes",
        account_id=f"{settings.cluster_name}-nodes"[:30],
        project=settings.project,
        display_name="Ballast node pool",
        opts=pulumi.ResourceOptions(parent=component),
    )
    gcp.projects.IAMMember(
        "nodes-default-role",
        project=settings.project,
        role="roles/container.defaultNodeServiceAccount",
        member=account.email.apply(lambda email: f"serviceAccount:{email}"),
        opts=pulumi.ResourceOptions(parent=component),
    )
    # initial_node_count is left out on purpose: changing it recreates the pool.
    pool = gcp.container.NodePool(
        "platform",
        project=settings.project,
        location=settings.region,
        cluster=cluster.name,
        autoscaling={
            "total_min_node_count": settings.min_nodes,
            "total_max_node_count": settings.max_nodes,
            "location_policy": "BALANCED",
        },
        management={"auto_repair": True, "auto_upgrade": True},
        upgrade_settings={"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0},
        node_config={
            "machine_type": settings.node_size,
            "service_account": account.email,
            "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
            "workload_metadata_config": {"mode": "GKE_METADATA"},
            "shielded_instance_config": {
                "enable_secure_boot": True,
                "enable_integrity_monitoring": True,
            },
            "labels": {"ballast.dev/pool": "platform"},
        },
        opts=pulumi.ResourceOptions(parent=component),
    )
    endpoint = cluster.control_plane_endpoints_config.apply(
        lambda config: (
            config.dns_endpoint_config.endpoint if config and config.dns_endpoint_config else ""
        )
    )
    kubeconfig = endpoint.apply(
        lambda name: exec_kubeconfig(
            name=settings.cluster_name,
            server=f"https://{name}",
            command="gke-gcloud-auth-plugin",
            install_hint="gcloud components install gke-gcloud-auth-plugin",
        )
    )
    component.register_outputs({})
    return ClusterAccess(
        kubeconfig=pulumi.Output.secret(kubeconfig),
        identifier=f"ballast-{settings.stack}",
        facts=FACTS,
        cluster=pool,
    )


def _declare_cluster(settings: GkeSettings, parent: pulumi.Resource, network: GkeNetwork):
    import pulumi_gcp as gcp

    return gcp.container.Cluster(
        "cluster",
        name=settings.cluster_name,
        project=settings.project,
        location=settings.region,
        min_master_version=settings.kubernetes_version,
        release_channel={"channel": "REGULAR"},
        network=network.network.id,
        subnetwork=network.subnetwork.id,
        ip_allocation_policy={
            "cluster_secondary_range_name": "pods",
            "services_secondary_range_name": "services",
        },
        remove_default_node_pool=True,
        initial_node_count=1,
        datapath_provider="ADVANCED_DATAPATH",
        private_cluster_config={"enable_private_nodes": True},
        control_plane_endpoints_config={
            "dns_endpoint_config": {"allow_external_traffic": True},
            "ip_endpoints_config": {"enabled": False},
        },
        workload_identity_config={"workload_pool": f"{settings.project}.svc.id.goog"},
        database_encryption={"state": "ENCRYPTED", "key_name": network.encryption_key.id},
        maintenance_policy={
            "recurring_window": {
                "start_time": "2026-01-04T03:00:00Z",
                "end_time": "2026-01-04T07:00:00Z",
                "recurrence": "FREQ=WEEKLY;BYDAY=SU",
            }
        },
        gateway_api_config={"channel": "CHANNEL_STANDARD"},
        enable_shielded_nodes=True,
        deletion_protection=True,
        opts=pulumi.ResourceOptions(
            parent=parent, protect=True, depends_on=[network.encryption_grant]
        ),
    )
