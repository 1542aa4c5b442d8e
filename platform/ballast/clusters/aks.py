"""Azure Kubernetes Service: Entra sign-in only, Cilium, its own network and identity."""

import base64
from typing import TYPE_CHECKING, Any, Final, cast

import pulumi
import yaml

from ballast.clusters.access import CLUSTER_TYPE, STANDARD, ClusterAccess, ClusterFacts
from ballast.clusters.kubeconfig import exec_kubeconfig
from ballast.settings import AksSettings

if TYPE_CHECKING:
    import pulumi_azure_native as azure

FACTS: Final = ClusterFacts(
    kind="aks",
    storage_class="managed-csi",
    storage=STANDARD,
    broker="redpanda",
    broker_replicas=3,
    registry_path="",
    load_balancer_annotations={
        "service.beta.kubernetes.io/azure-load-balancer-health-probe-request-path": "/healthz"
    },
)
# The application id of AKS itself in Microsoft Entra, the same for every tenant.
_AKS_SERVER_ID: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"


def build(settings: AksSettings) -> ClusterAccess:
    """Declare group, network, identity, cluster and upgrade window; sign in through kubelogin."""
    import pulumi_azure_native as azure

    component = pulumi.ComponentResource(CLUSTER_TYPE, settings.stack)
    options = pulumi.ResourceOptions(parent=component)
    group = azure.resources.ResourceGroup("group", location=settings.location, opts=options)
    network = azure.network.VirtualNetwork(
        "network",
        resource_group_name=group.name,
        location=settings.location,
        address_space={"address_prefixes": ["10.60.0.0/16"]},
        opts=pulumi.ResourceOptions(parent=component, ignore_changes=["subnets"]),
    )
    subnet = azure.network.Subnet(
        "nodes",
        resource_group_name=group.name,
        virtual_network_name=network.name,
        address_prefix="10.60.0.0/20",
        opts=options,
    )
    identity = azure.managedidentity.UserAssignedIdentity(
        "identity", resource_group_name=group.name, location=settings.location, opts=options
    )
    cluster = _declare_cluster(settings, component, group, subnet, identity)
    azure.containerservice.MaintenanceConfiguration(
        "upgrades",
        resource_group_name=group.name,
        resource_name_=cluster.name,
        config_name="aksManagedAutoUpgradeSchedule",
        maintenance_window={
            "duration_hours": 4,
            "start_time": "03:00",
            "utc_offset": "+00:00",
            "schedule": {"weekly": {"day_of_week": "Sunday", "interval_weeks": 1}},
        },
        opts=options,
    )
    credentials = azure.containerservice.list_managed_cluster_user_credentials_output(
        resource_group_name=group.name,
        resource_name=cluster.name,
        format="exec",
        opts=pulumi.InvokeOutputOptions(parent=component),
    )
    kubeconfig = credentials.kubeconfigs.apply(
        lambda found: _with_kubelogin(settings.cluster_name, found[0].value)
    )
    component.register_outputs({})
    return ClusterAccess(
        kubeconfig=pulumi.Output.secret(kubeconfig),
        identifier=f"ballast-{settings.stack}",
        facts=FACTS,
        cluster=cluster,
    )


def _with_kubelogin(name: str, encoded: str) -> str:
    """Keep the endpoint Azure gives, but sign in without a person: its own exec asks for a code."""
    given = cast("dict[str, Any]", yaml.safe_load(base64.b64decode(encoded)))
    cluster = given["clusters"][0]["cluster"]
    return exec_kubeconfig(
        name=name,
        server=cluster["server"],
        certificate_authority=cluster["certificate-authority-data"],
        command="kubelogin",
        arguments=["get-token", "--login", "workloadidentity", "--server-id", _AKS_SERVER_ID],
        install_hint="az aks install-cli",
    )


def _declare_cluster(
    settings: AksSettings,
    parent: pulumi.Resource,
    group: "azure.resources.ResourceGroup",
    subnet: "azure.network.Subnet",
    identity: "azure.managedidentity.UserAssignedIdentity",
) -> "azure.containerservice.ManagedCluster":
    import pulumi_azure_native as azure

    return azure.containerservice.ManagedCluster(
        "cluster",
        resource_name_=settings.cluster_name,
        resource_group_name=group.name,
        location=settings.location,
        kubernetes_version=settings.kubernetes_version,
        dns_prefix=settings.cluster_name,
        sku={"name": "Base", "tier": "Standard"},
        identity={
            "type": azure.containerservice.ResourceIdentityType.USER_ASSIGNED,
            "user_assigned_identities": [identity.id],
        },
        agent_pool_profiles=[
            {
                "name": "platform",
                "mode": "System",
                "type": "VirtualMachineScaleSets",
                "vm_size": settings.node_size,
                "availability_zones": ["1", "2", "3"],
                "count": settings.min_nodes,
                "enable_auto_scaling": True,
                "min_count": settings.min_nodes,
                "max_count": settings.max_nodes,
                "os_sku": "AzureLinux",
                "os_disk_type": "Ephemeral",
                "enable_encryption_at_host": True,
                "vnet_subnet_id": subnet.id,
                "upgrade_settings": {"max_surge": "33%"},
                "node_labels": {"ballast.dev/pool": "platform"},
            }
        ],
        network_profile={
            "network_plugin": "azure",
            "network_plugin_mode": "overlay",
            "network_dataplane": "cilium",
            "network_policy": "cilium",
            "pod_cidr": "10.244.0.0/16",
            "service_cidr": "10.245.0.0/16",
            "dns_service_ip": "10.245.0.10",
        },
        api_server_access_profile={"authorized_ip_ranges": list(settings.operator_cidrs)},
        oidc_issuer_profile={"enabled": True},
        security_profile={
            "workload_identity": {"enabled": True},
            "image_cleaner": {"enabled": True, "interval_hours": 168},
        },
        aad_profile={
            "managed": True,
            "enable_azure_rbac": True,
            "admin_group_object_ids": list(settings.admin_group_ids),
        },
        disable_local_accounts=True,
        auto_upgrade_profile={"upgrade_channel": "patch", "node_os_upgrade_channel": "NodeImage"},
        opts=pulumi.ResourceOptions(
            parent=parent, protect=True, ignore_changes=["agentPoolProfiles[0].count"]
        ),
    )
