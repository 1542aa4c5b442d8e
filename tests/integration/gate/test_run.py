"""A whole gate run, short: real Locust and chaostoolkit against local servers, then signed."""

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ballast.gate import execute as gate_run
from ballast.gate import signing
from ballast.gate.broker_view import Progress
from ballast.gate.chaos_verdict import Hypothesis
from ballast.gate.consumers import Consumers
from ballast.gate.execute import Finished, RunSite, execute
from ballast.gate.plan import Plan, derive_plan
from ballast.gate.report.reading import read_report
from ballast.gate.report.write import FILES, write_report
from ballast.gate.samples import sha256_of
from ballast.gate.shape import Stage
from ballast.gate.tokens import Identity
from ballast.gate.verdict import Outcome
from ballast.names import SERVICES
from ballast.release import Image, Release

PEM = (
    Ed25519PrivateKey.generate()
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    .decode()
)


def short_plan() -> Plan:
    """The derived plan with a load of seconds; too short to prove 99.9 %, and it says so."""
    images = {
        name: Image(repository=f"example.org/{name}", digest=f"sha256:{n:064x}")
        for n, name in enumerate(SERVICES)
    }
    release = Release(revision="r1", images=images)
    plan = derive_plan("dev", "staging", release, old=release, experiments=["kill-task-service"])
    shape = plan.shape.model_copy(
        update={
            "stages": [Stage(seconds=12.0, rate_per_second=40.0)],
            "warmup_seconds": 1.0,
            "old_block_seconds": 1.0,
            "fault_seconds": 40.0,
            "requests_per_user_per_minute": 60.0,
        }
    )
    hypothesis = Hypothesis(availability=0.9, recovered_within=6.0, window_seconds=30.0)
    assert plan.baseline is not None
    rule = plan.baseline.rule.model_copy(update={"look_after_pairs": (4, 6), "margin": 0.9})
    baseline = plan.baseline.model_copy(update={"rule": rule})
    experiments = {"kill-task-service": hypothesis}
    return plan.model_copy(
        update={"shape": shape, "experiments": experiments, "baseline": baseline}
    )


def run(tmp_path, server, cluster, old) -> Finished:
    where = RunSite(
        url=server.url,
        namespace="todo-app-dev",
        kubeconfig=cluster.kubeconfig(tmp_path),
        identity=Identity(PEM, "k1"),
        prometheus="http://127.0.0.1:9",
        old=(old.url, Identity(PEM, "k1")),
    )
    seen = Progress({"t/0": 1}, {"todo-app-dev.x": {"t/0": 1}})
    with pytest.MonkeyPatch.context() as patched:
        # This cluster has no broker: what one would say is stated here.
        patched.setattr(gate_run, "read_consumers", lambda _: Consumers(seen, seen))
        return execute(
            short_plan(),
            where,
            runs=tmp_path / "runs",
            signer=lambda: signing.signer(tmp_path / "signing.key"),
        )


def outcomes(finished: Finished) -> dict[str, Outcome]:
    return {verdict.check: verdict.outcome for verdict in finished.verdicts}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, todo_server, cluster_server) -> Finished:
    folder = tmp_path_factory.mktemp("gate")
    # Slow enough that a busy machine makes no difference that counts.
    new, old = todo_server(delay=0.25), todo_server(delay=0.25)
    with new as server, old as other, cluster_server("heals") as cluster:
        return run(folder, server, cluster, other)


def test_every_planned_check_has_a_verdict(finished):
    assert list(outcomes(finished)) == short_plan().checks


def test_chaos_and_ledger_pass_on_a_system_that_works(finished):
    found = outcomes(finished)
    assert found["chaos/kill-task-service"] is Outcome.PASS, finished.verdicts
    assert found["ledger/task-created"] is Outcome.PASS, finished.verdicts
    assert found["ledger/history"] is Outcome.PASS, finished.verdicts


def test_a_load_too_short_for_its_objective_is_inconclusive(finished):
    assert outcomes(finished)["slo/gateway-availability"] is Outcome.INCONCLUSIVE


