"""Which pods start again when the content of a tag has changed."""

from dataclasses import dataclass
from typing import Any

from ballast.bringup.outdated_pods import outdated


@dataclass(frozen=True)
class Image:
    reference: str
    repository: str
    digest: str


VAULT = Image("docker.io/hashicorp/vault:1.21.1", "docker.io/hashicorp/vault", "sha256:new")


def pod(image_id: str, *, image: str = VAULT.reference, phase: str = "Running") -> dict[str, Any]:
    return {
        "metadata": {"namespace": "vault", "name": "vault-0"},
        "status": {
            "phase": phase,
            "containerStatuses": [{"image": image, "imageID": image_id}],
        },
    }


def test_a_pod_with_the_old_content_starts_again() -> None:
    old = pod("docker.io/hashicorp/vault@sha256:old")
    assert list(outdated([old], [VAULT])) == [("vault", "vault-0")]


def test_a_pod_with_the_content_of_now_goes_on() -> None:
    assert list(outdated([pod("docker.io/hashicorp/vault@sha256:new")], [VAULT])) == []


def test_an_image_that_is_not_ours_is_left_alone() -> None:
    other = pod("example.org/other@sha256:old", image="example.org/other:1")
    assert list(outdated([other], [VAULT])) == []


def test_a_pod_that_has_no_image_yet_is_left_alone() -> None:
    assert list(outdated([pod("")], [VAULT])) == []


def test_a_finished_pod_is_left_alone() -> None:
    done = pod("docker.io/hashicorp/vault@sha256:old", phase="Succeeded")
    assert list(outdated([done], [VAULT])) == []


def test_an_init_container_counts_too() -> None:
    found = pod("")
    found["status"]["initContainerStatuses"] = [
        {"image": VAULT.reference, "imageID": "docker.io/hashicorp/vault@sha256:old"}
    ]
    assert list(outdated([found], [VAULT])) == [("vault", "vault-0")]
