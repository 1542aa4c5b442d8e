"""The pods of an environment over a watch."""

from copy import deepcopy

from ballast.gate.vitals import Look, PodVitals, together


def pod(uid: str, restarts: int, job: bool = False) -> dict:
    owner = [{"kind": "Job" if job else "ReplicaSet"}]
    return {
        "metadata": {"name": f"pod-{uid}", "uid": uid, "ownerReferences": owner},
        "status": {"containerStatuses": [{"name": "task-service", "restartCount": restarts}]},
    }


def deployment(ready: int = 2) -> dict:
    return {
        "metadata": {"name": "task-service", "generation": 1},
        "spec": {"replicas": 2},
        "status": {
            "observedGeneration": 1,
            "replicas": 2,
            "updatedReplicas": 2,
            "availableReplicas": ready,
        },
    }


class Cluster:
    def __init__(self, pods: list[dict], deployments: list[dict]) -> None:
        self.pods, self.deployments = pods, deployments

    def list(self, api_version, kind, namespace=None, label_selector=None):
        assert namespace == "todo-app-staging"
        return deepcopy(self.deployments if kind == "Deployment" else self.pods)


def vitals(cluster: Cluster) -> PodVitals:
    return PodVitals(cluster, "todo-app-staging")


def test_whole_deployments_and_pods_that_run_on_are_sound():
    seen = vitals(Cluster([pod("a", 3)], [deployment()]))
    assert seen.look() == seen.look() == Look()


def test_a_restart_since_the_watch_began_is_sick():
    cluster = Cluster([pod("a", 3)], [deployment()])
    seen = vitals(cluster)
    seen.look()
    cluster.pods = [pod("a", 4)]
    assert seen.look().sick == ("container task-service of pod pod-a has restarted",)


def test_a_pod_that_comes_later_and_restarts_is_sick():
    cluster = Cluster([pod("a", 0)], [deployment()])
    seen = vitals(cluster)
    seen.look()
    cluster.pods = [pod("a", 0), pod("b", 1)]
    assert len(seen.look().sick) == 1


def test_a_job_may_try_again():
    cluster = Cluster([pod("a", 0, job=True)], [deployment()])
    seen = vitals(cluster)
    seen.look()
    cluster.pods = [pod("a", 1, job=True)]
    assert seen.look() == Look()


def test_a_deployment_without_all_its_pods_is_weak():
    seen = vitals(Cluster([], [deployment(ready=1)]))
    assert seen.look().weak == ("Deployment task-service: 1 of 2 pods are ready",)


def test_a_namespace_without_deployments_is_unknown():
    assert vitals(Cluster([], [])).look().unknown


def test_looks_together_say_everything():
    whole = together((Look(sick=("a",), events=3.0), Look(weak=("b",)), Look(unknown=("c",))))
    assert whole == Look(("a",), ("b",), ("c",), 3.0)
    assert not whole.sound
