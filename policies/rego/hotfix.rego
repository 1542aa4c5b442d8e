# A hotfix: a signed permit that is named, says who, and ends. It may go while its target is frozen
# or out of error budget, and without proof under faults. It may leave out nothing else: signature,
# digests, objectives under load and the ledger hold for it as for any release.
package ballast.promotion

import rego.v1

hotfix_may_leave_out := "chaos/"

three_days_ns := (3 * 24) * 3600000000000

hotfix_facts := ["kind", "name", "by", "reason", "source", "target", "made", "until"]

hotfix := object.get(input, ["hotfix", "statement"], null)

permit := hotfix.predicate

hotfix_verified := object.get(input, ["hotfix", "signature", "verified"], null)

hotfix_digests(repository) := {sprintf("sha256:%s", [subject.digest.sha256]) |
	some subject in hotfix.subject
	subject.name == repository
}

hotfix_counts if {
	is_object(hotfix)
	count(hotfix_flaws) == 0
}

excused(check) if {
	hotfix_counts
	startswith(check, hotfix_may_leave_out)
}

deny contains sprintf("the hotfix does not count: %s", [flaw]) if {
	is_object(hotfix)
	some flaw in hotfix_flaws
}

hotfix_flaws contains sprintf("it cannot be trusted: %s", [input.hotfix.signature.reason]) if {
	hotfix_verified == false
}

hotfix_flaws contains "nobody has checked its signature" if not is_boolean(hotfix_verified)

hotfix_flaws contains sprintf("it does not say its %s", [fact]) if {
	some fact in hotfix_facts
	object.get(hotfix, ["predicate", fact], "") in ["", null]
}

hotfix_flaws contains sprintf("it is a permit of another kind, %s", [permit.kind]) if permit.kind != "hotfix"

hotfix_flaws contains sprintf("it is for %s to %s", [permit.source, permit.target]) if {
	[permit.source, permit.target] != [from, to]
}

hotfix_flaws contains sprintf("it is for another digest of %s than %s", [service, image.digest]) if {
	some service, image in images
	hotfix_digests(image.repository) != {image.digest}
}

hotfix_flaws contains sprintf("its %s is not a time: %s", [fact, permit[fact]]) if {
	some fact in ["made", "until"]
	permit[fact]
	not time.parse_rfc3339_ns(permit[fact])
}

hotfix_flaws contains sprintf("it ended at %s", [permit.until]) if {
	time.parse_rfc3339_ns(permit.until) <= time.parse_rfc3339_ns(now)
}

hotfix_flaws contains sprintf("it was made at %s, which is in the future", [permit.made]) if {
	time.parse_rfc3339_ns(permit.made) > time.parse_rfc3339_ns(now)
}

hotfix_flaws contains sprintf("it would count until %s, over 3 days after it was made", [permit.until]) if {
	time.parse_rfc3339_ns(permit.until) - time.parse_rfc3339_ns(permit.made) > three_days_ns
}
