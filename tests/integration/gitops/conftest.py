"""The kinds that the charts use, on a real API server."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from apiserver import ApiServer

from ballast import release
from ballast.kubeapi import KubeApi
from ballast.names import ENVIRONMENT_NAMESPACES, IMAGE_REGISTRY, SERVICES
from ballast.paths import repository_root
from ballast.supply.build import ensure_binaries
from ballast.supply.charts import ensure_charts

ROOT = repository_root()
Object = dict[str, Any]


WANTED = {
    "components.dapr.io",
    "configurations.dapr.io",
    "resiliencies.dapr.io",
    "subscriptions.dapr.io",
    "validatingpolicies.policies.kyverno.io",
    "applications.argoproj.io",
    "applicationsets.argoproj.io",
    "appprojects.argoproj.io",
    "prometheusrules.monitoring.coreos.com",
}


class Loader(yaml.CSafeLoader):
    """Takes a lone `=` for text, as YAML 1.2 and Kubernetes do."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name that PyYAML looks for
        first: rules
        for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
        if first != "="
    }


def documents(path: Path) -> list[Object]:
    return [obj for obj in yaml.safe_load_all(path.read_text()) if obj]


def custom_kinds() -> list[Object]:
    """The CustomResourceDefinitions of Dapr, Kyverno, Argo CD and the Prometheus operator."""
    helm = ensure_binaries(["helm"])["helm"]
    charts = ensure_charts(["dapr", "kyverno", "argo-cd", "prometheus-operator"])
    texts = [path.read_text() for path in (charts["dapr"] / "crds").glob("*.yaml")]
    for name in ("argo-cd", "prometheus-operator"):
        texts += [path.read_text() for path in charts[name].glob("*.yaml")]
    rendered = subprocess.run(
        [str(helm), "template", "kyverno", str(charts["kyverno"]), "--include-crds"],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[Object] = []
    for text in "\n---\n".join([*texts, rendered.stdout]).split("\n---\n"):
        # They are megabytes: parse only what is wanted.
        if any(f"  name: {name}\n" in text for name in WANTED):
            found.append(yaml.load(text, Loader))
    return [obj for obj in found if obj["kind"] == "CustomResourceDefinition"]


def established(crd: Object) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


@pytest.fixture(scope="session")
def typed(control_plane: ApiServer) -> Iterator[KubeApi]:
    """The API server, knowing every kind that Git holds; the environments' namespaces exist."""
    with KubeApi.from_kubeconfig(control_plane.kubeconfig) as api:
        for crd in custom_kinds():
            # Conversion is a webhook of a Dapr that does not run here; one version is used.
            crd["spec"].pop("conversion", None)
            api.apply(crd, "tests")
        for name in WANTED:
            kind = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
            api.wait(*kind, name, None, established, 120)
        for environment, name in ENVIRONMENT_NAMESPACES.items():
            labels = {
                "ballast.dev/environment": environment,
                "pod-security.kubernetes.io/enforce": "restricted",
            }
            api.apply(namespace_of(name, labels), "tests")
        for name in ("argocd", "monitoring"):
            api.apply(namespace_of(name, {}), "tests")
        yield api


def namespace_of(name: str, labels: dict[str, str]) -> Object:
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Object]]:
    """Objects of an environment, as Argo CD renders them."""
    helm = ensure_binaries(["helm"])["helm"]
    folder = tmp_path_factory.mktemp("release")

    def objects(environment: str) -> list[Object]:
        images = {s: (f"{IMAGE_REGISTRY}/todo-{s}", "sha256:" + "1" * 64) for s in SERVICES}
        path = folder / f"{environment}.yaml"
        path.write_text(release.release(environment, images))
        values = ROOT / "gitops" / "environments" / environment / "values.yaml"
        chart = str(ROOT / "gitops" / "charts" / "todo-umbrella")
        files = ["--values", str(values), "--values", str(path)]
        where = ["--namespace", ENVIRONMENT_NAMESPACES[environment]]
        done = subprocess.run(
            [str(helm), "template", "todo-app", chart, *files, *where],
            capture_output=True,
            text=True,
            check=True,
        )
        return [obj for obj in yaml.safe_load_all(done.stdout) if obj]

    return objects
