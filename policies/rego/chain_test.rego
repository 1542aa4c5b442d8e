package ballast.promotion_test

import rego.v1

arrival := {"statement": statement, "signature": {"verified": true, "reason": ""}}

onward := json.patch(asked, [
	{"op": "replace", "path": "candidate/environment", "value": "staging"},
	{"op": "replace", "path": "candidate/target", "value": "prod"},
	{"op": "replace", "path": "record/predicate/gate/environment", "value": "staging"},
	{"op": "replace", "path": "record/predicate/gate/target", "value": "prod"},
	{"op": "add", "path": "arrival", "value": arrival},
])

test_release_that_passed_both_gates if reasons(onward) == set()

test_release_that_never_passed_the_first_gate if {
	given := json.patch(onward, [{"op": "remove", "path": "arrival"}])
	reasons(given) == {"no record says how these digests came to staging: promote them to staging first"}
}

test_arrival_may_have_expired if {
	reasons(changed(onward, "arrival/statement/predicate/gate/expires", "2026-05-01T00:00:00+00:00")) == set()
}

test_untrusted_arrival if {
	given := changed(onward, "arrival/signature/verified", false)
	reasons(given) == {"the record that brought these digests to staging cannot be trusted"}
}

test_arrival_somewhere_else if {
	given := changed(onward, "arrival/statement/predicate/gate/target", "dev")
	reasons(given) == {"the record that is to have brought these digests to staging opens dev"}
}

test_arrival_of_another_digest if {
	given := changed(onward, "arrival/statement/subject/0/digest/sha256", "b2")
	reasons(given) == {"the record that brought tasks to staging is for another digest than sha256:a1"}
}

test_arrival_without_a_pass if {
	given := changed(onward, "arrival/statement/predicate/result", "FAILED")
	reasons(given) == {"these digests came to staging without passing its gate; only a hotfix may go on"}
}

test_hotfix_may_follow_a_hotfix if {
	there := json.patch(hotfix, [
		{"op": "replace", "path": "statement/predicate/source", "value": "staging"},
		{"op": "replace", "path": "statement/predicate/target", "value": "prod"},
	])
	failed := changed(onward, "arrival/statement/predicate/result", "FAILED")
	reasons(changed(failed, "hotfix", there)) == set()
}
