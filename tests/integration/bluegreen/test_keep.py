"""Which releases a second release may leave its images to, and where they may come from."""

from pathlib import Path

import pytest
from git_repository import git_server
from typer.testing import CliRunner

from ballast.bluegreen import cli
from ballast.bluegreen.green import BlueGreen
from ballast.bluegreen.place import Green
from ballast.cli import app
from ballast.errors import BallastError
from ballast.gitserver import GitServer
from ballast.kubeapi import Endpoint, KubeApi


@pytest.fixture
def git(tmp_path: Path) -> GitServer:
    return git_server(tmp_path, {"gitops/environments/dev/values.yaml": "global: {}\n"})


def nowhere(*_: object) -> KubeApi:
    return KubeApi(Endpoint("https://127.0.0.1:1", "test", "default"))


def releases(git: GitServer, environment: str) -> BlueGreen:
    return BlueGreen(nowhere(), git, Green(environment))


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_an_environment_with_a_gate_keeps_nothing_that_did_not_pass_it(
    git: GitServer, environment: str
) -> None:
    head = git.head()
    with pytest.raises(BallastError, match="takes releases from its gate alone"):
        releases(git, environment).keep()
    assert git.head() == head


def test_without_a_second_release_there_is_nothing_to_keep(git: GitServer) -> None:
    with pytest.raises(BallastError, match="dev has no second release to keep"):
        releases(git, "dev").keep()


def test_a_canary_names_one_source_of_its_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "kubeconfig_path", lambda: Path("/nowhere"))
    monkeypatch.setattr(KubeApi, "from_kubeconfig", nowhere)
    asked = ["green", "canary", "dev", "--release-of", "staging", "--release", "release.yaml"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert "give --release-of or --release" in done.output
