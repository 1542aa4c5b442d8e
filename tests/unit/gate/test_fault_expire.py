"""A certificate that was let expire is renewed, whatever happens meanwhile."""

import pytest

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.faults import FAULTS, expire
from ballast.gate.order import Order, Site

FAULT = FAULTS["expire"]
LONG = {"workloadCertTTL": "24h", "allowedClockSkew": "15m", "enabled": True}


class Cluster:
    """Sentry with its Configuration, which it reads when a pod of it starts; one sidecar."""

    def __init__(self) -> None:
        self.mtls, self.read, self.replicas, self.started = dict(LONG), dict(LONG), 1, 0

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def get(self, api_version, kind, name, namespace=None):
        spec = {
            "Configuration": {"mtls": dict(self.mtls)},
            "Deployment": {"replicas": self.replicas},
        }
        ports = [{"name": "dapr-internal", "containerPort": 50002}]
        return {"spec": spec.get(kind, {"containers": [{"ports": ports}]}), "status": {}}

    def list(self, api_version, kind, namespace=None, selector=None):
        ready = [{"type": "Ready", "status": "True"}]
        if namespace == "dapr-system":
            metadata = {"name": "sentry", "uid": f"sentry-{self.started}"}
            return [{"metadata": metadata, "status": {"conditions": ready}}] * self.replicas
        container = {"name": "daprd", "containerID": "containerd://c1"}
        status = {"conditions": ready, "podIP": "10.0.0.1", "containerStatuses": [container]}
        return [{"metadata": {"name": "a", "uid": "u1"}, "status": status}]

    def patch(self, api_version, kind, name, namespace, body):
        if kind == "Configuration":
            self.mtls |= body["spec"]["mtls"]
        else:
            self.replicas = body["spec"]["replicas"]
            self.start()

    def delete(self, *_: object, **__: object) -> bool:
        self.start()
        return True

    def start(self) -> None:
        self.started += 1
        if self.replicas:
            self.read = dict(self.mtls)


@pytest.fixture
def site(tmp_path, monkeypatch) -> Site:
    cluster = Cluster()

    def left(_: object) -> float:
        if cluster.read == LONG:
            return 86000.0
        return 9.0 if cluster.replicas else -1.0

    monkeypatch.setattr(expire, "left", left)
    monkeypatch.setattr(expire, "processes_of", lambda *_: [])
    monkeypatch.setattr(expire.KubeApi, "from_kubeconfig", lambda _: cluster)
    entry = {"fault": "expire", "target": "task-service", "container": "daprd", "seconds": 0.1}
    order = {"name": "e", "entry": entry, "kubeconfig": "k", "namespace": "todo-app-dev",
             "samples": "s", "seed": 1, "folder": tmp_path, "patience": 2}  # fmt: skip
    return Site(cluster, Order.model_validate(order))


def test_it_expires_and_is_renewed(site):
    facts = FAULT.prepare(site)
    facts |= FAULT.inject(site, facts)
    assert FAULT.doubt(facts, FaultProof(1.0, [])) == ""
    assert facts["renewed"]
    assert (site.api.mtls, site.api.read, site.api.replicas) == (LONG, LONG, 1)


def test_it_is_renewed_when_the_watching_breaks(site, monkeypatch):
    facts = FAULT.prepare(site)

    def broken(*_: object) -> list[int]:
        raise BallastError("the sidecar is gone")

    monkeypatch.setattr(expire, "processes_of", broken)
    with pytest.raises(BallastError, match="the sidecar is gone"):
        FAULT.inject(site, facts)
    assert (site.api.mtls, site.api.read, site.api.replicas) == (LONG, LONG, 1)


def test_undoing_restores_sentry_once(site, tmp_path):
    facts = FAULT.prepare(site)
    site.api.patch("", "Configuration", "", "", {"spec": {"mtls": expire.SHORT}})
    site.api.patch("", "Deployment", "", "", {"spec": {"replicas": 0}})
    FAULT.undo(tmp_path, facts)
    assert (site.api.mtls, site.api.replicas) == (LONG, 1)
    started = site.api.started
    FAULT.undo(tmp_path, facts)
    assert site.api.started == started
