"""Running the helm program against the provider's cluster, touching nothing of the user's."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ballast.airgap.failures import RpcError
from ballast.kubeapi import Endpoint

BINARY_VARIABLE = "BALLAST_HELM"


class HelmFailedError(RpcError):
    """helm said no; `stderr` is its own explanation."""

    def __init__(self, verb: str, stderr: str) -> None:
        super().__init__(f"helm {verb}: {stderr.strip()[-2000:]}")
        self.stderr = stderr


class Helm:
    """The helm program with private configuration folders, removed by `close`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._folder = Path(tempfile.mkdtemp(prefix="ballast-helm-"))
        self._kubeconfig = endpoint.path
        if self._kubeconfig is None:
            self._kubeconfig = self.private_file("kubeconfig.yaml", endpoint.text)

    def close(self) -> None:
        """Remove the private folder with its copy of the kubeconfig."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def private_file(self, suffix: str, text: str) -> Path:
        """A new file that only this user can read, gone with `close`."""
        descriptor, name = tempfile.mkstemp(suffix=f"-{suffix}", dir=self._folder)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
        return Path(name)

    def on_cluster(self, arguments: Sequence[str], stdin: str = "") -> str:
        """Run a verb that talks to the cluster; its stdout. HelmFailedError otherwise."""
        target = ["--kubeconfig", str(self._kubeconfig), "--kube-context", self._endpoint.context]
        return self.run([*arguments, *target], stdin)

    def run(self, arguments: Sequence[str], stdin: str = "") -> str:
        """Run any verb; its stdout. HelmFailedError when it fails, RpcError when it is absent."""
        binary = os.environ.get(BINARY_VARIABLE) or "helm"
        try:
            done = subprocess.run(
                [binary, *arguments],
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
                env={
                    **os.environ,
                    "HELM_CACHE_HOME": str(self._folder / "cache"),
                    "HELM_CONFIG_HOME": str(self._folder / "config"),
                    "HELM_DATA_HOME": str(self._folder / "data"),
                    "HELM_DRIVER": "secret",
                    "KUBECACHEDIR": str(self._folder / "discovery"),  # else ~/.kube/cache
                },
            )
        except OSError as error:
            raise RpcError(
                f"the helm program {binary!r} cannot be run: {error.strerror}",
                f"build it (`ballast supply build helm`) and name it in {BINARY_VARIABLE}",
            ) from error
        if done.returncode != 0:
            raise HelmFailedError(arguments[0], done.stderr)
        return done.stdout
