"""From files on disk to a running supervisor."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ballast.node import addresses
from ballast.node.boot import Boot
from ballast.node.components import components
from ballast.node.configs import fingerprint, write_configs
from ballast.node.errors import NodeError
from ballast.node.files import write_atomically
from ballast.node.hostroot import HostRoot
from ballast.node.layout import Layout
from ballast.node.logs import tail
from ballast.node.pki import ensure_pki
from ballast.node.python import isolated
from ballast.paths import cache_dir, repository_root


def plan(binaries: Mapping[str, Path], host: HostRoot, layout: Layout, api_port: int) -> Boot:
    """Describe the node that these programs make; writes nothing."""
    visible = {
        layout.root.resolve(),
        cache_dir().resolve(),
        host.tree.resolve(),
        repository_root().resolve(),
        Path(sys.prefix).resolve(),
        Path(sys.base_prefix).resolve(),
        *(path.resolve().parent for path in binaries.values()),
    }
    return Boot(
        cgroup=layout.cgroup,
        hostname=addresses.NODE_NAME,
        ip=host.program("ip"),
        iptables=host.iptables,
        tools=str(layout.tools / "bin"),
        environment=host.environment,
        keep=sorted(str(path) for path in visible if path.is_dir()),
        binds={
            "/var/lib/containerd": str(layout.data / "containerd"),
            "/var/lib/kubelet": str(layout.data / "kubelet"),
            addresses.VOLUMES: str(layout.data / "volumes"),
            "/var/log/pods": str(layout.log / "pods"),
            "/var/log/containers": str(layout.log / "containers"),
        },
        log=str(layout.log),
        status=str(layout.status),
        identity=str(layout.identity),
        api_port=api_port,
        configuration=fingerprint(layout, host),
        components=components(binaries, host, layout),
    )


def start(boot: Boot, host: HostRoot, layout: Layout, api_port: int, lock: int) -> None:
    """Write all files and launch; NodeError says why the kernel or a program refused.

    The launcher holds `lock`, a descriptor, as well: when this process is killed, another start
    waits until it is known which supervisor there is.
    """
    if os.geteuid() != 0:
        raise NodeError(
            "the embedded node needs root: it makes network and mount namespaces",
            fix="run it as root, or use the minikube stack: pulumi up -s minikube",
        )
    layout.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.rmtree(layout.run, ignore_errors=True)
    for folder in (layout.run, layout.config, layout.log, *map(Path, boot.binds.values())):
        folder.mkdir(parents=True, exist_ok=True)
    ensure_pki(layout, api_port)
    host.prepare()
    write_configs(layout, host)
    write_atomically(layout.boot, boot.text())
    argv = isolated("ballast.node.launch", f"{str(layout.boot)!r}, {lock}")
    done = subprocess.run(argv, capture_output=True, text=True, check=False, pass_fds=[lock])
    if done.returncode != 0:
        said = done.stderr.strip() or "\n".join(tail(layout.log / "supervisor.log"))
        raise NodeError(
            f"the node could not be launched: {said}",
            fix=f"ballast doctor; details are in {layout.log}/supervisor.log",
        )
