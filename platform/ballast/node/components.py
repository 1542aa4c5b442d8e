"""The components of the node and their command lines."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ballast.node import addresses
from ballast.node.boot import Component
from ballast.node.errors import NodeError
from ballast.node.hostroot import HostRoot
from ballast.node.layout import Layout
from ballast.node.python import isolated

BINARIES: Final = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "netpol",
)
_ETCD: Final = "127.0.0.1:2379"
_PEER: Final = "http://127.0.0.1:2380"
_API: Final = f"tcp:{addresses.NODE_IP}:{addresses.API_PORT}"
_RUNTIME: Final = f"unix:{addresses.CONTAINERD_SOCKET}"
# The API server keeps half a gigabyte alive and would let as much garbage gather beside it: most of
# what the node needs. Collecting at half of that costs a few per cent of a core.
_LEAN: Final = {"GOGC": "50"}


def components(binaries: Mapping[str, Path], host: HostRoot, layout: Layout) -> list[Component]:
    """All components in the order they start; NodeError names a binary that is missing."""
    missing = [name for name in BINARIES if name not in binaries or not binaries[name].exists()]
    if missing:
        raise NodeError(
            f"not built yet: {', '.join(missing)}", fix="ballast supply build, then try again"
        )

    def run(name: str, *flags: str, **rest: Any) -> Component:
        return Component(name, [str(binaries[name]), *flags], **rest)

    runtime = [
        host.program("containerd"),
        f"--config={layout.config}/containerd.toml",
        "--log-level=warn",
    ]
    return [
        run("etcd", *_etcd(layout), last=True),
        run("kube-apiserver", *_api_server(layout), after=[f"tcp:{_ETCD}"], environment=_LEAN),
        Component("containerd", runtime),
        forwarder(layout),
        run("kubelet", *_kubelet(layout), after=[_RUNTIME, _API]),
        run("kube-controller-manager", *_controller_manager(layout), after=[_API]),
        run("kube-scheduler", *_scheduler(layout), after=[_API]),
        run("kube-proxy", f"--config={layout.config}/kube-proxy.yaml", after=[_API]),
        run("netpol", *_netpol(layout), after=[_API]),
    ]


def forwarder(layout: Layout) -> Component:
    """The way in from 127.0.0.1 of the machine."""
    arguments = f"{str(layout.forwards)!r}, {str(layout.forwards_applied)!r}"
    argv = isolated("ballast.node.forwarder", arguments)
    # The machine's own interpreter runs on the machine's own libraries.
    own = {"LD_LIBRARY_PATH": ""}
    return Component("forwarder", argv, environment=own, host_network=True)


def _etcd(layout: Layout) -> list[str]:
    return [
        "--name=node",
        f"--data-dir={layout.data}/etcd",
        f"--listen-client-urls=http://{_ETCD}",
        f"--advertise-client-urls=http://{_ETCD}",
        f"--listen-peer-urls={_PEER}",
        f"--initial-advertise-peer-urls={_PEER}",
        f"--initial-cluster=node={_PEER}",
        # One member on one disk: a flush per write would guard against a power cut only.
        "--unsafe-no-fsync",
        "--auto-compaction-retention=1",
        "--quota-backend-bytes=2147483648",
        "--log-level=warn",
    ]


def _api_server(layout: Layout) -> list[str]:
    pki, config = layout.pki, layout.config
    return [
        f"--etcd-servers=http://{_ETCD}",
        f"--advertise-address={addresses.NODE_IP}",
        f"--secure-port={addresses.API_PORT}",
        f"--service-cluster-ip-range={addresses.SERVICE_CIDR}",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--service-account-issuer={addresses.SERVICE_ACCOUNT_ISSUER}",
        f"--service-account-key-file={pki}/service-account.pub",
        f"--service-account-signing-key-file={pki}/service-account.key",
        f"--authentication-config={config}/authentication.yaml",
        f"--encryption-provider-config={config}/encryption.yaml",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP,Hostname",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={pki}/front-proxy.crt",
        f"--proxy-client-key-file={pki}/front-proxy.key",
        "--profiling=false",
        "--event-ttl=1h",
        "--shutdown-delay-duration=0s",
    ]


def _kubelet(layout: Layout) -> list[str]:
    return [
        f"--config={layout.config}/kubelet.yaml",
        f"--kubeconfig={layout.pki}/kubelet.kubeconfig",
        f"--hostname-override={addresses.NODE_NAME}",
        f"--node-ip={addresses.NODE_IP}",
        "--root-dir=/var/lib/kubelet",
        # The default needs a capability that containers of this machine may not have.
        "--oom-score-adj=0",
        "-v=1",
    ]


def _login(layout: Layout, name: str) -> list[str]:
    path = f"{layout.pki}/{name}.kubeconfig"
    return [
        f"--kubeconfig={path}",
        f"--authentication-kubeconfig={path}",
        f"--authorization-kubeconfig={path}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--profiling=false",
    ]


def _controller_manager(layout: Layout) -> list[str]:
    pki = layout.pki
    return [
        *_login(layout, "controller-manager"),
        f"--cluster-cidr={addresses.CLUSTER_POD_CIDR}",
        "--allocate-node-cidrs=true",
        f"--service-cluster-ip-range={addresses.SERVICE_CIDR}",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--service-account-private-key-file={pki}/service-account.key",
        "--use-service-account-credentials=true",
        f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
    ]


def _scheduler(layout: Layout) -> list[str]:
    return _login(layout, "scheduler")


def _netpol(layout: Layout) -> list[str]:
    return [
        f"--kubeconfig={layout.pki}/netpol.kubeconfig",
        f"--hostname-override={addresses.NODE_NAME}",
        f"--service-cluster-ip-range={addresses.SERVICE_CIDR}",
        f"--tools={layout.run}/netpol",
    ]
