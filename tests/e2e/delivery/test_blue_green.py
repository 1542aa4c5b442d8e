"""The blue-green runbook, its own commands, while a user goes on writing through the edge."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from workload.environment import app_pages
from workload.histograms import total

from ballast.bluegreen.place import Green
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.names import GATEWAY_PORTS
from ballast.node import exposing
from ballast.node.layout import Layout
from ballast.paths import repository_root

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
RUNBOOK = repository_root() / "docs" / "runbooks" / "blue-green.md"
GREEN = Green("dev")


def commands() -> list[str]:
    [block] = re.findall(r"```sh\n(.*?)```", RUNBOOK.read_text(), re.DOTALL)
    return block.strip().splitlines()


def run(command: str) -> str:
    program, *arguments = command.split()
    assert program == "ballast"
    done = subprocess.run(
        [sys.executable, "-m", "ballast", *arguments], capture_output=True, text=True, check=False
    )
    print(f"$ {command}\n{done.stdout}")
    assert done.returncode == 0, done.stderr
    return done.stdout


class User:
    """Creates a task twice a second, on a new connection each time, as a browser's next visit."""

    def __init__(self, client: httpx.Client) -> None:
        self.client, self.answers = client, list[tuple[int, str]]()
        self.stopped = threading.Event()

    def write(self) -> None:
        while not self.stopped.wait(0.5):
            headers = {"connection": "close"}
            answer = self.client.post("/tasks", json={"title": "blue or green"}, headers=headers)
            self.answers.append((answer.status_code, answer.json().get("id", "")))


@contextmanager
def writing(client: httpx.Client) -> Iterator[User]:
    user = User(client)
    thread = threading.Thread(target=user.write)
    thread.start()
    try:
        yield user
    finally:
        user.stopped.set()
        thread.join()


def served_by_green(api: KubeApi) -> float:
    """Requests that green's gateway has answered, by its own count."""
    pages = app_pages(api, GREEN.namespace, "api-gateway")
    return total(pages, "http_requests_total", route="/api/v1/tasks")


def test_the_runbook_moves_traffic_there_and_back_and_loses_nothing(
    api: KubeApi, git: GitServer, gateway: Callable[..., httpx.Client]
) -> None:
    opened, blue, switched, green, returned, closed = commands()
    before = exposing.wanted_forwards(Layout.default())
    folders = git.list_files("gitops/environments")
    client = gateway("blue-green")
    with writing(client) as user:
        try:
            run(opened)
            assert "leads to blue" in run(blue)
            quiet = served_by_green(api)
            run(switched)
            assert "leads to green" in run(green)
            time.sleep(5)
            assert served_by_green(api) > quiet + 5
        finally:
            run(returned)
            run(closed)
    assert {status for status, _ in user.answers} == {201}
    written = {task for _, task in user.answers}
    listed = client.get("/tasks", params={"limit": 100}).json()
    found = {task["id"] for task in listed["items"]}
    while listed["next"]:
        listed = client.get("/tasks", params={"limit": 100, "after": listed["next"]}).json()
        found |= {task["id"] for task in listed["items"]}
    assert written <= found
    assert exposing.wanted_forwards(Layout.default()) == before
    assert before[GATEWAY_PORTS["dev"]]
    assert git.list_files("gitops/environments") == folders
    assert api.get("v1", "Namespace", GREEN.namespace) is None
