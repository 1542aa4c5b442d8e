# Releases move one environment at a time: what leaves an environment above dev must have entered it
# through the gate, by a record of its own for the same digests. That record may have expired since.
package ballast.promotion

import rego.v1

arrival := object.get(input, ["arrival", "statement"], null)

arrival_verified := object.get(input, ["arrival", "signature", "verified"], null)

arrived(repository) := {sprintf("sha256:%s", [subject.digest.sha256]) |
	some subject in arrival.subject
	subject.name == repository
}

must_have_arrived if {
	to in {upper | some upper in next_environment}
	from != "dev"
}

deny contains sprintf("no record says how these digests came to %s: promote them to %s first", [from, from]) if {
	must_have_arrived
	not is_object(arrival)
}

deny contains sprintf("the record that brought these digests to %s cannot be trusted", [from]) if {
	must_have_arrived
	is_object(arrival)
	not arrival_verified == true
}

deny contains sprintf("the record that is to have brought these digests to %s opens %s", [from, target]) if {
	must_have_arrived
	target := object.get(arrival, ["predicate", "gate", "target"], "nothing")
	target != from
	is_object(arrival)
}

deny contains sprintf("the record that brought %s to %s is for another digest than %s", [service, from, image.digest]) if {
	must_have_arrived
	is_object(arrival)
	some service, image in images
	arrived(image.repository) != {image.digest}
}

deny contains sprintf("these digests came to %s without passing its gate; only a hotfix may go on", [from]) if {
	must_have_arrived
	is_object(arrival)
	object.get(arrival, ["predicate", "result"], "") != "PASSED"
	not hotfix_counts
}
