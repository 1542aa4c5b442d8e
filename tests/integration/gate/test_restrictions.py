"""What Git and Prometheus hold against a promotion, and what a hotfix passes."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ballast import release
from ballast.errors import BallastError
from ballast.gate import restrictions
from ballast.gate.freeze import freeze, unfreeze
from ballast.gate.promote import Hotfix
from ballast.gate.verdict import Outcome

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=4)


def urgent(**facts) -> Hotfix:
    return Hotfix(**{"name": "lost-reminders", "until": SOON, "reason": "they are lost"} | facts)


def test_a_frozen_environment_refuses_with_the_reason(gate, make_record, refused):
    freeze(gate.git, "staging", SOON, "the sale")
    assert "staging is frozen until" in (said := refused(make_record()))
    assert "the sale" in said


def test_an_environment_is_open_again_after_unfreeze(gate, make_record):
    freeze(gate.git, "staging", SOON, "the sale")
    assert [f.reason for f in unfreeze(gate.git, "staging")] == ["the sale"]
    assert gate.promote(make_record()).commit


def test_a_freeze_of_another_environment_does_not_hold(gate, make_record):
    freeze(gate.git, "prod", SOON, "the sale")
    assert gate.promote(make_record()).commit


def test_the_same_freeze_twice_is_one_commit(git):
    freeze(git, "staging", SOON, "the sale")
    first = git.head()
    freeze(git, "staging", SOON, "the sale")
    assert git.head() == first


def test_a_freeze_takes_the_place_of_another(git):
    freeze(git, "staging", SOON, "the sale")
    freeze(git, "staging", SOON + timedelta(hours=1), "the sale goes on")
    assert [f.reason for f in restrictions.freezes(git).freezes] == ["the sale goes on"]


def test_unfreezing_what_is_open_makes_no_commit(git):
    before = git.head()
    assert unfreeze(git, "staging") == ()
    assert git.head() == before


def test_a_freeze_that_ends_before_it_starts_is_refused(git):
    with pytest.raises(BallastError, match="ends after its start"):
        freeze(git, "staging", SOON, "the sale", start=SOON)


def test_a_blocked_digest_is_refused(gate, make_record, refused, new_digests):
    entry = {"digest": new_digests["task-service"], "reason": "leaks memory"}
    gate.git.commit_files("Block", {restrictions.BLOCKED: json.dumps({"blocked": [entry]})})
    assert "task-service has a blocked digest" in refused(make_record())


def test_a_blocked_digest_is_refused_as_a_hotfix_too(gate, make_record, refused, new_digests):
    entry = {"digest": new_digests["task-service"], "reason": "leaks memory"}
    gate.git.commit_files("Block", {restrictions.BLOCKED: json.dumps({"blocked": [entry]})})
    assert "task-service has a blocked digest" in refused(make_record(), hotfix=urgent())


def test_an_unreadable_list_of_blocked_digests_is_refused(gate, make_record, refused):
    gate.git.commit_files("Break", {restrictions.BLOCKED: "blocked: [{digest: all}]\n"})
    assert "blocked-digests.yaml cannot be read" in refused(make_record())


def test_a_missing_list_of_blocked_digests_is_refused(gate, make_record, refused):
    gate.git.commit_files("Forget", {restrictions.BLOCKED: None})
    assert "blocked-digests.yaml is not on the Git server" in refused(make_record())


def spent(slos, environment):
    return [{"slo": slo.name, "remaining": -0.2, "events": 9000, "exhausted": True} for slo in slos]


def unknown(slos, environment):
    return [{"slo": slo.name, "missing": "Prometheus does not answer"} for slo in slos]


def test_an_exhausted_budget_refuses(gate, make_record, refused):
    assert "has no error budget left" in refused(make_record(), budgets=spent)


def test_a_budget_that_nobody_knows_refuses(gate, make_record, refused):
    assert "Prometheus does not answer" in refused(make_record(), budgets=unknown)


@pytest.mark.parametrize("budgets", [spent, unknown])
def test_a_hotfix_passes_freeze_and_budget_and_says_so_in_git(gate, make_record, budgets):
    freeze(gate.git, "staging", SOON, "the sale")
    done = gate.promote(make_record(), hotfix=urgent(), budgets=budgets)
    assert "Hotfix: lost-reminders" in gate.git.clone.git("log", "-1", "--format=%B", done.commit)
    index = json.loads(gate.git.read_file("gitops/evidence/index.json"))
    assert [(e["permit"], e["name"]) for e in index if "permit" in e] == [
        ("hotfix", "lost-reminders")
    ]


def test_a_hotfix_may_lack_proof_under_faults(gate, make_record, new_digests):
    record = make_record(outcomes={"chaos/kill-task-service": Outcome.VACUOUS})
    gate.promote(record, hotfix=urgent())
    staging = release.parse(gate.git.read_file(release.path_of("staging")))
    assert staging.digests == new_digests
    assert set(gate.admitted[-1].values()) >= {"in force"}


def test_a_hotfix_may_not_miss_an_objective(gate, make_record, refused):
    record = make_record(outcomes={"slo/gateway-availability": Outcome.FAIL}, reason="slow")
    assert "slo/gateway-availability is FAIL" in refused(record, hotfix=urgent())


def test_a_hotfix_without_a_near_end_costs_no_run(gate, make_record, refused):
    late = urgent(until=SOON + timedelta(days=3))
    assert "within 72 h" in refused(make_record(), hotfix=late)


def test_a_hotfix_by_a_stranger_does_not_count(gate, make_record, refused, tmp_path):
    gate.promote(make_record(run="run-1"))
    gate.said.clear()
    gate.admitted.clear()
    record = make_record(run="run-2")
    record.key = tmp_path / "stranger.key"
    assert "the hotfix does not count" in refused(record, hotfix=urgent())
