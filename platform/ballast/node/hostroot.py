"""Host programs from an extracted Debian tree, made runnable without installing them."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballast.node.errors import NodeError

_PROGRAM_FOLDERS: Final = ("usr/sbin", "usr/bin", "sbin", "bin")
_LIBRARY_FOLDERS: Final = ("usr/lib/*-linux-gnu", "lib/*-linux-gnu")
_SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# These belong to the machine's loader: another release of them would break its own programs.
_LIBC: Final = ("ld-linux", "libc.so", "libm.so", "libpthread.", "libdl.", "librt.", "libresolv.")
REQUIRED: Final = ("containerd", "containerd-shim-runc-v2", "ctr", "runc", "ip", "ipset")
CNI_PLUGINS: Final = ("ptp", "host-local", "portmap", "loopback")


@dataclass(frozen=True)
class HostRoot:
    """An extracted tree and a `tools` folder of links into it."""

    tree: Path
    tools: Path

    def program(self, name: str) -> str:
        """Path of a program in the tree; NodeError when it is not there."""
        for folder in _PROGRAM_FOLDERS:
            path = self.tree / folder / name
            if path.exists():
                return str(path)
        raise NodeError(
            f"{name} is not in {self.tree}", fix="ballast supply build, then ballast node up"
        )

    @property
    def cni(self) -> str:
        """Folder of the network plugins."""
        return str(self.tree / "usr/lib/cni")

    @property
    def environment(self) -> dict[str, str]:
        """Environment of everything that runs in the node: nothing of the caller's leaks in."""
        folders = [str(self.tools / "bin"), *(str(self.tree / each) for each in _PROGRAM_FOLDERS)]
        xtables = next((str(each) for each in self._libraries() if each.name == "xtables"), "")
        return {
            "PATH": f"{':'.join(folders)}:{_SYSTEM_PATH}",
            "LD_LIBRARY_PATH": str(self.tools / "lib"),
            "XTABLES_LIBDIR": xtables,
            "HOME": "/root",
            "LC_ALL": "C.UTF-8",
        }

    def _libraries(self) -> Iterator[Path]:
        for pattern in _LIBRARY_FOLDERS:
            for folder in sorted(self.tree.glob(pattern)):
                yield from sorted(folder.iterdir())

    def prepare(self) -> None:
        """Check the tree and make the links anew; NodeError names what the tree lacks."""
        for name in REQUIRED:
            self.program(name)
        for name in CNI_PLUGINS:
            if not (self.tree / "usr/lib/cni" / name).exists():
                raise NodeError(
                    f"network plugin {name} is not in {self.cni}",
                    fix="ballast supply build, then ballast node up",
                )
        shutil.rmtree(self.tools, ignore_errors=True)
        (self.tools / "bin").mkdir(parents=True)
        (self.tools / "lib").mkdir()
        for library in self._libraries():
            link = self.tools / "lib" / library.name
            shared = ".so" in library.name and not library.name.startswith(_LIBC)
            if shared and not link.is_symlink():
                link.symlink_to(library)

    @property
    def iptables(self) -> list[str]:
        """Programs that can act as iptables, the preferred one first."""
        return [self.program(name) for name in ("xtables-nft-multi", "xtables-legacy-multi")]
