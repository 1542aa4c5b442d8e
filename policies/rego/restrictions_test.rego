package ballast.promotion_test

import rego.v1

freeze := {
	"environment": "staging",
	"start": "2026-05-04T10:00:00+00:00",
	"until": "2026-05-04T18:00:00+00:00",
	"reason": "sale",
}

out_of_budget := {"slo": "a", "remaining": -0.5, "events": 5000, "exhausted": true}

test_frozen_target if {
	reasons(edited("freezes", [freeze])) == {"staging is frozen until 2026-05-04T18:00:00+00:00: sale; only a hotfix may go"}
}

test_other_environments_freeze if {
	reasons(edited("freezes", [object.union(freeze, {"environment": "prod"})])) == set()
}

test_freeze_that_has_not_begun if {
	reasons(edited("freezes", [object.union(freeze, {"start": "2026-05-04T12:00:01+00:00"})])) == set()
}

test_freeze_that_is_over if {
	reasons(edited("freezes", [object.union(freeze, {"until": "2026-05-04T12:00:00+00:00"})])) == set()
}

test_freeze_without_an_end if {
	reasons(edited("freezes", [object.remove(freeze, ["until"])])) == {"the freeze of staging has a until that is not a time"}
}

test_no_word_on_freezes if {
	reasons(without("freezes")) == {"nobody says which environments are frozen"}
}

test_blocked_digest if {
	given := edited("blocked", [{"digest": "sha256:a1", "reason": "leaks memory"}])
	reasons(given) == {"tasks has a blocked digest, sha256:a1: leaks memory"}
}

test_other_digest_blocked if {
	reasons(edited("blocked", [{"digest": "sha256:b2", "reason": "leaks memory"}])) == set()
}

test_no_word_on_blocked_digests if {
	reasons(without("blocked")) == {"nobody says which digests are blocked"}
}

test_exhausted_budget if {
	reasons(edited("budgets", [out_of_budget])) == {"a in staging has no error budget left: -0.5 after 5000 events; only a hotfix may go"}
}

test_overdrawn_by_chance if {
	reasons(edited("budgets", [object.union(out_of_budget, {"exhausted": false})])) == set()
}

test_nobody_says_whether_it_is_exhausted if {
	count(reasons(edited("budgets", [object.remove(out_of_budget, ["exhausted"])]))) == 1
}

test_no_budgets if {
	reasons(without("budgets")) == {"nobody says what is left of the error budget of a in staging"}
}

test_a_budget_left_out if {
	reasons(edited("budgets", [])) == {"nobody says what is left of the error budget of a in staging"}
}

test_a_budget_told_twice if {
	given := edited("budgets/-", {"slo": "a", "remaining": 1, "events": 0, "exhausted": false})
	reasons(given) == {"nobody says what is left of the error budget of a in staging"}
}

test_a_budget_without_data if {
	given := edited("budgets", [{"slo": "a", "missing": "Prometheus does not answer"}])
	reasons(given) == {"the error budget of a in staging is not known: Prometheus does not answer"}
}
