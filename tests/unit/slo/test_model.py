"""SLO files: what is read, and how a wrong file is refused."""

import pytest
import yaml

from ballast.errors import BallastError
from ballast.paths import repository_root
from ballast.slo.model import load_slos, parse_slo

VALID = (repository_root() / "slo" / "gateway-availability.yaml").read_text()


def edited(**changes: object) -> str:
    slo, gate = yaml.safe_load_all(VALID)
    for path, value in changes.items():
        target = gate if path.startswith("gate__") else slo
        *parents, last = path.removeprefix("gate__").split("__")
        for key in parents:
            target = target[key]
        target[last] = value
    return yaml.safe_dump_all([slo, gate])


def test_every_slo_file_of_the_repository_is_read():
    names = [slo.name for slo in load_slos()]
    assert names == ["event-publish-latency", "gateway-availability", "gateway-latency"]


def test_every_slo_has_an_owner_and_a_runbook_that_exists():
    for slo in load_slos():
        annotations = slo.document.metadata.annotations
        assert annotations.owner
        assert (repository_root() / annotations.runbook).is_file()


def test_the_gate_section_carries_the_cost_a_fault_may_have():
    slo = parse_slo(VALID, "slo/x.yaml")
    assert slo.gate is not None
    assert slo.gate.during_fault is not None
    assert slo.gate.during_fault.recovered_within_seconds == 30


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"spec__budgetingMethod": "Timeslices"}, "budgetingMethod"),
        ({"spec__objectives": [{"displayName": "x", "target": 99.9}]}, "target"),
        ({"spec__objectives": []}, "objectives"),
        ({"spec__timeWindow": [{"duration": "28d", "isRolling": True}]}, "duration"),
        ({"spec__surprise": 1}, "surprise"),
        ({"metadata__annotations": {"ballast.dev/owner": "x"}}, "ballast.dev/runbook"),
        ({"gate__spec__badSample": "slower-than-threshold"}, "thresholdSeconds"),
        ({"gate__metadata__name": "other"}, "named other"),
    ],
)
def test_a_wrong_file_is_refused_naming_the_key(changes: dict[str, object], named: str):
    with pytest.raises(BallastError, match=r"slo/x\.yaml") as refusal:
        parse_slo(edited(**changes), "slo/x.yaml")
    assert named in str(refusal.value)


def test_an_indicator_with_both_numerators_is_refused():
    slo, gate = yaml.safe_load_all(VALID)
    metric = slo["spec"]["indicator"]["spec"]["ratioMetric"]
    metric["good"] = metric["bad"]
    with pytest.raises(BallastError, match="exactly one"):
        parse_slo(yaml.safe_dump_all([slo, gate]), "slo/x.yaml")


def test_a_folder_without_slos_is_refused(tmp_path):
    with pytest.raises(BallastError, match="no SLO file"):
        load_slos(tmp_path)


RULE = {"quantile": 0.95, "margin": 0.18, "confidence": 0.95, "lookAfterPairs": [10, 20]}


@pytest.mark.parametrize("looks", [[], [3], [2, 10], [10, 15], [20, 10], [10, 10]])
def test_looks_at_anything_but_whole_blocks_in_order_are_refused(looks: list[int]):
    text = edited(gate__spec__nonInferiority=RULE | {"lookAfterPairs": looks})
    with pytest.raises(BallastError, match=r"look.?[aA]fter.?[pP]airs"):
        parse_slo(text, "slo/x.yaml")


def test_a_rule_of_comparison_is_read_from_the_gate_section():
    slo = parse_slo(edited(gate__spec__nonInferiority=RULE), "slo/x.yaml")
    assert slo.gate is not None
    assert slo.gate.non_inferiority is not None
    assert slo.gate.non_inferiority.look_after_pairs == (10, 20)
