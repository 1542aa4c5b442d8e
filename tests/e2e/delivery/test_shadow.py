"""Copies of half of staging's users go to dev: compared, without effect, and gone with the shadow.

The commands are the product's own. What the copies did is told by the pods, the broker and the two
environments themselves.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.e2e.delivery.altered import on_the_node
from tests.e2e.eventually import eventually
from workload.environment import app_pages
from workload.histograms import total

from ballast import argo, release
from ballast.gate.broker_view import Offsets, broker_view
from ballast.gate.readback import CREATED_SUBJECT
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.names import ENVIRONMENT_NAMESPACES
from ballast.shadow.answers import OUTCOMES
from gateway.canary import Split

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
SOURCE, TARGET = "staging", "dev"
PERCENT = 50.0
FOLDERS = "gitops/environments"
Gateway = Callable[..., httpx.Client]


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "ballast", "shadow", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"$ ballast shadow {' '.join(arguments)}\n{done.stdout}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def copied(user: str) -> bool:
    return Split(ENVIRONMENT_NAMESPACES[TARGET], PERCENT).takes(user)


def answers(api: KubeApi) -> dict[str, int]:
    """What became of the copies, by the count of the gateway's own pod."""
    pages = app_pages(api, ENVIRONMENT_NAMESPACES[SOURCE], "api-gateway")
    return {
        outcome: round(total(pages, "shadowed_requests_total", outcome=outcome))
        for outcome in OUTCOMES
    }


def published(api: KubeApi, environment: str) -> int:
    """Created tasks that were announced on the topic of an environment and seen by a consumer."""
    topic = f"{environment}.task.created/"
    with broker_view(api) as broker:
        ends: Offsets = broker.progress(f"{ENVIRONMENT_NAMESPACES[environment]}.").ends
    return sum(end for place, end in ends.items() if place.startswith(topic))


@dataclass(frozen=True)
class World:
    """Everything that a shadow could leave behind."""

    files: dict[str, str]
    namespaces: set[str]
    topics: set[str]
    doors: dict[str, Any]

    @classmethod
    def now(cls, api: KubeApi, git: GitServer) -> "World":
        with broker_view(api) as broker:
            topics = {place.rpartition("/")[0] for place in broker.leaders("")}
        kinds = (
            ("networking.k8s.io/v1", "NetworkPolicy"),
            ("dapr.io/v1alpha1", "Configuration"),
            ("dapr.io/v1alpha1", "Resiliency"),
        )
        doors = {
            f"{environment}/{kind}/{found['metadata']['name']}": found["spec"]
            for environment in (SOURCE, TARGET)
            for version, kind in kinds
            for found in api.list(version, kind, ENVIRONMENT_NAMESPACES[environment])
        }
        namespaces = {one["metadata"]["name"] for one in api.list("v1", "Namespace")}
        return cls(git.read_folder(FOLDERS), namespaces, topics, doors)


@pytest.fixture
def users(git: GitServer) -> Iterator[list[str]]:
    """Twenty new users, some within the share; in the end there is no shadow."""
    run_id = (git.head() or "")[:8]
    names = [f"shadow-{run_id}-{number}" for number in range(20)]
    assert 0 < sum(map(copied, names)) < len(names)
    yield names
    run("close", SOURCE)


@pytest.fixture
def put_release(api: KubeApi, git: GitServer) -> Iterator[Callable[[dict[str, str]], None]]:
    """Gives the target another task-service; in the end it has its own again."""
    path = release.path_of(TARGET)
    before = git.read_file(path)

    def commit(text: str, message: str) -> None:
        git.commit_files(f"{message}\n", {path: text})
        argo.wait_synced(api, [f"todo-{TARGET}"], git.head(), timeout=300)

    with on_the_node() as alter:

        def put(setting: dict[str, str]) -> None:
            images = release.parse(before).images | {"task-service": alter("task-service", setting)}
            other = release.Release(revision="another", images=images)
            commit(release.render(TARGET, other), f"{TARGET}: another release from a test")

        yield put
        commit(before, f"Roll back {TARGET} after a test")


