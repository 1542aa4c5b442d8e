"""A real sidecar on 127.0.0.1: the program that the platform builds, without a control plane."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from ports import free_port

from ballast.supply.build import ensure_binaries


@dataclass
class Daprd:
    """The sidecar of `app_id`; `resources` holds its components and subscriptions."""

    app_id: str
    folder: Path
    resources: Path
    app_port: int | None = None
    port: int = field(default_factory=free_port)
    grpc: int = field(default_factory=free_port)
    internal: int = field(default_factory=free_port)
    metrics: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its app reaches it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / f"{self.app_id}.log"

    def start(self) -> None:
        """Start it; it waits for its app by itself."""
        command = [
            *("setpriv", "--pdeathsig", "KILL"),
            str(ensure_binaries(["daprd"])["daprd"]),
            *("--app-id", self.app_id),
            *("--dapr-http-port", str(self.port)),
            *("--dapr-grpc-port", str(self.grpc)),
            *("--dapr-internal-grpc-port", str(self.internal)),
            *("--metrics-port", str(self.metrics)),
            *("--dapr-listen-addresses", "127.0.0.1"),
            *("--dapr-internal-grpc-listen-address", "127.0.0.1"),
            *("--resources-path", str(self.resources)),
            *("--config", str(self.resources.parent / "config.yaml")),
            *("--mode", "standalone", "--log-level", "info"),
        ]
        if self.app_port is not None:
            command += ["--app-port", str(self.app_port), "--app-channel-address", "127.0.0.1"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | self.environment | {"DAPR_HOST_IP": "127.0.0.1"},
            )

    def kill(self) -> None:
        """End it without a chance to clean up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


def configure_names(folder: Path, template: str = "127.0.0.1", **more: object) -> None:
    """Write the configuration of the sidecars in `folder`, with where they find each other.

    `template` is text of Go for the address of the app `.ID` in `.Namespace`.
    """
    resolution = {"component": "kubernetes", "configuration": {"template": template}}
    config = {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Configuration",
        "metadata": {"name": "dapr-config"},
        "spec": {"nameResolution": resolution, **more},
    }
    (folder / "config.yaml").write_text(json.dumps(config))
