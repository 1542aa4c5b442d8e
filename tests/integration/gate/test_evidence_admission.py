"""A real API server admits what signed evidence covers, in staging and prod, and nothing else."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from evidence_files import NOW, given, image, public, signed

from ballast.components.evidence_admission import (
    access_manifests,
    account_manifest,
    policy_manifests,
)
from ballast.components.namespaces import namespace_manifest
from ballast.gate.admission import admitted
from ballast.gate.admission_objects import LEDGER, ledger
from ballast.gate.admission_writer import verifier
from ballast.gate.record_store import committed_keys
from ballast.kubeapi import KubeApi, KubeApiError
from ballast.names import ENVIRONMENT_NAMESPACES, POLICY_NAMESPACE
from ballast.release import Held, Image

WAIT = 120.0


def pod(environment: str, *images: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe", "namespace": ENVIRONMENT_NAMESPACES[environment]},
        "spec": {
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": f"c{number}",
                    "image": name,
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
                for number, name in enumerate(images)
            ],
        },
    }


def deployment(environment: str, name: str, replicas: int = 1) -> dict:
    made = pod(environment, name)
    labels = {"app": "probe"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": made["metadata"],
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": made["spec"]},
        },
    }


def refusal(api: KubeApi, obj: dict) -> str:
    """Why an object is refused; empty when it is admitted."""
    try:
        api.apply(obj, "tests", dry_run=True)
    except KubeApiError as error:
        return str(error)
    return ""


def eventually(api: KubeApi, obj: dict, words: str) -> str:
    """The refusal that has these words; policies and ledgers reach admission a moment late."""
    end = time.monotonic() + WAIT
    while words not in (said := refusal(api, obj)) or (not words and said):
        assert time.monotonic() < end, f"expected {words!r}, last: {said!r}"
        time.sleep(0.2)
    return said


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "signing.key"


@pytest.fixture(scope="module")
def cluster(control_plane) -> Iterator[KubeApi]:
    """Environments with the rules of evidence, and no ledger yet."""
    with KubeApi.from_kubeconfig(control_plane.kubeconfig) as api:
        for environment in ("dev", "staging", "prod"):
            name = ENVIRONMENT_NAMESPACES[environment]
            api.apply(namespace_manifest(name, environment=environment), "tests")
        for manifest in [namespace_manifest(POLICY_NAMESPACE), account_manifest()]:
            api.apply(manifest, "tests")
        for environment in ("staging", "prod"):
            for manifest in access_manifests(environment):
                api.apply(manifest, "tests")
        for manifest in policy_manifests():
            api.apply(manifest, "tests")
        yield api
        # Other tests share the server, and their images have no evidence.
        for manifest in policy_manifests():
            api.delete(manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"])


@pytest.fixture(scope="module")
def staging(cluster: KubeApi, key: Path) -> KubeApi:
    """Staging with a ledger of one evidence of each sort; images 1 and 2 are sound."""
    foreign = key.parent / "foreign.key"
    tampered = signed(given(name="tampered"), [image(5)], key)
    evidence = (
        public(key)
        | signed(given(name="sound"), [image(1)], key)
        | signed(
            given(
                kind="bootstrap",
                name="first",
                made=NOW - timedelta(hours=30),
                until=NOW - timedelta(hours=6),
            ),
            [image(2)],
            key,
        )
        | signed(
            given(name="old", made=NOW - timedelta(hours=3), until=NOW - timedelta(hours=1)),
            [image(3)],
            key,
        )
        | signed(given(name="elsewhere", target="prod"), [image(4)], key)
        | {p: t.replace('"sig": "', '"sig": "00') for p, t in tampered.items()}
        | signed(given(name="foreign"), [image(6)], foreign)
    )
    repository, _, digest = image(2).partition("@")
    running = Held(revision="r1", images={"a": Image(repository=repository, digest=digest)})
    found = admitted(evidence, committed_keys(evidence), "staging", [running], NOW)
    document = ledger(found)
    ends_soon = (NOW + timedelta(seconds=1)).isoformat()
    document["data"][f"sha256-{7:064x}"] = ends_soon
    assert eventually(cluster, pod("staging", image(1)), "no params found")
    with verifier(cluster) as writer:
        writer.apply(document, "tests")
    eventually(cluster, pod("staging", image(1)), "")
    return cluster


def test_a_proven_image_is_admitted(staging: KubeApi) -> None:
    assert refusal(staging, pod("staging", image(1))) == ""
    assert refusal(staging, deployment("staging", image(1))) == ""


def test_the_release_in_force_restarts_after_its_permit_has_ended(staging: KubeApi) -> None:
    assert refusal(staging, pod("staging", image(2))) == ""


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (3, "its permit ended at"),
        (4, "the permit is for prod, not for staging"),
        (5, "the evidence cannot be trusted, the signature does not match"),
        (6, "is not trusted"),
        (8, "No evidence of the gate admits"),
    ],
    ids=["expired", "other environment", "tampered", "other key", "absent"],
)
def test_every_other_evidence_is_refused_with_its_reason(
    staging: KubeApi, number: int, words: str
) -> None:
    for obj in (pod("staging", image(number)), deployment("staging", image(number))):
        said = refusal(staging, obj)
        assert words in said
        assert "ballast promote" in said


def test_a_permit_that_ends_after_the_ledger_was_written_ends_all_the_same(
    staging: KubeApi,
) -> None:
    assert "ended at" in eventually(staging, pod("staging", image(7)), "ended at")


def test_an_image_by_tag_is_refused(staging: KubeApi) -> None:
    assert "named by digest" in refusal(staging, pod("staging", "example.org/todo-1:latest"))


def test_one_bad_image_among_good_ones_is_refused(staging: KubeApi) -> None:
    assert "No evidence" in refusal(staging, pod("staging", image(1), image(8)))


def test_an_environment_without_a_ledger_admits_nothing(staging: KubeApi) -> None:
    assert "no params found" in refusal(staging, pod("prod", image(1)))


def test_dev_admits_what_is_tried_out(staging: KubeApi) -> None:
    assert refusal(staging, pod("dev", "example.org/todo-1:latest")) == ""


def test_what_runs_can_be_scaled_but_not_changed_to_an_unproven_image(staging: KubeApi) -> None:
    staging.apply(deployment("staging", image(1), replicas=0), "tests")
    with verifier(staging) as writer:
        found = writer.get("v1", "ConfigMap", LEDGER, "todo-app-staging")
        assert found
        place = {"name": LEDGER, "namespace": "todo-app-staging"}
        kept = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place, "data": found["data"]}
        withdrawn = found["data"] | {f"sha256-{1:064x}": "refused: withdrawn"}
        writer.apply(kept | {"data": withdrawn}, "tests")
        try:
            eventually(staging, pod("staging", image(1)), "refused: withdrawn")
            assert refusal(staging, deployment("staging", image(1), replicas=2)) == ""
            assert "No evidence" in refusal(staging, deployment("staging", image(8)))
        finally:
            writer.apply(kept, "tests")
    eventually(staging, pod("staging", image(1)), "")


def test_nobody_else_writes_a_ledger_not_even_an_administrator(staging: KubeApi) -> None:
    forged = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": LEDGER, "namespace": "todo-app-staging"},
        "data": {f"sha256-{8:064x}": "in force"},
    }
    assert "derived from signed evidence" in refusal(staging, forged)


def test_the_verifier_writes_nothing_but_the_ledger(staging: KubeApi) -> None:
    other = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-root-ca.crt", "namespace": "todo-app-staging"},
        "data": {"a": "b"},
    }
    with verifier(staging) as writer, pytest.raises(KubeApiError, match="forbidden"):
        writer.apply(other, "tests")
