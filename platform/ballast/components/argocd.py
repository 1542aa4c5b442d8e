"""Argo CD, told where the repository is and how its pushes are signed."""

import base64

import pulumi

from ballast import names
from ballast.components import charts
from ballast.components.argocd_manifests import CHART, MANIFEST, SECRET, install_manifests
from ballast.components.credentials import random_text
from ballast.components.git import Git
from ballast.components.objects import child, declare, declare_all

_NAMESPACE = names.ARGOCD_NAMESPACE
_WORKLOADS = ("Deployment", "StatefulSet")


class ArgoCd(pulumi.ComponentResource):
    """`definitions` are its CRDs, `workloads` what must run before an Application is of use."""

    def __init__(
        self,
        git: Git,
        namespace: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:ArgoCd", "argocd", None, opts)
        options = child(self, [namespace])
        manifests = install_manifests()
        self.definitions = charts.definitions(CHART, MANIFEST, namespace=_NAMESPACE, opts=options)
        # Argo CD adds its administrator's password to this Secret. The signing key is set from the
        # start: two controllers that both find it missing race, and one never opens its webhook.
        secret = declare(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": SECRET,
                    "namespace": _NAMESPACE,
                    "labels": {
                        "app.kubernetes.io/name": SECRET,
                        "app.kubernetes.io/part-of": "argocd",
                    },
                },
                "type": "Opaque",
                "data": {
                    "server.secretkey": pulumi.Output.secret(_encode(random_text())),
                    "webhook.github.secret": git.webhook_secret.apply(_encode),
                },
            },
            child(self, [namespace], ignore_changes=["data", "stringData"]),
        )
        repository = declare(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": "repository-ballast",
                    "namespace": _NAMESPACE,
                    "labels": {"argocd.argoproj.io/secret-type": "repository"},
                },
                "type": "Opaque",
                "stringData": {"type": "git", "url": names.GIT_URL_IN_CLUSTER},
            },
            options,
        )
        rest = declare_all([m for m in manifests if m["kind"] not in _WORKLOADS], options)
        self.workloads = declare_all(
            [m for m in manifests if m["kind"] in _WORKLOADS],
            child(self, [namespace, self.definitions, secret, repository, *rest]),
        )
        self.register_outputs({})


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