def work(client: httpx.Client) -> tuple[list[int], list[str]]:
    """A user's requests, nine of them, and the tasks that are left."""
    kept, gone = (client.post("/tasks", json={"title": title}) for title in ("milk", "bread"))
    task, other = kept.json()["id"], gone.json()["id"]
    told = [
        kept,
        gone,
        client.patch(f"/tasks/{task}", json={"title": "oat milk"}),
        client.post(f"/tasks/{task}/complete"),
        client.get(f"/tasks/{task}"),
        client.get("/tasks"),
        client.delete(f"/tasks/{other}"),
        client.get(f"/tasks/{other}"),
        client.post("/chat", json={"message": "show my tasks"}),
    ]
    return [answer.status_code for answer in told], [task, other]


USUAL = [201, 201, 200, 200, 200, 200, 204, 404, 200]


def titles(client: httpx.Client) -> dict[str, str]:
    return {task["id"]: task["title"] for task in client.get("/tasks").json()["items"]}


def see_delivered(client: httpx.Client, tasks: list[str]) -> None:
    """The user is told of the creation of each task, and once."""

    def delivered() -> list[str]:
        items = client.get("/notifications", params={"limit": 100}).json()["items"]
        return sorted(item["task_id"] for item in items if item["subject"] == CREATED_SUBJECT)

    eventually(lambda: delivered() == sorted(tasks), 30, f"a delivery of each of {tasks}")


def test_copies_are_answered_elsewhere_and_compared_and_reach_no_user(
    api: KubeApi, git: GitServer, gateway: Gateway, users: list[str]
) -> None:
    before = World.now(api, git)
    among = [user for user in users if copied(user)]
    early = next(name for name in (f"{users[0]}-early-{n}" for n in range(99)) if copied(name))
    assert gateway(early, SOURCE).post("/tasks", json={"title": "old"}).status_code == 201
    run("open", SOURCE, TARGET, "--percent", f"{PERCENT:g}")
    here, there = published(api, SOURCE), published(api, TARGET)

    made: dict[str, list[str]] = {}
    for user in users:
        told, made[user] = work(gateway(user, SOURCE))
        assert told == USUAL
    # The shadow has not seen what this user wrote before it began.
    assert list(titles(gateway(early, SOURCE)).values()) == ["old"]

    wanted = {"same": len(among) * len(USUAL), "different": 1, "failed": 0, "dropped": 0}
    eventually(lambda: sum(answers(api).values()) >= sum(wanted.values()), 30, "every answer")
    print(f"{len(among)} of {len(users)} users were copied: {answers(api)}")
    assert answers(api) == wanted
    for user in users:
        mine, copy = titles(gateway(user, SOURCE)), titles(gateway(user, TARGET))
        assert mine == {made[user][0]: "oat milk"}
        assert copy == (mine if copied(user) else {})
        see_delivered(gateway(user, SOURCE), made[user])
    expected = 2 * len(among)
    eventually(lambda: published(api, TARGET) - there == expected, 30, "the copies' own events")
    assert published(api, SOURCE) - here == 2 * len(users)

    run("status", SOURCE)
    run("close", SOURCE)
    assert World.now(api, git) == before
    assert gateway(among[0], SOURCE).post("/tasks", json={"title": "after"}).status_code == 201
    assert "after" not in titles(gateway(among[0], TARGET)).values()


def test_a_test_version_that_fails_is_noticed_and_costs_no_user_anything(
    api: KubeApi, gateway: Gateway, users: list[str], put_release: Callable[[dict[str, str]], None]
) -> None:
    """Dev runs a release in which every chat fails; staging's users chat with theirs."""
    put_release({"CHAT_STATE_STORE": "nowhere"})
    run("open", SOURCE, TARGET, "--percent", f"{PERCENT:g}")
    for user in users:
        client = gateway(user, SOURCE)
        said = [
            client.post("/tasks", json={"title": "milk"}),
            client.post("/chat", json={"message": "show my tasks"}),
        ]
        assert [answer.status_code for answer in said] == [201, 200]
    among = sum(map(copied, users))
    eventually(lambda: sum(answers(api).values()) == 2 * among, 30, "every answer")
    print(f"{among} of {len(users)} users were copied: {answers(api)}")
    assert answers(api) == {"same": among, "different": 0, "failed": among, "dropped": 0}
