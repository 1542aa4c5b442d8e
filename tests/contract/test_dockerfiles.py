"""A service's Dockerfile is its neighbours' but for its name and port: one way to build them all."""

import importlib

import pytest

from ballast.paths import repository_root

APPS = repository_root() / "apps"
PACKAGES = sorted(path.parent.name for path in APPS.glob("*/Dockerfile"))


def dockerfile(package: str) -> str:
    return (APPS / package / "Dockerfile").read_text()


def without_its_names(package: str) -> str:
    """The text with the service's own names and port blanked; each of them has to be there."""
    text = dockerfile(package)
    names = ("-f apps/{}/", "--package todo-{}", '"{}"]', "COPY apps/{0} apps/{0}")
    for name in (*(name.format(package) for name in names), str(importlib.import_module(package).PORT)):
        assert name in text
        text = text.replace(name, "its own")
    return text


def test_every_service_has_one() -> None:
    services = {path.parent.name for path in APPS.glob("*/pyproject.toml")} - {"shared"}
    assert set(PACKAGES) == services


@pytest.mark.parametrize("package", PACKAGES)
def test_it_differs_from_its_neighbour_by_name_and_port_only(package: str) -> None:
    assert without_its_names(package) == without_its_names(PACKAGES[0])


@pytest.mark.parametrize("package", PACKAGES)
def test_the_lock_s_layer_knows_every_member_of_the_workspace(package: str) -> None:
    members = {path.parent.name for path in APPS.glob("*/pyproject.toml")}
    text = dockerfile(package)
    assert {m for m in members if f"COPY apps/{m}/pyproject.toml apps/{m}/" in text} == members
