"""The plan is derived: from SLO files, the load shape, the catalogue and the digests."""

import shutil
from typing import get_args

import pytest

from ballast.errors import BallastError
from ballast.gate import plan as plan_module
from ballast.gate.catalogue import load_catalogue
from ballast.gate.plan import CHAOS_SECONDS, GATE, STARTING_SECONDS, derive_plan
from ballast.gate.schedule import Operation
from ballast.gate.shape import load_shape
from ballast.names import SERVICES
from ballast.paths import repository_root
from ballast.release import Image, Release
from ballast.supply.folder import COMPILED, folder_digest


def candidate(seed: int = 0) -> Release:
    return Release(
        revision="r1",
        images={
            name: Image(repository=f"example.org/{name}", digest=f"sha256:{seed + n:064x}")
            for n, name in enumerate(SERVICES)
        },
    )


def test_the_plan_requires_load_slos_server_figures_chaos_and_ledger():
    plan = derive_plan("dev", "staging", candidate(), experiments=["kill-task-service"])
    assert plan.checks == [
        "load/generator",
        "slo/gateway-availability",
        "slo/gateway-latency",
        "server/handler-time",
        "server/publish-latency",
        "server/event-latency",
        "server/consumer-lag",
        "server/reminder-lateness",
        "server/memory-growth",
        "chaos/kill-task-service",
        "ledger/task-created",
        "ledger/history",
    ]


def test_experiments_touch_what_changed():
    other = {"scheduler-service": candidate(5).images["scheduler-service"]}
    old = candidate().model_copy(update={"images": {**candidate().images, **other}})
    plan = derive_plan("dev", "staging", candidate(), old=old)
    assert set(plan.experiments) == {"kill-scheduler-service"}


def test_without_a_change_there_is_an_experiment_all_the_same():
    assert derive_plan("dev", "staging", candidate(), old=candidate()).experiments


def test_a_draw_has_as_many_experiments_as_there_is_time_for():
    shape = load_shape(repository_root() / "loadtests/steady.yaml")
    plan = derive_plan("dev", "staging", candidate())
    assert len(plan.experiments) == CHAOS_SECONDS // shape.fault_seconds
    assert plan.shape.fault_seconds == CHAOS_SECONDS + STARTING_SECONDS
    assert {h.window_seconds for h in plan.experiments.values()} == {shape.fault_seconds}


def test_only_standard_experiments_are_drawn():
    catalogue = load_catalogue()
    drawn = {
        name
        for n in range(20)
        for name in derive_plan("dev", "staging", candidate(), seed=n).experiments
    }
    assert len(drawn) > 2
    assert all(catalogue[name].standard for name in drawn)


def test_an_experiment_states_its_own_cost_or_takes_that_of_the_slo():
    names = ["kill-task-service", "postgres-down"]
    plan = derive_plan("dev", "staging", candidate(), experiments=names)
    kill, down = plan.experiments.values()
    assert (kill.availability, kill.recovered_within) == (0.75, 30.0)
    assert (down.availability, down.recovered_within) == (0.4, 60.0)


def test_a_fault_that_lasts_is_watched_until_it_must_have_been_recovered_from():
    plan = derive_plan("dev", "staging", candidate(), experiments=["postgres-down"])
    down = plan.experiments["postgres-down"]
    assert down.window_seconds == 10 + 60 + 5
    assert plan.shape.fault_seconds == down.window_seconds + STARTING_SECONDS


def test_an_experiment_that_does_not_exist_is_refused():
    with pytest.raises(BallastError, match="no experiment nothing"):
        derive_plan("dev", "staging", candidate(), experiments=["nothing"])


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
    assert plan.shape.expected >= plan.samples_needed


def test_the_standard_load_leaves_time_for_the_rest_of_eight_minutes():
    segments = load_shape(repository_root() / "loadtests/steady.yaml").segments(20)
    assert sum(segment.seconds for segment in segments) <= 420


