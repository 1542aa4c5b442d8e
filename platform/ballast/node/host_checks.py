"""What the embedded node needs of a machine, one check each."""

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballast import names
from ballast.node import cgroups
from ballast.node.layout import Layout
from ballast.node.liveness import load_identity
from ballast.node.python import isolated
from ballast.paths import cache_dir, state_dir

DISK_BYTES: Final = 15 * 10**9
MEMORY_BYTES: Final = 6 * 2**30
OTHER_STACK: Final = "or use another stack: pulumi up -s minikube"


@dataclass(frozen=True)
class Finding:
    """The outcome of one check; `fix` is empty when it passed."""

    name: str
    passed: bool
    found: str
    fix: str = ""


def run_checks() -> list[Finding]:
    """All checks; those that need Linux or root are left out when it is missing."""
    findings = [linux(), python(), git(), root(), memory(), disk(), ports()]
    if all(each.passed for each in findings if each.name in {"linux", "root"}):
        findings += [control_groups(), *kernel_features()]
    return findings


def _finding(name: str, passed: bool, found: str, fix: str) -> Finding:
    return Finding(name, passed, found, "" if passed else f"{fix}, {OTHER_STACK}")


def linux() -> Finding:
    """The kernel must be Linux on x86-64."""
    found = f"{platform.system()} {platform.machine()}"
    return _finding("linux", found == "Linux x86_64", found, "run it on an x86-64 Linux machine")


def python() -> Finding:
    """Python 3.11 or newer."""
    passed = sys.version_info >= (3, 11)
    return _finding("python", passed, platform.python_version(), "install Python 3.11 or newer")


def git() -> Finding:
    """The platform is delivered through Git."""
    found = shutil.which("git") or "not on PATH"
    return _finding("git", found != "not on PATH", found, "install git: apt-get install git")


def root() -> Finding:
    """Namespaces, mounts and control groups are root's."""
    user = os.geteuid()
    return _finding("root", user == 0, f"uid {user}", "run it as root: sudo make up")


def memory(meminfo: Path = Path("/proc/meminfo")) -> Finding:
    """The whole platform lives within 5 GiB."""
    total = _memory_total(meminfo)
    found = f"{total / 2**30:.1f} GiB"
    return _finding("memory", total >= MEMORY_BYTES, found, "use a machine with 6 GiB or more")


def _memory_total(meminfo: Path) -> int:
    if not meminfo.exists():
        return 0
    return int(meminfo.read_text().split("MemTotal:")[1].split()[0]) * 1024


def disk() -> Finding:
    """Space for what is built and for what the cluster stores, on their own file systems."""
    free = min(shutil.disk_usage(_existing(path)).free for path in (cache_dir(), state_dir()))
    fix = "free some, or point BALLAST_CACHE and BALLAST_HOME at a bigger disk"
    return _finding("disk", free >= DISK_BYTES, f"{free / 10**9:.0f} GB free", fix)


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def ports() -> Finding:
    """The ports of 127.0.0.1 that the platform is reached at; a running node holds its own."""
    identity = load_identity(Layout.default().identity)
    if identity and identity.alive():
        return Finding("ports", True, "held by the running node")
    taken = [str(port) for port in platform_ports() if not _free(port)]
    found = f"in use on 127.0.0.1: {', '.join(taken)}" if taken else "free"
    fix = "end the programs that listen there (ss -ltnp shows them)"
    return _finding("ports", not taken, found, fix)


def platform_ports() -> list[int]:
    """Every port of 127.0.0.1 that Ballast uses."""
    return [
        names.API_SERVER_PORT,
        *names.GATEWAY_PORTS.values(),
        names.ARGOCD_PORT,
        names.GIT_HTTP_PORT,
        names.GIT_SSH_PORT,
        names.PROMETHEUS_PORT,
        names.ALERTMANAGER_PORT,
        names.ALERT_SINK_PORT,
        names.VAULT_PORT,
    ]


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def control_groups(mounted: Callable[[], list[cgroups.Hierarchy]] = cgroups.mounted) -> Finding:
    """cpu, cpuset, memory and pids, as version 1 or version 2."""
    trees = mounted()
    versions = sorted({"v2" if tree.unified else "v1" for tree in trees})
    found = f"{' and '.join(versions) or 'none'} mounted"
    fix = "mount control groups with cpu, cpuset, memory and pids under /sys/fs/cgroup"
    return _finding("cgroups", cgroups.usable(trees), found, fix)


def kernel_features() -> list[Finding]:
    """Namespaces, overlayfs, veth and iptables, each tried for real and thrown away."""
    done = subprocess.run(
        isolated("ballast.node.probe", ""), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        return [_finding("kernel", False, done.stderr.strip(), "send this text with a report")]
    results: dict[str, str] = json.loads(done.stdout)
    return [
        _finding(name, not problem, problem or "works", f"use a kernel with {name}")
        for name, problem in results.items()
    ]
