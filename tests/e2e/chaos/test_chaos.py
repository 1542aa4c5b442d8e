"""Every fault on the running platform: it shows from outside, heals, and touches nothing else.

The users' side of an experiment, its load and its verdict, is `ballast gate run --experiment`; here
each fault is injected and undone without load, so that all of them take minutes and not hours.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ballast.gate import live, probes
from ballast.gate.candidate import verified_candidate
from ballast.gate.catalogue import load_catalogue
from ballast.gate.chaos import expectation_of
from ballast.gate.controls import (
    FaultProof,
    after_experiment_control,
    before_method_control,
    read_proof,
)
from ballast.gate.eventually import eventually
from ballast.gate.execute import execute
from ballast.gate.faults import firewall
from ballast.gate.faults.peer import connects, peer_of
from ballast.gate.injection import inject, undo
from ballast.gate.order import Order, Site
from ballast.gate.plan import derive_plan
from ballast.gate.radius import changes_outside
from ballast.gate.run_folder import RunFolder, clean_interrupted
from ballast.gate.stop import stop_runs
from ballast.gate.verdict import Outcome
from ballast.kubeapi import KubeApi
from ballast.names import ENVIRONMENT_NAMESPACES
from ballast.paths import repository_root

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

CATALOGUE = load_catalogue()
# Seen only by what has something to do: proven under load, below.
NEEDS_LOAD = {
    name for name, entry in CATALOGUE.items() if entry.fault in {"squeeze", "memory", "disk-full"}
}
HEALED_SECONDS = 180.0


@pytest.fixture
def order(api: KubeApi, tmp_path: Path):
    """An order on dev, in a run folder of its own."""

    def make(name: str) -> Order:
        made = Order(
            name=name,
            entry=CATALOGUE[name],
            kubeconfig=live.kubeconfig_path(),
            namespace=ENVIRONMENT_NAMESPACES["dev"],
            samples=tmp_path / "samples.csv",
            seed=1,
            folder=tmp_path / "runs" / "run" / "chaos" / name,
        )
        made.folder.mkdir(parents=True)
        made.file.write_text(made.model_dump_json())
        return made

    return make


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - NEEDS_LOAD))
def test_a_fault_shows_heals_and_stays_in_its_radius(order, name: str) -> None:
    made = order(name)
    configuration = {"order": str(made.file)}
    assert probes.every_replica_is_ready(configuration, HEALED_SECONDS)
    before_method_control(configuration)
    try:
        facts = inject(configuration)
    finally:
        undo(configuration)
    healed = probes.as_many_pods_serve_as_before(configuration, HEALED_SECONDS)
    after_experiment_control(configuration)
    proof: FaultProof = read_proof(made.proof_file)
    expected = expectation_of(made)
    assert expected.doubt(facts, proof) == ""
    assert healed
    assert changes_outside(proof, expected.radius) == []


def test_a_partition_that_was_interrupted_ends_with_the_next_start(order, api: KubeApi) -> None:
    made = order("partition-task-service-broker")
    site = Site(api, made)
    uid = next(pod.uid for pod in site.pods() if pod.serves)
    peer = peer_of(site, "broker")
    written = {"order": made.model_dump(mode="json"), "facts": {"uids": [uid], "share": 1.0}}
    made.folder.joinpath("injected.json").write_text(json.dumps(written))
    run = RunFolder(made.folder.parents[1])
    run.write("state.json", {"state": "running", "children": []})
    try:
        firewall.lose(uid, peer.addresses, 1)
        assert connects(uid, peer.address, peer.port, 2.0)
        assert clean_interrupted(run.path.parent) == [run.name]
        assert connects(uid, peer.address, peer.port, 10.0) == ""
    finally:
        firewall.restore(uid)


@pytest.mark.parametrize("name", sorted(NEEDS_LOAD))
def test_an_experiment_under_load_is_judged_by_its_journal(
    api: KubeApi, name: str, tmp_path: Path
) -> None:
    ports = live.live_ports()
    candidate = verified_candidate(ports.git, ports.pods, "dev")
    plan = derive_plan("dev", "staging", candidate, shape="faults", experiments=[name])
    site = live.run_site(api, "dev")
    finished = execute(plan, site, runs=tmp_path / "runs", signer=ports.signer)
    found = {verdict.check: verdict for verdict in finished.verdicts}
    assert found[f"chaos/{name}"].outcome is Outcome.PASS, found[f"chaos/{name}"].reason


def test_the_stop_switch_ends_a_run_and_its_fault(order, api: KubeApi, tmp_path: Path) -> None:
    made = order("partition-task-service-broker")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from ballast.gate.injection import inject\n"
        "from ballast.gate.run_folder import RunFolder\n"
        "with RunFolder(Path(sys.argv[2])).alive():\n"
        "    inject({'order': sys.argv[3]})\n"
    )
    run = made.folder.parents[1]
    platform = str(repository_root() / "platform")
    command = [sys.executable, "-c", code, platform, str(run), str(made.file)]
    process = subprocess.Popen(command)
    site = Site(api, made)
    uids = [pod.uid for pod in site.pods() if pod.serves]
    peer = peer_of(site, "broker")
    try:
        assert eventually(lambda: sum(map(firewall.lost, uids)) > 0, 60, 0.1)
        assert stop_runs(run.parent) == [run.name]
        assert process.wait(60) != 0
        assert [connects(uid, peer.address, peer.port, 10.0) for uid in uids] == [""] * len(uids)
    finally:
        process.kill()
        for uid in uids:
            firewall.restore(uid)
