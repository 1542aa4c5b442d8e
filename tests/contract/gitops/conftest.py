"""Charts rendered by the pinned helm, as Argo CD renders them."""

import os
import subprocess
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ballast import release
from ballast.names import ENVIRONMENT_NAMESPACES, IMAGE_REGISTRY, SERVICES
from ballast.paths import repository_root

ROOT = repository_root()
CHARTS = ROOT / "gitops" / "charts"
ENVIRONMENTS = sorted(path.parent.name for path in ROOT.glob("gitops/environments/*/values.yaml"))

Object = dict[str, Any]


@dataclass(frozen=True)
class Helm:
    """The helm binary; `run` keeps its exit code and both streams."""

    path: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.path), *arguments], capture_output=True, text=True, check=False
        )

    def template(self, environment: str, files: Iterable[Path], *sets: str) -> list[Object]:
        done = self.run(*arguments("template", environment, files, *sets))
        assert done.returncode == 0, done.stderr
        return [obj for obj in yaml.safe_load_all(done.stdout) if obj]


def arguments(verb: str, environment: str, files: Iterable[Path], *sets: str) -> list[str]:
    """The arguments with which Argo CD renders an environment."""
    values = [part for path in files for part in ("--values", str(path))]
    changes = [part for change in sets for part in ("--set-json", change)]
    namespace = ENVIRONMENT_NAMESPACES[environment]
    chart = str(CHARTS / "todo-umbrella")
    name = ["todo-app"] if verb == "template" else []
    return [verb, *name, chart, "--namespace", namespace, *values, *changes]


def digest(number: int) -> str:
    return "sha256:" + f"{number:x}" * 64


def release_text(environment: str, first: int = 1) -> str:
    images = {
        service: (f"{IMAGE_REGISTRY}/todo-{service}", digest(first + position))
        for position, service in enumerate(SERVICES)
    }
    return release.release(environment, images, "contract-test")


Render = Callable[..., list[Object]]


@pytest.fixture(scope="session")
def helm() -> Helm:
    named = os.environ.get("BALLAST_HELM")
    if named:
        return Helm(Path(named))
    from ballast.supply.build import ensure_binaries

    return Helm(ensure_binaries(["helm"])["helm"])


@pytest.fixture(scope="session")
def values(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Path]]:
    """The values files of an environment, with a release of its own."""
    folder = tmp_path_factory.mktemp("releases")

    def files(environment: str, first: int = 1) -> list[Path]:
        path = folder / f"{environment}-{first}.yaml"
        path.write_text(release_text(environment, first))
        return [ROOT / "gitops" / "environments" / environment / "values.yaml", path]

    return files


@pytest.fixture(scope="session")
def render(helm: Helm, values: Callable[..., list[Path]]) -> Render:
    """Objects of an environment; what follows its name are JSON sets. Each caller has its own."""

    @cache
    def rendered(environment: str, *sets: str) -> list[Object]:
        return helm.template(environment, values(environment), *sets)

    return lambda environment, *sets: deepcopy(rendered(environment, *sets))


def of_kind(objects: Iterable[Object], kind: str) -> dict[str, Object]:
    return {obj["metadata"]["name"]: obj for obj in objects if obj["kind"] == kind}


def wave(obj: Object) -> int:
    notes = obj["metadata"].get("annotations", {})
    return int(notes.get("argocd.argoproj.io/sync-wave", "0"))
