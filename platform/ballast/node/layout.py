"""Where one embedded node keeps its files."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ballast.paths import state_dir


@dataclass(frozen=True)
class Layout:
    """Paths of one node under `root`; two nodes of one machine never share any of them."""

    root: Path

    @classmethod
    def default(cls) -> "Layout":
        """Layout under the state folder of this user."""
        return cls(state_dir() / "node")

    @property
    def pki(self) -> Path:
        """Keys, certificates and kubeconfigs of the components, mode 0700."""
        return self.root / "pki"

    @property
    def config(self) -> Path:
        """Rendered configuration files, written anew by each start."""
        return self.root / "config"

    @property
    def data(self) -> Path:
        """What survives down and up: etcd, containerd, kubelet, volumes."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """One `<component>.log` each, and the pods' logs."""
        return self.root / "log"

    @property
    def run(self) -> Path:
        """Facts about the running instance; empty when the node is down."""
        return self.root / "run"

    @property
    def tools(self) -> Path:
        """Links to host programs and libraries, the folders on the components' PATH."""
        return self.root / "tools"

    @property
    def admin_kubeconfig(self) -> Path:
        """The kubeconfig for people and programs on this machine, mode 0600."""
        return self.root / "admin.kubeconfig"

    @property
    def lock(self) -> Path:
        """File lock that makes starts and stops take turns."""
        return self.root / "lock"

    @property
    def boot(self) -> Path:
        """What the supervisor was told to run."""
        return self.run / "boot.json"

    @property
    def identity(self) -> Path:
        """Which process is pid 1 of the node."""
        return self.run / "identity.json"

    @property
    def status(self) -> Path:
        """What the supervisor says about its components."""
        return self.run / "status.json"

    @property
    def forwards(self) -> Path:
        """Wanted forwards: port on 127.0.0.1 to an address inside."""
        return self.root / "forwards.json"

    @property
    def forwards_applied(self) -> Path:
        """Forwards the forwarder serves, and why it does not serve the others."""
        return self.run / "forwards-applied.json"

    @property
    def cgroup(self) -> str:
        """Name of the node's cgroup below the root of every hierarchy, unique per root."""
        digest = hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()
        return f"ballast-{digest[:8]}"
