"""A release that is really bad reaches the running platform, and goes back by itself.

The images come from the repository's own builder: the gateway of the checkout with one setting
that it cannot live with. The timeline is printed (`-s` shows it); its figures are in docs/gate.md.
"""

from collections.abc import Callable, Iterator

import httpx
import pytest

from ballast import argo, release
from ballast.gate import live
from ballast.gate.candidate import mismatches, running_digests
from ballast.gate.watch import watch
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.node import addresses
from ballast.node import lifecycle as node
from ballast.supply.images import BuiltImage, ImageSupply
from ballast.supply.lock import load_lock
from ballast.supply.progress import Silent

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
ENVIRONMENT = "dev"  # it admits images without evidence
PATH = release.path_of(ENVIRONMENT)


def broken_gateway(flaw: dict[str, str]) -> BuiltImage:
    lock = load_lock()
    [sound] = [image for image in lock.image if image.name == "todo-api-gateway"]
    changed = {
        "name": f"{sound.name}-broken",
        "reference": f"{sound.repository}:broken",
        "env": sound.env | flaw,
    }
    broken = sound.model_copy(update=changed)
    supply = ImageSupply(lock.model_copy(update={"image": (*lock.image, broken)}), Silent())
    return supply.ensure([broken.name])[broken.name]


@pytest.fixture
def put_bad_release(git: GitServer, api: KubeApi) -> Iterator[Callable[[dict[str, str]], str]]:
    """Commits a release of dev with a broken gateway; in the end dev is as before."""
    before = git.read_file(PATH)
    imported: list[str] = []

    def put(flaw: dict[str, str]) -> str:
        built = broken_gateway(flaw)
        node.import_images([built])
        imported.extend((built.reference, f"{built.repository}@{built.digest}"))
        good = release.parse(before)
        images = good.images | {
            "api-gateway": release.Image(repository=built.repository, digest=built.digest)
        }
        bad = release.Release(revision="broken", images=images)
        text = release.render(ENVIRONMENT, bad)
        return git.commit_files(f"Promote broken from a test to {ENVIRONMENT}\n", {PATH: text})

    yield put
    if git.read_file(PATH) != before:
        git.commit_files(f"Roll back {ENVIRONMENT} after a test\n", {PATH: before})
    argo.wait_synced(api, [f"todo-{ENVIRONMENT}"], git.head(), timeout=300)
    ctr = ["ctr", f"--address={addresses.CONTAINERD_SOCKET}", "--namespace=k8s.io"]
    node.enter([*ctr, "images", "rm", *imported])


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
