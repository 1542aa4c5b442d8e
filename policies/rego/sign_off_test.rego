package ballast.promotion_test

import rego.v1

import data.ballast.promotion

sign_off(role, person, key) := {
	"statement": {
		"subject": [{"name": "example.org/tasks", "digest": {"sha256": digest}}],
		"predicate": {
			"role": role,
			"person": person,
			"revision": "r2",
			"target": "prod",
			"made": "2026-05-04T11:00:00+00:00",
			"until": "2026-05-05T11:00:00+00:00",
		},
	},
	"signature": {"verified": true, "reason": "", "key": key},
}

people := {
	"needs": {"staging": [], "prod": ["dev", "ops"]},
	"hotfix": ["ops"],
	"holders": {"k1": {"dev": "ada", "ops": "ada"}, "k2": {"ops": "bob"}},
	"given": [sign_off("dev", "ada", "k1"), sign_off("ops", "bob", "k2")],
}

approved := changed(onward, "sign_offs", people)

with_sign_off(path, value) := changed(approved, concat("/", ["sign_offs/given/1", path]), value)

second_is(given, one) := json.patch(given, [{"op": "replace", "path": "sign_offs/given/1", "value": one}])

lacking_fact(path) := json.patch(approved, [{"op": "remove", "path": concat("/", ["sign_offs/given/1", path])}])

urgently(given) := changed(json.patch(given, [{"op": "replace", "path": "hotfix", "value": json.patch(hotfix, [
	{"op": "replace", "path": "statement/predicate/source", "value": "staging"},
	{"op": "replace", "path": "statement/predicate/target", "value": "prod"},
])}]), "freezes", [])

ops_does_not_count(given, flaw) if {
	reasons(given) == {sprintf("the sign-off of ops does not count: %s", [flaw])}
}

test_release_that_every_role_signed_off if reasons(approved) == set()

test_target_that_asks_nobody if reasons(asked) == set()

test_missing_role if {
	given := changed(approved, "sign_offs/given", [sign_off("dev", "ada", "k1")])
	reasons(given) == {"prod needs the sign-off of ops"}
}

test_nobody_signed_off if {
	given := changed(approved, "sign_offs/given", [])
	reasons(given) == {"prod needs the sign-off of dev", "prod needs the sign-off of ops"}
}

test_no_word_on_who_is_asked if {
	reasons(json.patch(approved, [{"op": "remove", "path": "sign_offs"}])) == {"nobody says whose sign-off prod needs"}
}

test_target_that_nobody_speaks_of if {
	given := json.patch(approved, [{"op": "remove", "path": "sign_offs/needs/prod"}])
	reasons(given) == {"nobody says whose sign-off prod needs"}
}

test_sign_off_by_an_unknown_key if {
	given := with_sign_off("signature", {"verified": false, "reason": "key k9 is not trusted", "key": "k9"})
	"the sign-off of ops does not count: it cannot be trusted: key k9 is not trusted" in reasons(given)
}

test_tampered_sign_off if {
	given := with_sign_off("signature", {"verified": false, "reason": "the signature does not match", "key": "k2"})
	ops_does_not_count(given, "it cannot be trusted: the signature does not match")
}

test_sign_off_that_nobody_checked if {
	ops_does_not_count(lacking_fact("signature/verified"), "nobody has checked its signature")
}

test_sign_off_that_leaves_a_fact_out if {
	every fact in ["person", "revision", "target", "made", "until"] {
		given := lacking_fact(concat("/", ["statement/predicate", fact]))
		sprintf("the sign-off of ops does not count: it does not say its %s", [fact]) in reasons(given)
	}
}

test_sign_off_that_names_no_role if {
	reasons(lacking_fact("statement/predicate/role")) == {"prod needs the sign-off of ops"}
}

test_key_that_does_not_hold_the_role if {
	given := second_is(approved, sign_off("ops", "cleo", "k3"))
	ops_does_not_count(given, "its key is not that of cleo in this role")
}

