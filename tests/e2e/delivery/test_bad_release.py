"""A release that is really bad reaches the running platform, and goes back by itself.

The images come from the repository's own builder: the gateway of the checkout with one setting
that it cannot live with. The timeline is printed (`-s` shows it); its figures are in docs/gate.md.
"""

from collections.abc import Callable, Iterator

import httpx
import pytest
from tests.e2e.delivery.altered import on_the_node

from ballast import argo, release
from ballast.gate import live
from ballast.gate.candidate import mismatches, running_digests
from ballast.gate.watch import watch
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
ENVIRONMENT = "dev"  # it admits images without evidence
PATH = release.path_of(ENVIRONMENT)


@pytest.fixture
def put_bad_release(git: GitServer, api: KubeApi) -> Iterator[Callable[[dict[str, str]], str]]:
    """Commits a release of dev with a broken gateway; in the end dev is as before."""
    before = git.read_file(PATH)
    with on_the_node() as alter:

        def put(flaw: dict[str, str]) -> str:
            images = release.parse(before).images | {"api-gateway": alter("api-gateway", flaw)}
            bad = release.Release(revision="broken", images=images)
            text = release.render(ENVIRONMENT, bad)
            return git.commit_files(f"Promote broken from a test to {ENVIRONMENT}\n", {PATH: text})

        yield put
        if git.read_file(PATH) != before:
            git.commit_files(f"Roll back {ENVIRONMENT} after a test\n", {PATH: before})
        argo.wait_synced(api, [f"todo-{ENVIRONMENT}"], git.head(), timeout=300)


@pytest.mark.parametrize(
    ("flaw", "why"),
    [
        ({"INVOKE_SECONDS": "none"}, "has ended"),
        ({"TASK_APP_ID": "nobody"}, "failed"),
    ],
    ids=["ends at its start", "is ready and answers 5xx"],
)
def test_a_bad_release_is_reverted_and_what_ran_before_serves_again(  # noqa: PLR0917 - fixtures
    git: GitServer,
    api: KubeApi,
    gateway: Callable[..., httpx.Client],
    put_bad_release: Callable[[dict[str, str]], str],
    flaw: dict[str, str],
    why: str,
) -> None:
    before = git.read_file(PATH)
    bad = put_bad_release(flaw)
    done = watch(ENVIRONMENT, live.live_ports(print), 60.0, print)
    for seconds, what in done.steps:
        print(f"{seconds:6.1f} s  {what}")
    assert (done.kept, done.commit) == (False, bad)
    assert why in done.why
    assert git.read_file(PATH) == before
    assert not mismatches(release.parse(before), running_digests(api, ENVIRONMENT))
    assert gateway("after-a-bad-release").get("/tasks").status_code == 200
