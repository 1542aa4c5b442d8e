package ballast.promotion_test

import rego.v1

import data.ballast.promotion

digest := "a1"

others := ["load/c", "server/d", "ledger/e"]

held := [{"check": check, "outcome": "PASS", "reason": "held"} | some check in others]

statement := {
	"predicateType": "https://in-toto.io/attestation/test-result/v0.1",
	"subject": [{"name": "example.org/tasks", "digest": {"sha256": digest}}],
	"predicate": {
		"result": "PASSED",
		"configuration": [{"name": "slo/a.yaml", "digest": {"sha256": "c1"}}],
		"gate": {
			"environment": "dev",
			"target": "staging",
			"start": "2026-05-04T11:56:00+00:00",
			"end": "2026-05-04T11:58:00+00:00",
			"expires": "2026-05-05T11:58:00+00:00",
			"samples": {"planned": 3000, "written": 3000, "sha256": "5a"},
			"baseline": {"tasks": "example.org/tasks@sha256:00"},
			"verdicts": array.concat(
				[
					{"check": "slo/a", "outcome": "PASS", "reason": "held"},
					{"check": "chaos/b", "outcome": "PASS", "reason": "held"},
				],
				held,
			),
		},
	},
}

asked := {
	"candidate": {
		"environment": "dev",
		"target": "staging",
		"revision": "r2",
		"images": {"tasks": {"repository": "example.org/tasks", "digest": "sha256:a1"}},
	},
	"record": statement,
	"signature": {"verified": true, "reason": ""},
	"required": array.concat(["slo/a", "chaos/b"], others),
	"baseline": {"tasks": "example.org/tasks@sha256:00"},
	"configuration": {"slo/a.yaml": "c1"},
	"samples": {"sha256": "5a"},
	"freezes": [],
	"blocked": [],
	"budgets": [{"slo": "a", "remaining": 0.8, "events": 5000, "exhausted": false}],
	"hotfix": null,
	"arrival": null,
	"sign_offs": {"needs": {"staging": [], "prod": []}, "hotfix": ["ops"], "holders": {}, "given": []},
	"now": "2026-05-04T12:00:00+00:00",
}

edited(path, value) := changed(asked, path, value)

changed(given, path, value) := json.patch(given, [{"op": "add", "path": path, "value": value}])

without(path) := json.patch(asked, [{"op": "remove", "path": path}])

reasons(given) := denied if denied := promotion.deny with input as given

test_fit_release_is_allowed if {
	promotion.decision == {"allow": true, "reasons": []} with input as asked
}

test_samples_elsewhere_are_allowed if reasons(without("samples")) == set()

test_no_record if "there is no record of a gate run" in reasons(edited("record", null))

test_no_input_at_all if count(reasons({})) > 0

test_untrusted_signature if {
	given := edited("signature", {"verified": false, "reason": "the signature does not match"})
	reasons(given) == {"the record cannot be trusted: the signature does not match"}
}

test_unchecked_signature if {
	reasons(without("signature")) == {"nobody has checked the record's signature"}
}

test_other_environment if {
	reasons(edited("record/predicate/gate/environment", "staging")) == {"the record is of a run on staging, the candidate is in dev"}
}

test_other_target if {
	reasons(edited("record/predicate/gate/target", "prod")) == {"the record opens prod, not staging"}
}

test_skipped_environment if {
	given := edited("candidate/target", "prod")
	"prod does not follow dev: releases move dev, staging, prod" in reasons(given)
}

test_no_image if {
	"the candidate names no image" in reasons(edited("candidate/images", {}))
}

test_other_digest if {
	given := edited("candidate/images/tasks/digest", "sha256:b2")
	reasons(given) == {"the record is for another digest of tasks than sha256:b2"}
}

test_two_digests_for_one_image if {
	given := edited("record/subject/-", {"name": "example.org/tasks", "digest": {"sha256": "b2"}})
	reasons(given) == {"the record is for another digest of tasks than sha256:a1"}
}

