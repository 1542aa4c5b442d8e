"""What the machine looks like, as far as a node could have changed it."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

# They count or draw, whoever runs: no one's setting.
_MOVING = (
    "kernel/random/",
    "kernel/ns_last_pid",
    "kernel/pty/nr",
    "fs/dentry-state",
    "fs/file-nr",
    "fs/inode-nr",
    "fs/inode-state",
    "fs/aio-nr",
    "fs/quota/",
    "net/netfilter/nf_conntrack_count",
    "vm/stat_refresh",
)
_KINDS = ("net", "mnt", "pid", "ipc", "uts")
_FOLDERS = ("/run", "/var/lib", "/var/log", "/etc/cni", "/opt/cni", "/usr/libexec")


def snapshot(host_root: Path) -> dict[str, object]:
    """Sysctls, routes, links, mounts, rules, folders and the user's kubeconfig."""
    return {
        "sysctls": dict(_sysctls()),
        "routes": Path("/proc/net/route").read_text(),
        "links": _names(Path("/sys/class/net")),
        "mounts": Path("/proc/mounts").read_text(),
        "iptables": [_rules(host_root, flavour) for flavour in ("nft", "legacy")],
        "folders": {each: _names(Path(each)) for each in _FOLDERS},
        "kube": _tree(Path.home() / ".kube"),
        "resolver": Path("/etc/resolv.conf").read_bytes(),
        "hostname": os.uname().nodename,
    }


def _sysctls() -> Iterator[tuple[str, bytes]]:
    for folder, _, files in os.walk("/proc/sys"):
        for file in files:
            path = Path(folder, file)
            name = str(path.relative_to("/proc/sys"))
            # New network namespaces make and remove entries of their own links only.
            if name.startswith(_MOVING) or "fs/binfmt_misc" in name:
                continue
            try:
                yield name, path.read_bytes()
            except OSError:
                yield name, b"not readable"


def _rules(host_root: Path, flavour: str) -> list[str]:
    done = subprocess.run(
        [host_root / "bin" / f"iptables-{flavour}-save"], capture_output=True, text=True, check=True
    )
    return [line for line in done.stdout.splitlines() if not line.startswith("#")]


def _names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []


def _tree(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def namespaces_of(pid: int) -> set[str]:
    """The namespaces of a process, as the kernel names them."""
    return {str(Path(f"/proc/{pid}/ns/{kind}").readlink()) for kind in _KINDS}


def all_namespaces() -> set[str]:
    """The namespaces of every process on the machine."""
    found: set[str] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found |= namespaces_of(int(entry.name))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
    return found


def cgroups_named(name: str) -> list[Path]:
    """Control groups of that name in any hierarchy."""
    return [Path(top, name) for top, folders, _ in os.walk("/sys/fs/cgroup") if name in folders]
