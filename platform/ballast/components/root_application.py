"""The one Application that Pulumi makes; every other comes out of Git through it."""

from collections.abc import Sequence
from typing import Final

import pulumi

from ballast import names
from ballast.components.objects import Manifest, child, declare

_NAMESPACE = names.ARGOCD_NAMESPACE
_API: Final = "argoproj.io/v1alpha1"
_IN_CLUSTER: Final = "https://kubernetes.default.svc"


def project() -> Manifest:
    """What the root may create: Argo CD's own kinds in Argo CD's namespace, nothing else."""
    return {
        "apiVersion": _API,
        "kind": "AppProject",
        "metadata": {"name": "root", "namespace": _NAMESPACE},
        "spec": {
            "description": "Projects, Applications and ApplicationSets of gitops/argocd",
            "sourceRepos": [names.GIT_URL_IN_CLUSTER],
            "destinations": [{"server": _IN_CLUSTER, "namespace": _NAMESPACE}],
            "clusterResourceWhitelist": [],
            "namespaceResourceWhitelist": [
                {"group": "argoproj.io", "kind": kind}
                for kind in ("AppProject", "Application", "ApplicationSet")
            ],
        },
    }


def application() -> Manifest:
    """gitops/argocd of branch main, kept in step; deleting it deletes all that came through it."""
    return {
        "apiVersion": _API,
        "kind": "Application",
        "metadata": {
            "name": "root",
            "namespace": _NAMESPACE,
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        },
        "spec": {
            "project": "root",
            "source": {
                "repoURL": names.GIT_URL_IN_CLUSTER,
                "targetRevision": "main",
                "path": "gitops/argocd",
                "directory": {"recurse": True},
            },
            "destination": {"server": _IN_CLUSTER, "namespace": _NAMESPACE},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "retry": {
                    "limit": 10,
                    "refresh": True,
                    "backoff": {"duration": "2s", "factor": 2, "maxDuration": "30s"},
                },
            },
        },
    }


class RootApplication(pulumi.ComponentResource):
    """Made last and removed first: what comes out of Git needs all that stands before it."""

    def __init__(
        self,
        depends_on: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:RootApplication", "root-application", None, opts)
        made = declare(project(), child(self, depends_on))
        declare(application(), child(self, [*depends_on, made]))
        self.register_outputs({})
