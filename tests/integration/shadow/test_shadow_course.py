"""A shadow's course on a real Git server: what is declared when it opens, and after it closes."""

from pathlib import Path

import pytest
import yaml
from git_repository import git_server

from ballast.errors import BallastError
from ballast.gitserver import GitServer
from ballast.shadow.course import Ports, close_shadow, open_shadow
from ballast.shadow.pair import Pair, path_of

PAIR = Pair("staging", "dev")
FOLDER = "gitops/environments"


@pytest.fixture
def git(tmp_path: Path) -> GitServer:
    plain = {f"{FOLDER}/{name}/values.yaml": "global: {}\n" for name in ("dev", "staging")}
    return git_server(tmp_path, plain)


class Cluster:
    """Follows Git: notes what each environment was told of shadows when it was synced."""

    def __init__(self, git: GitServer) -> None:
        self.git = git
        self.seen: list[tuple[str, object]] = []

    def sync(self, environment: str, commit: str) -> None:
        assert commit == self.git.head()
        there = path_of(environment) in self.git.list_files(FOLDER)
        text = self.git.read_file(path_of(environment)) if there else "global: null"
        self.seen.append((environment, yaml.safe_load(text)["global"]))

    def ports(self) -> Ports:
        return Ports(self.git, self.sync)


SHARE = {"shadow": {"namespace": "todo-app-dev", "percent": 25.0}}
DOOR = {"shadowOf": "todo-app-staging"}


def test_the_door_is_open_before_the_first_copy_and_shut_after_the_last(git: GitServer) -> None:
    cluster = Cluster(git)
    before = git.list_files(FOLDER)
    open_shadow(PAIR, 25.0, cluster.ports())
    close_shadow("staging", cluster.ports())
    assert cluster.seen == [("dev", DOOR), ("staging", SHARE), ("staging", None), ("dev", None)]
    assert git.list_files(FOLDER) == before


def test_opened_again_it_has_another_share(git: GitServer) -> None:
    cluster = Cluster(git)
    open_shadow(PAIR, 5.0, cluster.ports())
    open_shadow(PAIR, 25.0, cluster.ports())
    assert cluster.seen[-1] == ("staging", SHARE)


def test_a_closing_that_was_interrupted_is_finished(git: GitServer) -> None:
    cluster = Cluster(git)
    open_shadow(PAIR, 5.0, cluster.ports())
    git.commit_files("the first half of a closing", {path_of("staging"): None})
    close_shadow("staging", cluster.ports())
    assert not [path for path in git.list_files(FOLDER) if path.endswith("shadow.yaml")]


def test_closing_what_is_not_open_changes_nothing(git: GitServer) -> None:
    head = git.head()
    close_shadow("dev", Cluster(git).ports())
    assert git.head() == head


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        (Pair("dev", "dev"), "databases and topics of its own"),
        (Pair("staging", "prod"), "prod serves users"),
        (Pair("dev", "staging"), "takes part in the shadow from staging to dev"),
        (Pair("prod", "dev"), "takes part in the shadow from staging to dev"),
    ],
)
def test_copies_never_go_where_they_would_do_harm(git: GitServer, pair: Pair, why: str) -> None:
    ports = Cluster(git).ports()
    open_shadow(PAIR, 5.0, ports)
    head = git.head()
    with pytest.raises(BallastError, match=why):
        open_shadow(pair, 5.0, ports)
    assert git.head() == head


def test_copies_never_go_where_messages_reach_people(git: GitServer) -> None:
    values = "channels: {sms: provider, email: sink}\n"
    git.commit_files("real messages", {f"{FOLDER}/dev/values.yaml": values})
    with pytest.raises(BallastError, match="sends sms through a provider: people would hear"):
        open_shadow(PAIR, 5.0, Cluster(git).ports())
