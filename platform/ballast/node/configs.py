"""Configuration files of the components, rendered anew by each start."""

import hashlib
import json
from pathlib import Path
from typing import Final

import yaml

from ballast.node import addresses
from ballast.node.files import write_atomically
from ballast.node.hostroot import HostRoot
from ballast.node.layout import Layout

# Paths that answer without a login: probes, and the keys that let others verify service accounts.
ANONYMOUS_PATHS: Final = (
    "/livez",
    "/readyz",
    "/healthz",
    "/openid/v1/jwks",
    "/.well-known/openid-configuration",
)


def fingerprint(layout: Layout, host: HostRoot) -> str:
    """Changes when a restart is needed for the components to read what they should."""
    documents = [kubelet(layout), kube_proxy(layout), authentication(), cni()]
    text = json.dumps(documents) + containerd(layout.config / "cni", host)
    return hashlib.sha256(text.encode()).hexdigest()


def write_configs(layout: Layout, host: HostRoot) -> None:
    """Write every file the command lines in `components` point to."""
    folder = layout.config
    _write(folder / "kubelet.yaml", kubelet(layout))
    _write(folder / "kube-proxy.yaml", kube_proxy(layout))
    _write(folder / "authentication.yaml", authentication())
    key = (layout.pki / "encryption.key").read_text()
    _write(folder / "encryption.yaml", encryption(key))
    write_atomically(folder / "containerd.toml", containerd(folder / "cni", host))
    write_atomically(folder / "cni" / "10-ballast.conflist", json.dumps(cni(), indent=1))
    # An empty file: the node's programs have no name server outside the cluster.
    write_atomically(folder / "resolv.conf", "")


def _write(path: Path, document: dict[str, object]) -> None:
    write_atomically(path, yaml.safe_dump(document, sort_keys=False), 0o600)


def kubelet(layout: Layout) -> dict[str, object]:
    """KubeletConfiguration."""
    authority = str(layout.pki / "ca.crt")
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": addresses.NODE_IP,
        "port": 10250,
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "tlsCertFile": str(layout.pki / "kubelet-server.crt"),
        "tlsPrivateKeyFile": str(layout.pki / "kubelet-server.key"),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True, "cacheTTL": "1m0s"},
            "x509": {"clientCAFile": authority},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{addresses.CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.cgroup}",
        "cgroupsPerQOS": True,
        "enforceNodeAllocatable": ["pods"],
        "failSwapOn": False,
        "failCgroupV1": False,
        "clusterDomain": addresses.CLUSTER_DOMAIN,
        "clusterDNS": [addresses.DNS_SERVICE_IP],
        "resolvConf": str(layout.config / "resolv.conf"),
        "podCIDR": addresses.POD_CIDR,
        "nodeStatusUpdateFrequency": "4s",
        "nodeLeaseDurationSeconds": 20,
        "syncFrequency": "10s",
        "serializeImagePulls": False,
        # Images cannot be fetched again, so none is ever collected.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "200Mi",
            "nodefs.available": "2%",
            "imagefs.available": "2%",
            "nodefs.inodesFree": "1%",
            "imagefs.inodesFree": "1%",
        },
        "maxPods": 110,
        "rotateCertificates": False,
        "volumePluginDir": "/var/lib/kubelet/volumeplugins",
        "seccompDefault": False,
    }


def kube_proxy(layout: Layout) -> dict[str, object]:
    """KubeProxyConfiguration."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(layout.pki / "kube-proxy.kubeconfig")},
        "mode": "iptables",
        "clusterCIDR": addresses.CLUSTER_POD_CIDR,
        "hostnameOverride": addresses.NODE_NAME,
        "bindAddress": "0.0.0.0",  # noqa: S104 - every address of the closed namespace
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        # Zero leaves the connection table alone: its size belongs to the whole machine.
        "conntrack": {"maxPerCore": 0, "min": 0},
        "oomScoreAdj": 0,
        "iptables": {"minSyncPeriod": "0s", "syncPeriod": "30s"},
    }


def authentication() -> dict[str, object]:
    """AuthenticationConfiguration: who has no certificate sees the listed paths only."""
    return {
        "apiVersion": "apiserver.config.k8s.io/v1beta1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {
            "enabled": True,
            "conditions": [{"path": path} for path in ANONYMOUS_PATHS],
        },
    }


def encryption(key: str) -> dict[str, object]:
    """EncryptionConfiguration: Secrets are stored encrypted under a 32-byte key in base64."""
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [
                    {"secretbox": {"keys": [{"name": "first", "secret": key}]}},
                    {"identity": {}},
                ],
            }
        ],
    }


def cni() -> dict[str, object]:
    """Network plugin list: a point-to-point link per pod, and host ports."""
    ipam = {
        "type": "host-local",
        "dataDir": "/var/lib/cni/networks",
        "ranges": [[{"subnet": addresses.POD_CIDR}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {
        "cniVersion": "0.4.0",
        "name": "ballast",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "mtu": 1500, "ipam": ipam},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def containerd(cni_folder: Path, host: HostRoot) -> str:
    """The runtime's configuration (TOML; JSON strings are TOML strings)."""
    return f"""\
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.internal.v1.tracing",
]
[grpc]
  address = {json.dumps(addresses.CONTAINERD_SOCKET)}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = {json.dumps(addresses.PAUSE_IMAGE)}
  restrict_oom_score_adj = true
  disable_apparmor = true
  enable_selinux = false
  enable_unprivileged_ports = true
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = {json.dumps(host.cni)}
    conf_dir = {json.dumps(str(cni_folder))}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = {json.dumps(host.program("runc"))}
        SystemdCgroup = false
"""
