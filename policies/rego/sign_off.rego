# Sign-off: each role that the target asks for has signed this revision and these digests, with a key
# of its own, for this target, within the last 24 hours. A hotfix into such a target needs the roles
# that roles.yaml names for hotfixes. What nobody says is a reason too.
package ballast.promotion

import rego.v1

sign_off_facts := ["role", "person", "revision", "target", "made", "until"]

roles_of_target := object.get(input, ["sign_offs", "needs", to], null)

roles_of_hotfix := object.get(input, ["sign_offs", "hotfix"], [])

given := object.get(input, ["sign_offs", "given"], [])

claim(index, fact) := object.get(given[index], ["statement", "predicate", fact], "")

key_of(index) := object.get(given[index], ["signature", "key"], "")

signature_of(index) := object.get(given[index], ["signature", "verified"], null)

signed_digests(index, repository) := {sprintf("sha256:%s", [subject.digest.sha256]) |
	some subject in given[index].statement.subject
	subject.name == repository
}

needed_roles contains role if {
	not hotfix_counts
	some role in roles_of_target
}

needed_roles contains role if {
	hotfix_counts
	count(roles_of_target) > 0
	some role in roles_of_hotfix
}

sound contains index if {
	some index, _ in given
	count([flaw | some [flawed, flaw] in sign_off_flaws; flawed == index]) == 0
}

signed_off contains claim(index, "role") if some index in sound

deny contains reason if some reason in sign_off_denied

sign_off_denied contains sprintf("nobody says whose sign-off %s needs", [to]) if not is_array(roles_of_target)

sign_off_denied contains "nobody says whose sign-off a hotfix needs" if {
	hotfix_counts
	count(roles_of_target) > 0
	count(roles_of_hotfix) == 0
}

sign_off_denied contains sprintf("%s needs the sign-off of %s", [to, role]) if {
	some role in needed_roles
	not role in {claim(index, "role") | some index, _ in given}
}

sign_off_denied contains sprintf("the sign-off of %s does not count: %s", [role, flaw]) if {
	some role in needed_roles
	not role in signed_off
	some [index, flaw] in sign_off_flaws
	claim(index, "role") == role
}

sign_off_denied contains sprintf("one key signs off as %s and as %s: each role signs with its own", [one, other]) if {
	some first in sound
	some second in sound
	key_of(first) == key_of(second)
	one := claim(first, "role")
	other := claim(second, "role")
	one < other
	one in needed_roles
	other in needed_roles
}

sign_off_flaws contains [index, sprintf("it cannot be trusted: %s", [given[index].signature.reason])] if {
	some index, _ in given
	signature_of(index) == false
}

sign_off_flaws contains [index, "nobody has checked its signature"] if {
	some index, _ in given
	not is_boolean(signature_of(index))
}

sign_off_flaws contains [index, sprintf("it does not say its %s", [fact])] if {
	some index, _ in given
	some fact in sign_off_facts
	claim(index, fact) in ["", null]
}

sign_off_flaws contains [index, sprintf("its key is not that of %s in this role", [claim(index, "person")])] if {
	some index, _ in given
	person := object.get(input, ["sign_offs", "holders", key_of(index), claim(index, "role")], "")
	person != claim(index, "person")
}

sign_off_flaws contains [index, sprintf("it is for %s, not for %s", [claim(index, "target"), to])] if {
	some index, _ in given
	claim(index, "target") != to
}

sign_off_flaws contains [index, sprintf("it is for revision %s", [claim(index, "revision")])] if {
	some index, _ in given
	claim(index, "revision") != object.get(input, ["candidate", "revision"], null)
}

sign_off_flaws contains [index, sprintf("it is for another digest of %s than %s", [service, image.digest])] if {
	some index, _ in given
	some service, image in images
	signed_digests(index, image.repository) != {image.digest}
}

sign_off_flaws contains [index, sprintf("its %s is not a time: %s", [fact, claim(index, fact)])] if {
	some index, _ in given
	some fact in ["made", "until"]
	not time.parse_rfc3339_ns(claim(index, fact))
}

sign_off_flaws contains [index, sprintf("it ended at %s", [claim(index, "until")])] if {
	some index, _ in given
	time.parse_rfc3339_ns(claim(index, "until")) <= time.parse_rfc3339_ns(now)
}

sign_off_flaws contains [index, sprintf("it was made at %s, which is in the future", [claim(index, "made")])] if {
	some index, _ in given
	time.parse_rfc3339_ns(claim(index, "made")) > time.parse_rfc3339_ns(now)
}

sign_off_flaws contains [index, sprintf("it would count until %s, over 24 h after it was made", [claim(index, "until")])] if {
	some index, _ in given
	time.parse_rfc3339_ns(claim(index, "until")) - time.parse_rfc3339_ns(claim(index, "made")) > one_day_ns
}
