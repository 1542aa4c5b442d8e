"""One builder per kind of cluster; each returns the same ClusterAccess."""

from ballast.clusters.access import ClusterAccess, ClusterFacts
from ballast.settings import (
    AksSettings,
    DoksSettings,
    EmbeddedSettings,
    GkeSettings,
    MinikubeSettings,
    Settings,
)

__all__ = ["ClusterAccess", "ClusterFacts", "build_access"]


def build_access(settings: Settings) -> ClusterAccess:
    """Declare the cluster of this stack, or find it, and say how to reach it.

    Builders are imported when needed: a cloud SDK costs seconds and is an optional dependency.
    """
    match settings:
        case EmbeddedSettings():
            from ballast.clusters import embedded

            return embedded.build(settings)
        case MinikubeSettings():
            from ballast.clusters import minikube

            return minikube.build(settings)
        case DoksSettings():
            from ballast.clusters import doks

            return doks.build(settings)
        case GkeSettings():
            from ballast.clusters import gke

            return gke.build(settings)
        case AksSettings():
            from ballast.clusters import aks

            return aks.build(settings)
