"""The plan is derived: from SLO files, the load shape, the experiment and the digests."""

import shutil

import pytest

from ballast.errors import BallastError
from ballast.gate.plan import derive_plan
from ballast.gate.shape import load_shape
from ballast.names import SERVICES
from ballast.paths import repository_root
from ballast.release import Image, Release


def candidate(seed: int = 0) -> Release:
    return Release(
        revision="r1",
        images={
            name: Image(repository=f"example.org/{name}", digest=f"sha256:{seed + n:064x}")
            for n, name in enumerate(SERVICES)
        },
    )


def test_the_plan_requires_load_slos_chaos_and_ledger():
    assert derive_plan("dev", "staging", candidate()).checks == [
        "load/generator",
        "slo/gateway-availability",
        "slo/gateway-latency",
        "chaos/kill-task-service",
        "ledger/task-created",
    ]


def test_the_same_digests_give_the_same_plan():
    assert derive_plan("dev", "staging", candidate()) == derive_plan("dev", "staging", candidate())


def test_other_digests_give_another_seed():
    one, other = (derive_plan("dev", "staging", candidate(n)) for n in (0, 9))
    assert one.seed != other.seed


def test_a_given_seed_repeats_a_run():
    assert derive_plan("dev", "staging", candidate(), seed=42).seed == 42


def test_the_standard_load_can_prove_the_strictest_objective():
    plan = derive_plan("dev", "staging", candidate())
    assert plan.samples_needed == 2995
    assert plan.shape.rate_per_second * plan.shape.steady_seconds >= plan.samples_needed


def test_the_standard_load_fits_two_and_a_half_minutes():
    assert load_shape(repository_root() / "loadtests/steady.yaml").seconds <= 150


@pytest.fixture
def repository(tmp_path):
    for folder in ("slo", "loadtests", "chaos", "policies/rego"):
        shutil.copytree(repository_root() / folder, tmp_path / folder)
    return tmp_path


def test_a_load_too_short_to_prove_anything_is_refused(repository):
    shape = repository / "loadtests/steady.yaml"
    shape.write_text(shape.read_text().replace("steadySeconds: 85", "steadySeconds: 20"))
    with pytest.raises(BallastError, match="needs 2995"):
        derive_plan("dev", "staging", candidate(), root=repository)


def test_an_edited_slo_changes_the_plan(repository):
    before = derive_plan("dev", "staging", candidate(), root=repository)
    path = repository / "slo/gateway-availability.yaml"
    path.write_text(path.read_text().replace("target: 0.999", "target: 0.998"))
    after = derive_plan("dev", "staging", candidate(), root=repository)
    changed = {k for k in after.configuration if after.configuration[k] != before.configuration[k]}
    assert changed == {"slo/gateway-availability.yaml"}


def test_no_cost_stated_for_a_fault_is_refused(repository):
    path = repository / "slo/gateway-availability.yaml"
    path.write_text(path.read_text().split("  duringFault:")[0])
    with pytest.raises(BallastError, match="what a fault may cost"):
        derive_plan("dev", "staging", candidate(), root=repository)
