"""The candidate is what release.yaml says and what the pods prove to run."""

import pytest

from ballast import release
from ballast.errors import BallastError
from ballast.gate.candidate import served, verified_candidate
from ballast.names import SERVICES

DIGESTS = {name: f"sha256:{n:064x}" for n, name in enumerate(SERVICES)}
RELEASE = release.release(
    "dev", {name: (f"example.org/{name}", DIGESTS[name]) for name in SERVICES}
)


class Git:
    def read_file(self, path: str) -> str:
        assert path == "gitops/environments/dev/release.yaml"
        return RELEASE

    def list_files(self, folder: str) -> list[str]:
        return [f"{folder}/release.yaml"] if folder.endswith("/dev") else []


class Cluster:
    """Pods by service, each given as (image id, phase, leaving)."""

    def __init__(self, **pods):
        self.pods = {
            name: [(f"example.org/{name}@{DIGESTS[name]}", "Running", False)] for name in SERVICES
        }
        self.pods |= {name.replace("_", "-"): given for name, given in pods.items()}

    def list(self, api_version, kind, namespace=None, label_selector=None):
        assert (api_version, kind, namespace) == ("v1", "Pod", "todo-app-dev")
        service = label_selector.removeprefix("app=")
        return [
            {
                "metadata": {"deletionTimestamp": "now"} if leaving else {},
                "status": {
                    "phase": phase,
                    "containerStatuses": [
                        {"name": "daprd", "imageID": "example.org/daprd@sha256:00"},
                        {"name": service, "imageID": image},
                    ],
                },
            }
            for image, phase, leaving in self.pods[service]
        ]


def test_pods_that_run_the_digests_verify_the_candidate():
    assert verified_candidate(Git(), Cluster(), "dev").digests == DIGESTS


def test_a_pod_with_another_digest_is_refused():
    other = [("example.org/task-service@sha256:" + "f" * 64, "Running", False)]
    with pytest.raises(BallastError, match="task-service runs example"):
        verified_candidate(Git(), Cluster(task_service=other), "dev")


def test_one_old_pod_among_new_ones_is_refused():
    cluster = Cluster()
    cluster.pods["task-service"].append(("example.org/task-service@sha256:0f", "Running", False))
    with pytest.raises(BallastError, match="does not run what"):
        verified_candidate(Git(), cluster, "dev")


def test_a_service_without_pods_is_refused():
    with pytest.raises(BallastError, match="no pod of api-gateway runs"):
        verified_candidate(Git(), Cluster(api_gateway=[]), "dev")


def test_a_pod_on_its_way_out_does_not_count():
    cluster = Cluster()
    cluster.pods["task-service"].append(("example.org/task-service@sha256:0f", "Running", True))
    assert verified_candidate(Git(), cluster, "dev").digests == DIGESTS


def test_what_a_target_serves_is_what_its_pods_run():
    found = served(Git(), Cluster(), "dev")
    assert found is not None
    assert found.digests == DIGESTS


def test_a_target_that_never_got_a_release_serves_nothing():
    assert served(Git(), Cluster(), "staging") is None


def test_a_target_that_runs_anything_else_is_no_standard():
    other = [("example.org/task-service@sha256:" + "f" * 64, "Running", False)]
    with pytest.raises(BallastError, match="dev does not run what"):
        served(Git(), Cluster(task_service=other), "dev")
