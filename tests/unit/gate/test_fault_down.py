"""A store that was taken down comes back, whatever happens meanwhile."""

import pytest

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.faults import FAULTS, down
from ballast.gate.faults.peer import Peer
from ballast.gate.order import Order, Site

FAULT = FAULTS["down"]


class Cluster:
    """Redis with one replica and one client; pods follow the replicas at once."""

    def __init__(self) -> None:
        self.replicas = 1
        self.asked: list[int] = []

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def get(self, *_: object) -> dict:
        return {"spec": {"replicas": self.replicas}}

    def list(self, api_version, kind, namespace=None, selector=None):
        name, count = ("redis", self.replicas) if "redis" in selector else ("client", 1)
        ready = [{"type": "Ready", "status": "True"}]
        return [{"metadata": {"name": name, "uid": name}, "status": {"conditions": ready}}] * count

    def delete(self, *_: object, **__: object) -> bool:
        return True

    def patch(self, api_version, kind, name, namespace, body):
        self.replicas = body["spec"]["replicas"]
        self.asked.append(self.replicas)


@pytest.fixture
def site(tmp_path, monkeypatch) -> Site:
    cluster = Cluster()
    monkeypatch.setattr(down, "peer_of", lambda *_: Peer(["10.0.0.1"], "10.0.0.1", 6379))
    monkeypatch.setattr(down, "connects", lambda *_: "" if cluster.replicas else "refused")
    monkeypatch.setattr(down, "tries", lambda *_: [down.connects()] * 3)
    monkeypatch.setattr(down.KubeApi, "from_kubeconfig", lambda _: cluster)
    entry = {"fault": "down", "target": "redis", "seconds": 1}
    order = {"name": "d", "entry": entry, "kubeconfig": "k", "namespace": "todo-app-dev",
             "samples": "s", "seed": 1, "folder": tmp_path, "patience": 0}  # fmt: skip
    return Site(cluster, Order.model_validate(order))


def test_it_goes_down_and_comes_back(site):
    facts = FAULT.prepare(site)
    facts |= FAULT.inject(site, facts)
    assert FAULT.doubt(facts, FaultProof(1.0, [])) == ""
    assert site.api.asked == [0, 1]


def test_it_comes_back_when_the_watching_breaks(site, monkeypatch):
    def broken(*_: object) -> list[str]:
        raise BallastError("the client is gone")

    monkeypatch.setattr(down, "tries", broken)
    with pytest.raises(BallastError):
        FAULT.inject(site, FAULT.prepare(site))
    assert site.api.replicas == 1


def test_undoing_brings_it_back_once(site, tmp_path):
    facts = FAULT.prepare(site)
    site.api.replicas = 0
    FAULT.undo(tmp_path, facts)
    FAULT.undo(tmp_path, facts)
    assert site.api.asked == [1]


def test_what_has_no_replica_cannot_go_down(site):
    site.api.replicas = 0
    with pytest.raises(BallastError, match="no replica"):
        FAULT.prepare(site)


def test_what_it_still_takes_in_its_last_moments_is_no_doubt(site, monkeypatch):
    site = Site(site.api, site.order.model_copy(update={"patience": 5.0}))
    ending = iter(["", "", "refused"])
    answers = {1: lambda: "", 0: lambda: next(ending, "refused")}
    monkeypatch.setattr(down, "connects", lambda *_: answers[site.api.replicas]())
    facts = FAULT.prepare(site)
    facts |= FAULT.inject(site, facts)
    assert FAULT.doubt(facts, FaultProof(1.0, [])) == ""
    assert next(ending, None) is None


def test_one_that_takes_connections_all_the_time_is_not_down(site, monkeypatch):
    monkeypatch.setattr(down, "connects", lambda *_: "")
    facts = FAULT.prepare(site)
    facts |= FAULT.inject(site, facts)
    assert "took 3 connections" in FAULT.doubt(facts, FaultProof(1.0, []))
