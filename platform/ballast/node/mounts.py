"""What the node sees of the file system; runs as pid 1, standard library only."""

import os
from pathlib import Path

from ballast.node import kernel

# The node gets its own, so that nothing it writes there reaches the machine.
PRIVATE_FOLDERS = ("/run", "/var/log", "/var/lib")

# kubelet insists on these values; it finds them in private files and leaves the machine's alone.
KUBELET_SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def isolate(keep: list[str], binds: dict[str, str]) -> None:
    """Build the mount namespace of the calling process, which must be pid 1 of its own.

    `keep` are folders that stay visible even below a private folder, `binds` maps folders
    inside to the folders that hold their data. OSError names the mount that failed.
    """
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    sources = {inside: os.open(outside, os.O_PATH) for inside, outside in binds.items()}
    for folder in PRIVATE_FOLDERS:
        _replace(folder, [path for path in keep if path.startswith(f"{folder}/")])
    for inside, descriptor in sources.items():
        Path(inside).mkdir(parents=True, exist_ok=True)
        _bind_descriptor(descriptor, inside)
    _pin_sysctls()
    # Shared from here on: containerd must see the mounts that kubelet makes for pods.
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_SHARED)


def _replace(folder: str, keep: list[str]) -> None:
    kept = {path: os.open(path, os.O_PATH) for path in keep}
    kernel.mount("ballast", folder, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755")
    for path, descriptor in kept.items():
        Path(path).mkdir(parents=True, exist_ok=True)
        _bind_descriptor(descriptor, path)


def _bind_descriptor(descriptor: int, target: str) -> None:
    # A descriptor still reaches a folder that a mount above it has just hidden.
    kernel.bind(f"/proc/self/fd/{descriptor}", target)
    os.close(descriptor)


def _pin_sysctls() -> None:
    for name, value in KUBELET_SYSCTLS.items():
        target = Path("/proc/sys") / name
        if target.exists():
            private = Path("/run/ballast/sys") / name
            private.parent.mkdir(parents=True, exist_ok=True)
            private.write_text(f"{value}\n")
            kernel.bind(str(private), str(target))
