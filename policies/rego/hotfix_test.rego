package ballast.promotion_test

import rego.v1

import data.ballast.promotion

hotfix := {
	"statement": {
		"subject": [{"name": "example.org/tasks", "digest": {"sha256": digest}}],
		"predicate": {
			"kind": "hotfix",
			"name": "lost-reminders",
			"by": "ada",
			"reason": "reminders are lost",
			"source": "dev",
			"target": "staging",
			"made": "2026-05-04T11:59:00+00:00",
			"until": "2026-05-05T12:00:00+00:00",
		},
	},
	"signature": {"verified": true, "reason": ""},
}

urgent := edited("hotfix", hotfix)

amended(path, value) := changed(urgent, concat("/", ["hotfix", path]), value)

lessened(path) := json.patch(urgent, [{"op": "remove", "path": concat("/", ["hotfix", path])}])

does_not_count(given, flaw) if {
	reasons(given) == {sprintf("the hotfix does not count: %s", [flaw])}
}

test_hotfix_is_allowed if reasons(urgent) == set()

test_hotfix_passes_a_freeze if reasons(changed(urgent, "freezes", [freeze])) == set()

test_hotfix_passes_an_exhausted_budget if {
	reasons(changed(urgent, "budgets", [out_of_budget])) == set()
}

test_hotfix_needs_no_budget_data if {
	given := changed(urgent, "budgets", [{"slo": "a", "missing": "Prometheus does not answer"}])
	reasons(given) == set()
}

test_hotfix_needs_no_budgets_at_all if {
	reasons(json.patch(urgent, [{"op": "remove", "path": "budgets"}])) == set()
}

test_hotfix_may_leave_faults_out if {
	absent := array.concat(held, [{"check": "slo/a", "outcome": "PASS"}])
	reasons(changed(urgent, "record/predicate/gate/verdicts", absent)) == set()
	failed := array.concat(absent, [{"check": "chaos/b", "outcome": "VACUOUS"}])
	reasons(changed(urgent, "record/predicate/gate/verdicts", failed)) == set()
}

test_hotfix_may_be_planned_without_faults if {
	given := changed(urgent, "required", array.concat(others, ["slo/a"]))
	reasons(given) == set()
}

test_hotfix_may_not_leave_an_objective_out if {
	given := changed(urgent, "record/predicate/gate/verdicts/0/outcome", "FAIL")
	reasons(given) == {"slo/a is FAIL: held"}
}

test_hotfix_may_not_bring_a_blocked_digest if {
	given := changed(urgent, "blocked", [{"digest": "sha256:a1", "reason": "leaks memory"}])
	reasons(given) == {"tasks has a blocked digest, sha256:a1: leaks memory"}
}

test_hotfix_needs_a_trusted_record if {
	given := changed(urgent, "signature", {"verified": false, "reason": "altered"})
	reasons(given) == {"the record cannot be trusted: altered"}
}

test_hotfix_needs_a_record_of_its_digests if {
	given := changed(urgent, "record/subject/0/digest/sha256", "b2")
	reasons(given) == {"the record is for another digest of tasks than sha256:a1"}
}

test_hotfix_signed_by_a_stranger if {
	given := amended("signature", {"verified": false, "reason": "key b is not trusted"})
	does_not_count(given, "it cannot be trusted: key b is not trusted")
}

test_hotfix_that_nobody_checked if {
	does_not_count(lessened("signature"), "nobody has checked its signature")
}

test_hotfix_that_leaves_a_fact_out if {
	every fact in promotion.hotfix_facts {
		given := lessened(concat("/", ["statement", "predicate", fact]))
		does_not_count(given, sprintf("it does not say its %s", [fact]))
	}
}

test_permit_of_another_kind if {
	given := amended("statement/predicate/kind", "break-glass")
	does_not_count(given, "it is a permit of another kind, break-glass")
}

test_hotfix_for_another_way if {
	given := amended("statement/predicate/target", "prod")
	does_not_count(given, "it is for dev to prod")
}

test_hotfix_of_another_digest if {
	given := amended("statement/subject/0/digest/sha256", "b2")
	does_not_count(given, "it is for another digest of tasks than sha256:a1")
}

test_hotfix_without_a_real_end if {
	given := amended("statement/predicate/until", "soon")
	does_not_count(given, "its until is not a time: soon")
}

test_hotfix_that_has_ended if {
	given := amended("statement/predicate/until", "2026-05-04T12:00:00+00:00")
	does_not_count(given, "it ended at 2026-05-04T12:00:00+00:00")
}

test_hotfix_from_the_future if {
	given := amended("statement/predicate/made", "2026-05-04T12:00:01+00:00")
	does_not_count(given, "it was made at 2026-05-04T12:00:01+00:00, which is in the future")
}

test_hotfix_for_too_long if {
	given := amended("statement/predicate/until", "2026-05-07T11:59:01+00:00")
	does_not_count(given, "it would count until 2026-05-07T11:59:01+00:00, over 3 days after it was made")
}

test_hotfix_that_does_not_count_passes_nothing if {
	given := changed(lessened("signature"), "freezes", [freeze])
	count(reasons(given)) == 2
}