test_surplus_image if {
	given := edited("record/subject/-", {"name": "example.org/other", "digest": {"sha256": "b2"}})
	reasons(given) == {"the record covers example.org/other, which is not in the candidate"}
}

test_expired if {
	reasons(edited("now", "2026-05-05T11:58:00+00:00")) == {"the record expired at 2026-05-05T11:58:00+00:00"}
}

test_valid_too_long if {
	given := edited("record/predicate/gate/expires", "2026-05-05T11:58:01+00:00")
	reasons(given) == {"the record claims to count until 2026-05-05T11:58:01+00:00, over 24 h after its run"}
}

test_from_the_future if {
	reasons(edited("now", "2026-05-04T11:57:00+00:00")) == {"the record's run ended at 2026-05-04T11:58:00+00:00, which is in the future"}
}

test_no_clock if reasons(without("now")) == {"nobody says what time it is"}

test_not_a_time if {
	"the record's expires is not a time: tomorrow" in reasons(edited("record/predicate/gate/expires", "tomorrow"))
}

test_nothing_required if {
	reasons(edited("required", [])) == {"no check is required, so nothing would be proven"}
}

test_missing_check if {
	reasons(edited("required/-", "ledger/f")) == {"the record lacks the required check ledger/f"}
}

test_no_check_of_a_family_required if {
	every family in ["load/", "slo/", "server/", "chaos/", "ledger/"] {
		given := edited("required", [check | some check in asked.required; not startswith(check, family)])
		reasons(given) == {sprintf("no check %s* is required, so that would not be proven", [family])}
	}
}

test_statement_of_another_kind if {
	given := edited("record/predicateType", "https://ballast.dev/permit/v1")
	reasons(given) == {"the record is no test result but https://ballast.dev/permit/v1"}
	reasons(without("record/predicateType")) == {"the record is no test result but nothing"}
}

test_compared_with_another_release if {
	denied := {"the record compares with another release than staging serves"}
	reasons(edited("baseline", {"tasks": "example.org/tasks@sha256:11"})) == denied
	reasons(edited("record/predicate/gate/baseline", {})) == denied
	reasons(without("record/predicate/gate/baseline")) == denied
	reasons(without("baseline")) == denied
}

test_first_release_is_compared_with_none if {
	reasons(edited("record/predicate/gate/baseline", {})) != set()
	given := json.patch(edited("record/predicate/gate/baseline", {}), [{"op": "add", "path": "baseline", "value": {}}])
	reasons(given) == set()
}

test_check_without_known_outcome if {
	given := edited("record/predicate/gate/verdicts/-", {"check": "slo/a"})
	reasons(given) == {"slo/a has no known outcome"}
}

test_each_outcome_but_pass if {
	every outcome in ["FAIL", "VACUOUS", "INCONCLUSIVE"] {
		given := edited("record/predicate/gate/verdicts/1/outcome", outcome)
		reasons(given) == {sprintf("chaos/b is %s: held", [outcome])}
	}
}

test_result_contradicts_verdicts if {
	reasons(edited("record/predicate/result", "FAILED")) == {"the record's result contradicts its verdicts"}
}

test_missing_samples if {
	reasons(edited("record/predicate/gate/samples/written", 2999)) == {"samples are missing: 2999 of 3000 requests were recorded"}
}

test_no_sample if {
	given := edited("record/predicate/gate/samples", {"planned": 0, "written": 0, "sha256": "5a"})
	reasons(given) == {"the record rests on no sample"}
}

test_other_raw_samples if {
	reasons(edited("samples/sha256", "6b")) == {"the raw samples at hand are not those of the record"}
}

test_changed_configuration if {
	reasons(edited("configuration/slo~1a.yaml", "c2")) == {"slo/a.yaml has changed since the run"}
}

test_no_configuration if {
	reasons(without("configuration")) == {"nobody says which configuration is in force"}
}

test_record_that_leaves_a_fact_out if {
	every path in promotion.facts {
		given := without(concat("/", array.concat(["record"], path)))
		sprintf("the record does not say its %s", [concat(".", path)]) in reasons(given)
	}
}
