"""Another release of one service gets 5 % of the users and then more, or goes back by itself.

All users write through the edge meanwhile. What the canary served is told by its own pods.
"""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.e2e.delivery.altered import Alter, on_the_node
from tests.e2e.delivery.crowd import Crowd, Told, statuses
from tests.e2e.eventually import eventually
from workload.environment import app_pages
from workload.histograms import total

from ballast import argo, release
from ballast.bluegreen.canary import STEPS
from ballast.bluegreen.place import Green
from ballast.gate.binomial import lower_bound, upper_bound
from ballast.gate.candidate import mismatches, running_digests
from ballast.gate.ledger import Attempt, match
from ballast.gate.readback import Readback
from ballast.gate.tokens import identity_of
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.names import GATEWAY_PORTS
from gateway.canary import Split

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
ENVIRONMENT = "dev"
GREEN = Green(ENVIRONMENT)
FOLDERS = "gitops/environments"
SERVICE = "task-service"
USERS = 300
RATE = 12.0
SURE = 0.9999


@dataclass
class Ended:
    """A command that came to its end: its code, what it said when, and its last words."""

    code: int = -1
    said: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    error: str = ""


@contextmanager
def running(*arguments: str) -> Generator[tuple[Iterator[str], Ended]]:
    """The lines of a `ballast green` command as it says them."""
    ended, start = Ended(), time.monotonic()
    command = [sys.executable, "-m", "ballast", "green", *arguments]
    surroundings = os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "300"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=surroundings,
    ) as process:
        assert process.stdout
        assert process.stderr

        def lines(out: Iterator[str]) -> Iterator[str]:
            for line in out:
                said = line.strip().removeprefix("· ")
                ended.said.append((time.monotonic() - start, said))
                print(f"{ended.said[-1][0]:6.1f} s  {said}", flush=True)
                yield said

        try:
            yield lines(process.stdout), ended
        except BaseException:
            process.terminate()
            raise
        ended.error = process.stderr.read()
    ended.code = process.returncode


def run(*arguments: str) -> Ended:
    print(f"$ ballast green {' '.join(arguments)}")
    with running(*arguments) as (lines, ended):
        list(lines)
    return ended


def served(api: KubeApi, namespace: str) -> int:
    """Creates that the pods of the service in a namespace have answered, by their own count."""
    pages = app_pages(api, namespace, SERVICE)
    return round(total(pages, "http_requests_total", method="POST", route="/tasks"))


@dataclass(frozen=True)
class Counted:
    """What both releases have served, and how many requests had been answered then."""

    canary: int
    stable: int
    told: int


@dataclass(frozen=True)
class Watcher:
    """Looks at the pods of both releases while nobody asks."""

    api: KubeApi
    crowd: Crowd

    def count(self) -> Counted:
        with self.crowd.paused():
            of_both = (served(self.api, place) for place in (GREEN.namespace, GREEN.blue))
            return Counted(*of_both, told=len(self.crowd.told))

    def during(self, seconds: float, percent: float) -> str:
        """The canary serves its users' requests, each once, and the first release the others'."""
        time.sleep(3)  # what the gateway before had begun is over
        before = self.count()
        time.sleep(seconds)
        after = self.count()
        asked = self.crowd.told[before.told : after.told]
        canaries = [told for told in asked if takes(self.crowd, told, percent)]
        assert after.canary - before.canary == len(canaries)
        assert after.stable - before.stable == len(asked) - len(canaries)
        return f"{percent:g} %: canary {len(canaries)} of {len(asked)} creates"


def takes(crowd: Crowd, told: Told, percent: float) -> bool:
    return Split(GREEN.namespace, percent).takes(crowd.names[told.user])


def share_of_users(crowd: Crowd, percent: float) -> int:
    return sum(Split(GREEN.namespace, percent).takes(name) for name in crowd.names)


@pytest.fixture
def alter() -> Iterator[Alter]:
    with on_the_node() as change:
        yield change


@pytest.fixture
def crowd(api: KubeApi) -> Crowd:
    url = f"http://127.0.0.1:{GATEWAY_PORTS[ENVIRONMENT]}"
    return Crowd(url, identity_of(api, ENVIRONMENT), USERS, RATE)


@pytest.fixture
def release_file(git: GitServer, api: KubeApi, tmp_path: Path, alter: Alter) -> Iterator[Path]:
    """Where the canary's release is written; in the end the environment is as before."""
    before = {path: git.read_file(path) for path in git.list_files(FOLDERS)}
    yield tmp_path / "release.yaml"
    run("end", ENVIRONMENT)
    run("close", ENVIRONMENT)
    left = {path: None for path in git.list_files(FOLDERS) if path not in before}
    git.commit_files(f"Roll back {ENVIRONMENT} after a test\n", before | left)
    argo.wait_synced(api, [f"todo-{ENVIRONMENT}"], git.head(), timeout=300)
    assert not left
    assert api.get("v1", "Namespace", GREEN.namespace) is None


