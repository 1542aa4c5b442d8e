"""The embedded node: it is already running, Pulumi only reads its kubeconfig."""

import os
from pathlib import Path
from typing import Final

import pulumi

from ballast.clusters.access import COMPACT, ClusterAccess, ClusterFacts
from ballast.errors import BallastError
from ballast.paths import state_dir
from ballast.settings import EmbeddedSettings

FACTS: Final = ClusterFacts(
    kind="embedded",
    storage_class="local-path",
    storage=COMPACT,
    broker="kafka",
    broker_replicas=1,
    registry_path="/apis/ccompat/v7",
)


def kubeconfig_path() -> Path:
    """Where the node left its admin kubeconfig ($BALLAST_KUBECONFIG overrides it)."""
    chosen = os.environ.get("BALLAST_KUBECONFIG")
    return Path(chosen) if chosen else state_dir() / "node" / "admin.kubeconfig"


def build(settings: EmbeddedSettings) -> ClusterAccess:
    """Access to the running node. Raises BallastError when it has no kubeconfig yet."""
    path = kubeconfig_path()
    try:
        text = path.read_text()
    except FileNotFoundError as error:
        raise BallastError(
            f"stack '{settings.stack}': the embedded node has no kubeconfig at {path}",
            fix="start the node first: ballast node up (make up does it for you)",
        ) from error
    return ClusterAccess(
        kubeconfig=pulumi.Output.secret(text),
        identifier=f"ballast-{settings.stack}",
        facts=FACTS,
    )