def test_the_old_release_is_compared_by_the_rule_of_its_slo():
    plan = derive_plan("dev", "staging", candidate(), old=candidate(5))
    assert "regression/gateway-latency" in plan.checks
    assert plan.baseline is not None
    assert plan.baseline.rule.look_after_pairs == (10, 20)
    assert plan.baseline.images["api-gateway"].endswith(candidate(5).digests["api-gateway"])


def test_a_target_that_serves_nothing_is_compared_with_nothing():
    assert derive_plan("dev", "staging", candidate()).baseline is None


@pytest.mark.parametrize("shape", ["ramp", "burst", "reminders", "soak"])
def test_other_shapes_prove_the_objectives_and_promote_nothing(shape: str):
    promotion = derive_plan("dev", "staging", candidate(), old=candidate(5))
    plan = derive_plan("dev", "staging", candidate(), old=candidate(5), shape=shape)
    assert plan.shape.expected >= 1.03 * plan.samples_needed
    assert "loadtests/steady.yaml" in promotion.configuration
    assert "loadtests/steady.yaml" not in plan.configuration
    assert "regression/gateway-latency" in {*promotion.checks} - {*plan.checks}
    assert promotion.experiments and not plan.experiments


def test_a_load_for_experiments_judges_no_objective_and_promotes_nothing():
    names = ["kill-task-service", "redis-down"]
    plan = derive_plan("dev", "staging", candidate(), shape="faults", experiments=names)
    assert plan.checks == [
        "load/generator", "chaos/kill-task-service", "chaos/redis-down", "ledger/task-created",
        "ledger/history",
    ]  # fmt: skip
    assert plan.figures == []
    assert "loadtests/steady.yaml" not in plan.configuration


@pytest.mark.parametrize(("shape", "judged"), [("burst", False), ("reminders", True)])
def test_reminders_are_judged_for_loads_that_set_some(shape: str, judged: bool):
    checks = derive_plan("dev", "staging", candidate(), shape=shape).checks
    assert ("server/reminder-lateness" in checks) is judged


def test_a_shape_that_does_not_exist_is_a_sentence():
    with pytest.raises(BallastError, match=r"loadtests/none\.yaml is not a load shape"):
        derive_plan("dev", "staging", candidate(), shape="none")


def test_all_shapes_together_do_everything_that_users_do():
    shapes = [load_shape(path) for path in (repository_root() / "loadtests").glob("*.yaml")]
    assert {operation for shape in shapes for operation in shape.mix} == set(get_args(Operation))


def test_two_rules_of_comparison_are_refused(repository):
    path = repository / "slo/gateway-availability.yaml"
    rule = "  nonInferiority: {quantile: 0.9, margin: 0.1, confidence: 0.9, lookAfterPairs: [4]}\n"
    path.write_text(path.read_text() + rule)
    with pytest.raises(BallastError, match="2 SLOs say how much slower"):
        derive_plan("dev", "staging", candidate(), root=repository)


@pytest.fixture
def repository(tmp_path):
    for folder in ("slo", "loadtests", "chaos", "policies/rego"):
        shutil.copytree(repository_root() / folder, tmp_path / folder)
    return tmp_path


def test_a_load_too_short_to_prove_anything_is_refused(repository):
    shape = repository / "loadtests/steady.yaml"
    shape.write_text(shape.read_text().replace("seconds: 265", "seconds: 20"))
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


def test_the_plan_names_the_gate_s_own_code(repository):
    plan = derive_plan("dev", "staging", candidate(), root=repository)
    assert plan.configuration[GATE] == folder_digest(repository_root() / GATE, COMPILED)


def test_an_edited_judge_changes_the_plan(repository, monkeypatch, tmp_path):
    before = derive_plan("dev", "staging", candidate(), root=repository).configuration[GATE]
    copy = shutil.copytree(repository_root() / GATE, tmp_path / "gate")
    monkeypatch.setattr(plan_module, "__file__", str(copy / "plan.py"))
    (copy / "judge.py").write_text("def judge(): return 'PASS'\n")
    assert derive_plan("dev", "staging", candidate(), root=repository).configuration[GATE] != before