test_key_of_another_person if {
	given := with_sign_off("statement/predicate/person", "eve")
	ops_does_not_count(given, "its key is not that of eve in this role")
}

test_sign_off_for_another_target if {
	given := with_sign_off("statement/predicate/target", "staging")
	ops_does_not_count(given, "it is for staging, not for prod")
}

test_sign_off_of_another_revision if {
	given := with_sign_off("statement/predicate/revision", "r1")
	ops_does_not_count(given, "it is for revision r1")
}

test_sign_off_of_another_digest if {
	given := with_sign_off("statement/subject/0/digest/sha256", "b2")
	ops_does_not_count(given, "it is for another digest of tasks than sha256:a1")
}

test_sign_off_without_a_real_end if {
	given := with_sign_off("statement/predicate/until", "soon")
	ops_does_not_count(given, "its until is not a time: soon")
}

test_expired_sign_off if {
	given := with_sign_off("statement/predicate/until", "2026-05-04T12:00:00+00:00")
	ops_does_not_count(given, "it ended at 2026-05-04T12:00:00+00:00")
}

test_sign_off_from_the_future if {
	given := with_sign_off("statement/predicate/made", "2026-05-04T12:00:01+00:00")
	ops_does_not_count(given, "it was made at 2026-05-04T12:00:01+00:00, which is in the future")
}

test_sign_off_for_too_long if {
	given := with_sign_off("statement/predicate/until", "2026-05-05T11:00:01+00:00")
	ops_does_not_count(given, "it would count until 2026-05-05T11:00:01+00:00, over 24 h after it was made")
}

test_two_roles_by_one_key if {
	given := second_is(approved, sign_off("ops", "ada", "k1"))
	reasons(given) == {"one key signs off as dev and as ops: each role signs with its own"}
}

test_one_key_twice_in_one_role if {
	given := changed(approved, "sign_offs/given/-", sign_off("ops", "bob", "k2"))
	reasons(given) == set()
}

test_one_key_in_a_role_that_nobody_asks_for if {
	given := changed(approved, "sign_offs/needs/prod", ["dev"])
	reasons(second_is(given, sign_off("ops", "ada", "k1"))) == set()
}

test_sound_sign_off_beside_a_flawed_one_of_the_role if {
	given := changed(approved, "sign_offs/given/-", sign_off("ops", "cleo", "k3"))
	reasons(given) == set()
}

test_flawed_sign_off_of_a_role_that_nobody_asks_for if {
	given := changed(approved, "sign_offs/given/-", sign_off("other", "cleo", "k3"))
	reasons(given) == set()
}

test_flawed_sign_off_of_one_role_says_nothing_of_another if {
	given := second_is(approved, sign_off("other", "cleo", "k3"))
	reasons(given) == {"prod needs the sign-off of ops"}
}

test_sign_off_of_more_images_than_the_candidate_has if {
	given := with_sign_off("statement/subject/-", {"name": "example.org/more", "digest": {"sha256": "b2"}})
	reasons(given) == set()
}

test_hotfix_needs_its_own_role_alone if {
	given := changed(urgently(approved), "sign_offs/given", [sign_off("ops", "bob", "k2")])
	reasons(given) == set()
}

test_hotfix_without_its_role if {
	given := changed(urgently(approved), "sign_offs/given", [sign_off("dev", "ada", "k1")])
	reasons(given) == {"prod needs the sign-off of ops"}
}

test_hotfix_into_a_target_that_asks_nobody if {
	reasons(urgent) == set()
}

test_hotfix_when_nobody_says_whom_it_asks if {
	reasons(changed(urgently(approved), "sign_offs/hotfix", [])) == {"nobody says whose sign-off a hotfix needs"}
}

test_reasons_before_a_run_are_those_of_the_decision if {
	given := changed(approved, "sign_offs/given", [])
	denied := promotion.sign_off_denied with input as given
	denied == reasons(given)
}
