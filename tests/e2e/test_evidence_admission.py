"""Staging on the running platform admits what the gate's evidence covers, and nothing else."""

import uuid
from collections.abc import Iterator

import httpx
import pytest
from tests.e2e.eventually import eventually
from tests.e2e.evidence_probe import STAGING, refusal, unproven, with_image
from typer.testing import CliRunner

from ballast import names, release
from ballast.cli import app
from ballast.gate.admission import IN_FORCE
from ballast.gate.admission_objects import LEDGER
from ballast.gate.admission_writer import admitted_by
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping, mappings

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
UNPROVEN = unproven("e")


def test_what_staging_runs_is_admitted(api: KubeApi, git: GitServer) -> None:
    image = release.parse(git.read_file(release.path_of("staging"))).images["task-service"]
    assert refusal(api, with_image(api, str(image))) == ""


def test_an_image_without_evidence_is_refused_with_what_to_do(api: KubeApi) -> None:
    said = refusal(api, with_image(api, UNPROVEN))
    assert "No evidence of the gate admits" in said
    assert "ballast promote" in said


def test_an_image_by_tag_is_refused(api: KubeApi) -> None:
    assert "named by digest" in refusal(api, with_image(api, "docker.io/library/busybox:1.35"))


def test_dev_is_free(api: KubeApi) -> None:
    made = with_image(api, UNPROVEN)
    made["metadata"]["namespace"] = names.ENVIRONMENT_NAMESPACES["dev"]
    assert refusal(api, made) == ""


def test_an_administrator_cannot_forge_the_ledger(api: KubeApi) -> None:
    forged = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": LEDGER, "namespace": STAGING},
        "data": {f"sha256-{'e' * 64}": IN_FORCE},
    }
    assert "derived from signed evidence" in refusal(api, forged)


def test_every_declared_digest_is_in_force_and_the_ledger_says_so(
    api: KubeApi, git: GitServer
) -> None:
    declared = release.parse(git.read_file(release.path_of("staging"))).digests
    found = admitted_by(git, "staging").digests
    assert {found[digest] for digest in declared.values()} == {IN_FORCE}
    data = mapping(mapping(api.get("v1", "ConfigMap", LEDGER, STAGING)).get("data"))
    assert {data[d.replace(":", "-")] for d in declared.values()} == {IN_FORCE}


def test_a_pod_of_the_release_comes_back(api: KubeApi) -> None:
    [pod, *_] = api.list("v1", "Pod", STAGING, "app=notification-service")
    name = pod["metadata"]["name"]
    api.delete("v1", "Pod", name, STAGING)

    def ready() -> bool:
        pods = api.list("v1", "Pod", STAGING, "app=notification-service")
        return any(
            one["metadata"]["name"] != name
            and any(
                c.get("type") == "Ready" and c.get("status") == "True"
                for c in mappings(mapping(one.get("status")).get("conditions"))
            )
            for one in pods
        )

    eventually(ready, 180, "a new pod of the same release")


@pytest.fixture
def broken_glass(api: KubeApi, git: GitServer) -> Iterator[str]:
    """A permit for an image that no gate has seen; withdrawn afterwards."""
    name = f"drill-{uuid.uuid4().hex[:8]}"
    before = git.head()
    options = ["--name", name, "--until", "15m", "--reason", "a drill of the e2e tests"]
    outcome = CliRunner().invoke(app, ["gate", "break-glass", "staging", UNPROVEN, *options])
    assert outcome.exit_code == 0, outcome.output
    given = git.head()
    assert given != before
    yield name
    git.revert(str(given))
    assert CliRunner().invoke(app, ["gate", "admitted", "staging", "--write"]).exit_code == 0


def test_a_broken_glass_admits_and_pages(api: KubeApi, broken_glass: str) -> None:
    eventually(lambda: not refusal(api, with_image(api, UNPROVEN)), 30, "admission by the permit")

    def paged() -> bool:
        answer = httpx.get(
            f"http://127.0.0.1:{names.ALERT_SINK_PORT}/alerts",
            params={"alertname": "BreakGlassPermit"},
            trust_env=False,
        )
        alerts = [a for d in mappings(answer.json()) for a in mappings(d.get("alerts"))]
        return any(mapping(a.get("labels")).get("permit") == broken_glass for a in alerts)

    eventually(paged, 240, "the page of the broken glass")


def test_the_glass_is_whole_again_when_the_permit_is_gone(api: KubeApi) -> None:
    eventually(lambda: refusal(api, with_image(api, UNPROVEN)), 30, "a refusal")


def test_a_freeze_lies_in_git_until_it_is_ended(git: GitServer) -> None:
    run = CliRunner().invoke
    assert run(app, ["freeze", "staging", "--until", "1h", "--reason", "e2e"]).exit_code == 0
    try:
        assert "e2e" in git.read_file("gitops/gate/freezes.yaml")
    finally:
        assert run(app, ["unfreeze", "staging"]).exit_code == 0
    assert "e2e" not in git.read_file("gitops/gate/freezes.yaml")
