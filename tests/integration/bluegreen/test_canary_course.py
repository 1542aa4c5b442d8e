"""A canary's course on a real Git server: what is declared at each step, and after a way back."""

from pathlib import Path

import pytest
import yaml
from git_repository import git_server

from ballast.bluegreen.canary import STEPS, Ports, end, grow
from ballast.bluegreen.comparison import Counts
from ballast.bluegreen.place import Green
from ballast.errors import BallastError
from ballast.gate.budget import NoAnswerError
from ballast.gitserver import GitServer

GREEN = Green("dev")
FILE = "gitops/environments/dev/canary.yaml"
SOUND = (Counts(0, 150), Counts(0, 2800))


@pytest.fixture
def git(tmp_path: Path) -> GitServer:
    return git_server(tmp_path, {"gitops/environments/dev/values.yaml": "global: {}\n"})


class Cluster:
    """Follows Git: notes the share that is declared at each sync. Time passes by sleeping."""

    def __init__(self, git: GitServer, *seen: object) -> None:
        self.git, self.seen = git, list(seen)
        self.shares: list[float | None] = []
        self.moment = 0.0

    def sync(self, environment: str, commit: str) -> None:
        assert environment == "dev"
        assert commit == self.git.head()
        there = FILE in self.git.list_files("gitops/environments/dev")
        declared = yaml.safe_load(self.git.read_file(FILE)) if there else None
        self.shares.append(declared["global"]["canary"]["percent"] if declared else None)

    def count(self, seconds: float) -> tuple[Counts, Counts]:
        now = self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]
        if isinstance(now, Exception):
            raise now
        return now  # pyright: ignore[reportReturnType]

    def sleep(self, seconds: float) -> None:
        self.moment += seconds

    def ports(self) -> Ports:
        return Ports(
            self.git, self.sync, self.count, 0.001, now=lambda: self.moment, sleep=self.sleep
        )


def test_a_sound_canary_comes_to_all_users_step_by_step(git: GitServer) -> None:
    cluster = Cluster(git, SOUND)
    course = grow(GREEN, cluster.ports())
    assert cluster.shares == list(STEPS) == [5.0, 25.0, 50.0, 100.0]
    assert [percent for percent, _ in course.steps] == list(STEPS)
    assert cluster.moment >= 4 * 30.0
    declared = yaml.safe_load(git.read_file(FILE))["global"]["canary"]
    assert declared == {"namespace": "todo-app-dev-green", "percent": 100.0}


def test_a_canary_that_burns_at_a_quarter_goes_back_to_none(git: GitServer) -> None:
    sick = (Counts(30, 150), Counts(0, 450))
    cluster = Cluster(git, *[SOUND] * 7, sick)
    with pytest.raises(BallastError, match="goes back after 5 %: it burns the error budget"):
        grow(GREEN, cluster.ports())
    assert cluster.shares == [5.0, 25.0, None]
    assert FILE not in git.list_files("gitops/environments/dev")


def test_a_canary_that_nobody_can_see_goes_back(git: GitServer) -> None:
    cluster = Cluster(git, SOUND, NoAnswerError("Prometheus does not answer"))
    with pytest.raises(BallastError, match="nobody can say how it is: Prometheus does not answer"):
        grow(GREEN, cluster.ports())
    assert cluster.shares == [5.0, None]
    assert 60.0 <= cluster.moment <= 70.0


def test_a_canary_without_enough_requests_goes_back_after_ten_minutes(git: GitServer) -> None:
    cluster = Cluster(git, (Counts(0, 12), Counts(0, 230)))
    with pytest.raises(BallastError, match="600 s did not decide: 100 requests are needed"):
        grow(GREEN, cluster.ports())
    assert cluster.shares == [5.0, None]
    assert 600.0 <= cluster.moment <= 610.0


def test_a_share_that_does_not_sync_is_taken_away(git: GitServer) -> None:
    cluster = Cluster(git, SOUND)
    ports = cluster.ports()

    def first_fails(environment: str, commit: str) -> None:
        cluster.sync(environment, commit)
        if len(cluster.shares) == 1:
            raise BallastError("api-gateway has ended 2 times")

    failing = Ports(ports.git, first_fails, ports.count, ports.allowed, ports.now, ports.sleep)
    with pytest.raises(BallastError, match="goes back after 0 %: api-gateway has ended"):
        grow(GREEN, failing)
    assert cluster.shares == [5.0, None]


def test_an_end_twice_is_one_commit(git: GitServer) -> None:
    cluster = Cluster(git, SOUND)
    grow(GREEN, cluster.ports())
    end(GREEN, cluster.ports())
    head = git.head()
    end(GREEN, cluster.ports())
    assert git.head() == head