def write(path: Path, git: GitServer, image: release.Image) -> release.Release:
    """A release that differs from what runs in one image."""
    now = release.parse(git.read_file(release.path_of(ENVIRONMENT)))
    other = release.Release(revision="another", images=now.images | {SERVICE: image})
    path.write_text(release.render(ENVIRONMENT, other))
    return other


def read_back(crowd: Crowd, seconds: float) -> None:
    """Every acknowledged task is there and was told of exactly once."""
    attempts = [Attempt("", told.task, told.user) for told in crowd.told if told.task]
    reader = Readback(crowd.url, crowd.tokens)
    with reader.client() as client:
        users = range(len(crowd.tokens))
        listed = {task for user in users for task in reader.titles(client, user)}
        assert {attempt.task_id for attempt in attempts} == listed

        def settled() -> bool:
            effects = [one for user in users for one in reader.deliveries(client, user)]
            ledger = match(attempts, effects, {})
            assert not ledger.duplicated
            assert not ledger.phantom
            return not ledger.lost

        eventually(settled, seconds, "the delivery of every task")
    print(f"{len(attempts)} creates, each is listed and was delivered once")


def test_a_good_release_gets_its_share_of_the_users_step_by_step_and_loses_nothing(
    api: KubeApi, git: GitServer, crowd: Crowd, release_file: Path, alter: Alter
) -> None:
    other = write(release_file, git, alter(SERVICE, {"HARMLESS": "yes"}))
    watcher, seen = Watcher(api, crowd), list[str]()
    with crowd.asking():
        with running("canary", ENVIRONMENT, "--release", str(release_file)) as (lines, ended):
            for line in lines:
                if step := re.fullmatch(r"(\S+) % of the users are with the canary", line):
                    percent = float(step[1])
                    # The first step needs 100 requests of one user in twenty.
                    seen.append(watcher.during(60.0 if percent == STEPS[0] else 20.0, percent))
        assert ended.code == 0, ended.error
        assert run("keep", ENVIRONMENT).code == 0
        assert not mismatches(other, running_digests(api, ENVIRONMENT))
        assert run("end", ENVIRONMENT).code == 0
        assert run("close", ENVIRONMENT).code == 0
    print("\n".join(seen))
    assert len(seen) == len(STEPS)
    for percent in STEPS:
        users = share_of_users(crowd, percent)
        print(f"{percent:g} %: {users} of {USERS} users")
        assert lower_bound(users, USERS, SURE) <= percent / 100 <= upper_bound(users, USERS, SURE)
    assert statuses(crowd.told) == {201}
    read_back(crowd, seconds=60)


def test_a_release_that_answers_5xx_goes_back_and_hurts_nobody_but_its_share(
    api: KubeApi, git: GitServer, crowd: Crowd, release_file: Path, alter: Alter
) -> None:
    """It passes the smoke test, which does not chat."""
    before = git.read_file(release.path_of(ENVIRONMENT))
    write(release_file, git, alter(SERVICE, {"CHAT_STATE_STORE": "nowhere"}))
    crowd.asks = (*crowd.asks, ("/api/v1/chat", {"message": "show my tasks"}))
    with crowd.asking():
        ended = run("canary", ENVIRONMENT, "--release", str(release_file))
        back = time.monotonic()
        time.sleep(30)
    print(ended.error)
    assert ended.code == 1
    assert "goes back after 0 %" in ended.error
    assert f"{FOLDERS}/{ENVIRONMENT}/canary.yaml" not in git.list_files(FOLDERS)
    assert git.read_file(release.path_of(ENVIRONMENT)) == before
    assert not mismatches(release.parse(before), running_digests(api, ENVIRONMENT))
    bad = Counter(told.status for told in crowd.told if takes(crowd, told, STEPS[0]))
    print(f"{share_of_users(crowd, STEPS[0])} users of the canary were told {dict(bad)}")
    assert max(bad) >= 500
    assert statuses(crowd.told, lambda told: not takes(crowd, told, STEPS[0])) == {200, 201}
    assert statuses(crowd.told, lambda told: told.at > back) == {200, 201}
    assert any(takes(crowd, told, STEPS[0]) for told in crowd.told if told.at > back)


@pytest.mark.parametrize(
    "flaw",
    [{"CHAT_KEPT_DAYS": "none"}, {"DATABASE_POOL_SIZE": "none"}],
    ids=["ends at its start", "cannot migrate"],
)
def test_a_release_that_cannot_start_gets_no_user(  # noqa: PLR0917 - fixtures
    api: KubeApi,
    git: GitServer,
    crowd: Crowd,
    release_file: Path,
    alter: Alter,
    flaw: dict[str, str],
) -> None:
    write(release_file, git, alter(SERVICE, flaw))
    [serving] = api.list("v1", "Pod", GREEN.blue, "app=api-gateway")
    with crowd.asking():
        ended = run("canary", ENVIRONMENT, "--release", str(release_file))
    print(ended.error)
    assert ended.code == 1
    assert re.search(r"has ended \d+ times", ended.error)
    assert statuses(crowd.told) == {201}
    [same] = api.list("v1", "Pod", GREEN.blue, "app=api-gateway")
    assert same["metadata"]["uid"] == serving["metadata"]["uid"]