def test_a_release_beside_itself_is_compared_and_the_verdict_says_that_it_is_the_same(finished):
    found = next(v for v in finished.verdicts if v.check.startswith("regression/"))
    assert found.figures["pairs"] in {4, 6}
    assert int(found.figures["old_samples"]) >= 4 * 20
    assert found.reason.startswith("A/A, both run the same images: p95")


def test_figures_that_nobody_can_read_are_inconclusive(finished):
    said = [v for v in finished.verdicts if v.check.startswith("server/")]
    assert {v.outcome for v in said} == {Outcome.INCONCLUSIVE}
    assert all("Prometheus cannot be asked" in v.reason for v in said)


def test_the_record_is_signed_and_bound_to_the_raw_samples(finished):
    key = signing.signer(finished.folder.path.parents[1] / "signing.key")
    opened = signing.open_envelope(finished.envelope, [key.public_key])
    assert opened.verified
    samples = opened.statement["predicate"]["gate"]["samples"]
    assert samples["sha256"] == sha256_of(finished.folder.path / "samples.csv")
    assert samples["planned"] == samples["written"]
    history = {v.check: v for v in finished.verdicts}["ledger/history"]
    for name in ("history", "effects", "tallies"):
        assert history.figures[f"{name}_sha256"] == sha256_of(finished.folder.path / f"{name}.csv")


def test_the_report_is_derived_from_what_the_run_wrote(finished):
    report = read_report(finished.folder)
    assert report.headline in {"INCONCLUSIVE", "FAIL", "VACUOUS"}
    assert [(check.name, check.outcome) for check in report.checks] == list(
        outcomes(finished).items()
    )
    (fault,) = report.faults
    assert fault.detected_after_s is not None
    assert fault.recovered_after_s is not None
    assert report.percentiles is not None
    assert report.percentiles.old_samples > 0
    assert [each.slo for each in report.spent] == short_plan().slos
    assert all("Prometheus does not answer" in each.missing for each in report.spent)
    events = [moment.event for moment in report.timeline if not moment.fault]
    assert events[0] == "run starts"
    assert events[-2:] == ["effects are read back", "run ends"]


def test_the_report_lies_beside_the_record_in_every_form(finished):
    for form, text in write_report(finished.folder).items():
        assert (finished.folder.path / FILES[form]).read_text() == text
        assert "INCONCLUSIVE" in text


def test_everything_of_the_run_is_kept_but_the_tokens(finished):
    kept = {path.name for path in finished.folder.path.iterdir()}
    assert {"plan.json", "samples.csv", "chaos", "verdicts.json", "ledger.json"} <= kept
    assert {"record.dsse.json", "report.html"} <= kept
    assert {"history.csv", "effects.csv", "tallies.csv", "client.json"} <= kept
    assert "tokens.json" not in kept
    chaos = {path.name for path in (finished.folder.path / "chaos/kill-task-service").iterdir()}
    assert {"order.json", "injected.json", "journal.json", "fault-proof.json"} <= chaos
    assert json.loads((finished.folder.path / "state.json").read_text())["state"] == "finished"


def test_a_system_that_loses_events_and_became_slow_passes_neither_ledger_nor_comparison(
    tmp_path, todo_server, cluster_server, monkeypatch
):
    monkeypatch.setattr("ballast.gate.execute.DRAIN_SECONDS", 2.0)
    lossy = todo_server(lose=lambda n: n == 40, duplicate=lambda n: n == 50, delay=0.4)
    quick = todo_server(delay=0.1)
    # Four times as long as the old release: not within the margin, whatever this machine does.
    with lossy as server, quick as old, cluster_server("heals") as cluster:
        found = {v.check: v for v in run(tmp_path, server, cluster, old).verdicts}
    ledger = found["ledger/task-created"]
    assert ledger.outcome is Outcome.FAIL
    assert (ledger.figures["lost"], ledger.figures["duplicated"]) == (1, 1)
    slower = found["regression/gateway-latency"]
    assert slower.outcome in {Outcome.FAIL, Outcome.INCONCLUSIVE}, slower
