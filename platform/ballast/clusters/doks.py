"""DigitalOcean Kubernetes: a network of its own, high availability, a guarded API server."""

from typing import Final

import pulumi

from ballast.clusters.access import CLUSTER_TYPE, STANDARD, ClusterAccess, ClusterFacts
from ballast.clusters.kubeconfig import exec_kubeconfig
from ballast.settings import DoksSettings

FACTS: Final = ClusterFacts(
    kind="doks",
    storage_class="do-block-storage",
    storage=STANDARD,
    broker="redpanda",
    broker_replicas=3,
    registry_path="",
    load_balancer_annotations={
        "service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol": "true"
    },
)


def build(settings: DoksSettings) -> ClusterAccess:
    """Declare the VPC and the cluster; the kubeconfig fetches its token through doctl."""
    import pulumi_digitalocean as digitalocean

    component = pulumi.ComponentResource(CLUSTER_TYPE, settings.stack)
    options = pulumi.ResourceOptions(parent=component)
    network = digitalocean.Vpc(
        "network",
        name=f"{settings.cluster_name}-network",
        region=settings.region,
        ip_range="10.60.0.0/20",
        opts=options,
    )
    cluster = digitalocean.KubernetesCluster(
        "cluster",
        name=settings.cluster_name,
        region=settings.region,
        version=settings.kubernetes_version,
        vpc_uuid=network.id,
        cluster_subnet="10.244.0.0/16",
        service_subnet="10.245.0.0/16",
        ha=True,
        auto_upgrade=True,
        surge_upgrade=True,
        maintenance_policy={"day": "sunday", "start_time": "03:00"},
        control_plane_firewall={
            "enabled": True,
            "allowed_addresses": list(settings.operator_cidrs),
        },
        destroy_all_associated_resources=False,
        node_pool={
            "name": "platform",
            "size": settings.node_size,
            "auto_scale": True,
            "min_nodes": settings.min_nodes,
            "max_nodes": settings.max_nodes,
            "labels": {"ballast.dev/pool": "platform"},
        },
        opts=pulumi.ResourceOptions(
            parent=component,
            protect=True,
            # The autoscaler and the maintenance window own these two; lowering the version
            # would replace the cluster.
            ignore_changes=["nodePool.nodeCount", "version"],
        ),
    )
    kubeconfig = pulumi.Output.all(
        cluster.id, cluster.endpoint, cluster.kube_configs[0].cluster_ca_certificate
    ).apply(
        lambda facts: exec_kubeconfig(
            name=settings.cluster_name,
            server=str(facts[1]),
            certificate_authority=str(facts[2]),
            command="doctl",
            arguments=[
                "kubernetes",
                "cluster",
                "kubeconfig",
                "exec-credential",
                "--version=v1beta1",
                "--context=default",
                str(facts[0]),
            ],
            install_hint="install doctl and run: doctl auth init",
        )
    )
    component.register_outputs({})
    return ClusterAccess(
        kubeconfig=pulumi.Output.secret(kubeconfig),
        identifier=f"ballast-{settings.stack}",
        facts=FACTS,
        cluster=cluster,
    )
