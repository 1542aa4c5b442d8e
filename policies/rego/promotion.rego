# Whether a release may move to the next environment. Fails closed: what a record does not say, it
# does not prove. Input: candidate, record (an in-toto statement or null), signature, required
# checks, baseline (the images that the target serves), digests of the configuration, now, and where
# the raw samples are at hand their digest; for restrictions.rego freezes, blocked and budgets, for
# hotfix.rego hotfix, for chain.rego arrival, for sign_off.rego sign_offs.
package ballast.promotion

import rego.v1

next_environment := {"dev": "staging", "staging": "prod"}

record_kind := "https://in-toto.io/attestation/test-result/v0.1"

# Load, objectives, services, faults and events: a plan that leaves one of them out proves less.
families := {"load/", "slo/", "server/", "chaos/", "ledger/"}

outcomes := {"PASS", "FAIL", "VACUOUS", "INCONCLUSIVE"}

one_day_ns := ((24 * 60) * 60) * 1000000000

facts := [
	["subject"], ["predicate", "result"], ["predicate", "gate", "environment"],
	["predicate", "gate", "target"], ["predicate", "gate", "start"], ["predicate", "gate", "end"],
	["predicate", "gate", "expires"], ["predicate", "gate", "verdicts"],
	["predicate", "gate", "samples", "planned"], ["predicate", "gate", "samples", "written"],
	["predicate", "gate", "samples", "sha256"],
]

decision := {"allow": count(deny) == 0, "reasons": sort(deny)}

# A call on an absent part of the input is undefined, also under `not`: hence these defaults.
record := object.get(input, "record", null)

verified := object.get(input, ["signature", "verified"], null)

now := object.get(input, "now", "")

gate := input.record.predicate.gate

from := object.get(input, ["candidate", "environment"], "nowhere")

to := object.get(input, ["candidate", "target"], "nowhere")

images := object.get(input, ["candidate", "images"], {})

required := object.get(input, "required", [])

recorded_checks contains verdict.check if some verdict in gate.verdicts

recorded_digests(repository) := {sprintf("sha256:%s", [subject.digest.sha256]) |
	some subject in input.record.subject
	subject.name == repository
}

deny contains "there is no record of a gate run" if not is_object(record)

deny contains sprintf("the record cannot be trusted: %s", [input.signature.reason]) if {
	verified == false
}

deny contains "nobody has checked the record's signature" if not is_boolean(verified)

deny contains sprintf("the record is no test result but %s", [kind]) if {
	is_object(record)
	kind := object.get(record, "predicateType", "nothing")
	kind != record_kind
}

deny contains sprintf("the record does not say its %s", [concat(".", path)]) if {
	is_object(record)
	some path in facts
	object.get(input.record, path, "") in ["", [], null]
}

deny contains sprintf("%s does not follow %s: releases move dev, staging, prod", [to, from]) if {
	object.get(next_environment, from, "") != to
}

deny contains sprintf("the record is of a run on %s, the candidate is in %s", [gate.environment, from]) if {
	gate.environment != from
}

deny contains sprintf("the record opens %s, not %s", [gate.target, to]) if gate.target != to

deny contains sprintf("the record compares with another release than %s serves", [to]) if {
	object.get(gate, "baseline", null) != object.get(input, "baseline", {})
}

deny contains "the candidate names no image" if count(images) == 0

deny contains sprintf("the record is for another digest of %s than %s", [service, image.digest]) if {
	is_object(record)
	some service, image in images
	recorded_digests(image.repository) != {image.digest}
}

deny contains sprintf("the record covers %s, which is not in the candidate", [subject.name]) if {
	some subject in input.record.subject
	not subject.name in {image.repository | some image in images}
}

deny contains "nobody says what time it is" if not time.parse_rfc3339_ns(now)

deny contains sprintf("the record's %s is not a time: %s", [name, gate[name]]) if {
	some name in ["start", "end", "expires"]
	gate[name]
	not time.parse_rfc3339_ns(gate[name])
}

deny contains sprintf("the record expired at %s", [gate.expires]) if {
	time.parse_rfc3339_ns(gate.expires) <= time.parse_rfc3339_ns(now)
}

deny contains sprintf("the record claims to count until %s, over 24 h after its run", [gate.expires]) if {
	time.parse_rfc3339_ns(gate.expires) - time.parse_rfc3339_ns(gate.end) > one_day_ns
}

deny contains sprintf("the record's run ended at %s, which is in the future", [gate.end]) if {
	time.parse_rfc3339_ns(gate.end) > time.parse_rfc3339_ns(now)
}

deny contains "no check is required, so nothing would be proven" if count(required) == 0

deny contains sprintf("no check %s* is required, so that would not be proven", [family]) if {
	count(required) > 0
	some family in families
	every check in required { not startswith(check, family) }
	not excused(family)
}

deny contains sprintf("the record lacks the required check %s", [check]) if {
	is_object(record)
	some check in required
	not check in recorded_checks
	not excused(check)
}

deny contains sprintf("%s is %s: %s", [verdict.check, verdict.outcome, reason]) if {
	some verdict in gate.verdicts
	verdict.outcome != "PASS"
	not excused(verdict.check)
	reason := object.get(verdict, "reason", "no reason given")
}

deny contains sprintf("%s has no known outcome", [object.get(verdict, "check", "a verdict")]) if {
	some verdict in gate.verdicts
	not object.get(verdict, "outcome", "") in outcomes
}

deny contains "the record's result contradicts its verdicts" if {
	input.record.predicate.result != "PASSED"
	every verdict in gate.verdicts { verdict.outcome == "PASS" }
}

deny contains sprintf("samples are missing: %v of %v requests were recorded", [written, planned]) if {
	written := gate.samples.written
	planned := gate.samples.planned
	written != planned
}

deny contains "the record rests on no sample" if gate.samples.written == 0

deny contains "the raw samples at hand are not those of the record" if {
	input.samples.sha256 != gate.samples.sha256
}

deny contains sprintf("%s has changed since the run", [path]) if {
	is_object(record)
	some path, digest in object.get(input, "configuration", {})
	recorded := {entry.digest.sha256 |
		some entry in input.record.predicate.configuration
		entry.name == path
	}
	recorded != {digest}
}

deny contains "nobody says which configuration is in force" if {
	count(object.get(input, "configuration", {})) == 0
}
