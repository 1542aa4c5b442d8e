"""What Argo CD is told: which folders, into which namespaces, with which rights."""

import fnmatch
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ballast import names
from ballast.paths import repository_root

from .conftest import ENVIRONMENTS, Render

ROOT = repository_root()
FILES = sorted((ROOT / "gitops" / "argocd").glob("*.yaml"))


def load(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / "gitops" / "argocd" / f"{name}.yaml").read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_source_is_the_server_inside_the_cluster(path: Path) -> None:
    text = path.read_text()

    assert names.GIT_URL_IN_CLUSTER in text
    assert text.count("http://git.") == text.count(names.GIT_URL_IN_CLUSTER)


@pytest.mark.parametrize("name", ["policies", "observability"])
def test_an_application_points_at_a_folder_that_is_there(name: str) -> None:
    source = load(name)["spec"]["source"]

    assert list((ROOT / source["path"]).glob(source["directory"]["include"]))


def test_one_application_is_made_for_each_environment_and_none_for_prod() -> None:
    [generator] = load("environments")["spec"]["generators"]
    [git, _] = generator["matrix"]["generators"]
    directories = git["git"]["directories"]
    included = [d["path"] for d in directories if not d.get("exclude")]
    excluded = [d["path"] for d in directories if d.get("exclude")]

    for environment in ENVIRONMENTS:
        path = f"gitops/environments/{environment}"
        assert any(fnmatch.fnmatch(path, pattern) for pattern in included)
        assert (path in excluded) == (environment == "prod")
    assert excluded == ["gitops/environments/prod"]


def test_an_environment_syncs_itself_and_follows_a_fix_while_it_retries() -> None:
    policy = load("environments")["spec"]["template"]["spec"]["syncPolicy"]

    assert policy["automated"] == {"prune": True, "selfHeal": True}
    assert policy["retry"]["refresh"] is True
    assert "CreateNamespace=false" in policy["syncOptions"]


def test_a_retry_cannot_step_over_a_failed_migration() -> None:
    # A failed Job is Synced: applying only what is out of sync would leave its wave out.
    policy = load("environments")["spec"]["template"]["spec"]["syncPolicy"]

    assert "ApplyOutOfSyncOnly=true" not in policy["syncOptions"]


def test_an_environment_takes_the_facts_that_the_platform_publishes() -> None:
    # Pulumi writes these annotations, templates here read them: one spelling.
    from ballast.components import cluster_facts

    text = (ROOT / "gitops" / "argocd" / "environments.yaml").read_text()
    wanted = re.findall(r'index \.metadata\.annotations "([^"]+)"', text)
    source = Path(str(cluster_facts.__file__)).read_text()

    assert wanted
    for name in wanted:
        prefix, _, fact = name.partition("/")
        assert prefix == cluster_facts.PREFIX
        assert f'f"{{PREFIX}}/{fact}"' in source


def test_the_values_files_are_relative_to_the_chart() -> None:
    source = load("environments")["spec"]["template"]["spec"]["source"]
    for name in source["helm"]["valueFiles"]:
        path = (ROOT / source["path"] / name.replace("{{ .path.basename }}", "dev")).resolve()
        assert path.parent == ROOT / "gitops" / "environments" / "dev"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_project_lets_an_environment_into_its_namespace(environment: str) -> None:
    namespace = names.ENVIRONMENT_NAMESPACES[environment]
    template = load("environments")["spec"]["template"]["spec"]
    rendered = template["destination"]["namespace"].replace("{{ .path.basename }}", environment)

    assert rendered == namespace
    assert template["project"] == "todo"
    allowed = [d["namespace"] for d in load("project-todo")["spec"]["destinations"]]
    assert any(fnmatch.fnmatch(namespace, pattern) for pattern in allowed)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_project_allows_everything_that_the_chart_makes(
    environment: str, render: Render
) -> None:
    denied = {each["kind"] for each in load("project-todo")["spec"]["namespaceResourceBlacklist"]}

    assert not denied & {obj["kind"] for obj in render(environment)}


@pytest.mark.parametrize(
    ("name", "folder"),
    [("policies", "policies/admission"), ("observability", "gitops/observability")],
)
def test_the_platform_project_allows_everything_in_its_folders(name: str, folder: str) -> None:
    project = load("project-platform")["spec"]
    allowed = {
        each["kind"]
        for part in ("clusterResourceWhitelist", "namespaceResourceWhitelist")
        for each in project[part]
    }
    kinds = {
        document["kind"]
        for path in (ROOT / folder).glob("*.yaml")
        for document in yaml.safe_load_all(path.read_text())
    }

    assert load(name)["spec"]["project"] == "platform"
    assert kinds <= allowed


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "gitops").rglob("*.yaml")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_file_that_a_person_edits_stays_short(path: Path) -> None:
    lines = path.read_text().splitlines()

    assert len(lines) < 60 or "enerated" in lines[0]
