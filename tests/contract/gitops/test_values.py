"""Every environment lints and renders; a value that no chart knows is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from .conftest import CHARTS, ENVIRONMENTS, Helm, Render, arguments

Values = Callable[..., list[Path]]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_lints(environment: str, helm: Helm, values: Values) -> None:
    done = helm.run(*arguments("lint", environment, values(environment)), "--strict")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_renders_objects(environment: str, render: Render) -> None:
    assert len(render(environment)) > 20


@pytest.mark.parametrize("chart", ["api-gateway", "task-service", "notification-service"])
def test_a_service_chart_renders_on_its_own(
    chart: str, helm: Helm, values: Values, tmp_path: Path
) -> None:
    merged: dict[str, object] = {}
    for path in [CHARTS / "todo-umbrella" / "values.yaml", *values("dev")]:
        merged |= yaml.safe_load(path.read_text())["global"]
    facts = tmp_path / "global.yaml"
    facts.write_text(yaml.safe_dump({"global": merged}))

    done = helm.run("template", "x", str(CHARTS / chart), "--values", str(facts))

    assert done.returncode == 0, done.stderr
    assert f"name: {chart}" in done.stdout


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("surprise=1", "surprise"),
        ("global.surprise=1", "surprise"),
        ("global.dapr.surprise=1", "surprise"),
        ("global.release.surprise=1", "surprise"),
        ("task-service.surprise=1", "surprise"),
        ("task-service.resources.surprise=1", "surprise"),
        ("task-service.replicas=0", "replicas"),
        ('task-service.steps={"migrate":"rm -rf"}', "steps"),
        ('task-service.env={"lower":"x"}', "lower"),
        ('task-service.resources.limits.cpu="much"', "cpu"),
        ('global.logLevel="LOUD"', "logLevel"),
        ('global.environment="elsewhere"', "environment"),
        ('global.topicPrefix="dev"', "topicPrefix"),
        ('global.release.images.task-service.digest="latest"', "digest"),
        ('channels.email="pigeon"', "email"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(
    change: str, named: str, helm: Helm, values: Values
) -> None:
    done = helm.run(*arguments("template", "dev", values("dev"), change))

    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr
    assert named in done.stderr


def test_an_environment_without_a_release_says_who_writes_it(helm: Helm, values: Values) -> None:
    done = helm.run(*arguments("template", "dev", values("dev")[:1]))

    assert done.returncode != 0
    assert "release" in done.stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_release_file_is_the_only_one_that_names_images(environment: str) -> None:
    folder = CHARTS.parent / "environments" / environment
    assert "sha256:" not in (folder / "values.yaml").read_text()
    assert "images:" not in (folder / "values.yaml").read_text()


def test_links_between_charts_stay_inside_the_repository() -> None:
    for link in CHARTS.rglob("*"):
        if link.is_symlink():
            assert link.resolve().is_relative_to(CHARTS), link
