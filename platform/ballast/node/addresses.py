"""Fixed names and addresses inside the node's own network, the same on every machine."""

from typing import Final

NODE_NAME: Final = "ballast-0"
NODE_IP: Final = "10.89.0.2"
NODE_CIDR: Final = "10.89.0.2/24"
SERVICE_CIDR: Final = "10.96.0.0/16"
API_SERVICE_IP: Final = "10.96.0.1"
DNS_SERVICE_IP: Final = "10.96.0.10"
CLUSTER_POD_CIDR: Final = "10.244.0.0/16"
POD_CIDR: Final = "10.244.0.0/24"
API_PORT: Final = 6443
CLUSTER_DOMAIN: Final = "cluster.local"
SERVICE_ACCOUNT_ISSUER: Final = "https://kubernetes.default.svc.cluster.local"
PAUSE_IMAGE: Final = "registry.k8s.io/pause:3.10"
CONTAINERD_SOCKET: Final = "/run/containerd/containerd.sock"
VOLUMES: Final = "/var/lib/local-path"
