"""The network and the encryption key that a GKE cluster stands on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from ballast.settings import GkeSettings

if TYPE_CHECKING:
    import pulumi_gcp as gcp


@dataclass(frozen=True)
class GkeNetwork:
    """Network resources that the cluster refers to; the grant must exist before the cluster."""

    network: "gcp.compute.Network"
    subnetwork: "gcp.compute.Subnetwork"
    encryption_key: "gcp.kms.CryptoKey"
    encryption_grant: "gcp.kms.CryptoKeyIAMMember"


def declare_network(settings: GkeSettings, parent: pulumi.Resource) -> GkeNetwork:
    """A private network with room for pods and services, NAT for egress, and a key for Secrets."""
    import pulumi_gcp as gcp

    options = pulumi.ResourceOptions(parent=parent)
    network = gcp.compute.Network(
        "network",
        project=settings.project,
        auto_create_subnetworks=False,
        opts=options,
    )
    subnetwork = gcp.compute.Subnetwork(
        "subnetwork",
        project=settings.project,
        region=settings.region,
        network=network.id,
        ip_cidr_range="10.60.0.0/20",
        private_ip_google_access=True,
        secondary_ip_ranges=[
            {"range_name": "pods", "ip_cidr_range": "10.64.0.0/14"},
            {"range_name": "services", "ip_cidr_range": "10.68.0.0/20"},
        ],
        opts=options,
    )
    router = gcp.compute.Router(
        "router",
        project=settings.project,
        region=settings.region,
        network=network.id,
        opts=options,
    )
    gcp.compute.RouterNat(
        "nat",
        project=settings.project,
        region=settings.region,
        router=router.name,
        nat_ip_allocate_option="AUTO_ONLY",
        source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
        opts=options,
    )
    ring = gcp.kms.KeyRing("keys", project=settings.project, location=settings.region, opts=options)
    key = gcp.kms.CryptoKey(
        "secrets",
        key_ring=ring.id,
        rotation_period="7776000s",
        opts=pulumi.ResourceOptions(parent=parent, protect=True),
    )
    project = gcp.organizations.get_project_output(
        project_id=settings.project, opts=pulumi.InvokeOutputOptions(parent=parent)
    )
    grant = gcp.kms.CryptoKeyIAMMember(
        "secrets-grant",
        crypto_key_id=key.id,
        role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
        member=project.number.apply(
            lambda number: (
                f"serviceAccount:service-{number}@container-engine-robot.iam.gserviceaccount.com"
            )
        ),
        opts=options,
    )
    return GkeNetwork(network, subnetwork, key, grant)
