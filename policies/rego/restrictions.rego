# What keeps a proven release back: a frozen target, a blocked digest, an exhausted error budget.
# A fact that nobody gave is a reason too. A hotfix passes a freeze and an exhausted budget.
package ballast.promotion

import rego.v1

freezes := object.get(input, "freezes", null)

blocked := object.get(input, "blocked", null)

budgets := object.get(input, "budgets", null)

frozen contains freeze if {
	some freeze in freezes
	freeze.environment == to
	time.parse_rfc3339_ns(freeze.start) <= time.parse_rfc3339_ns(now)
	time.parse_rfc3339_ns(now) < time.parse_rfc3339_ns(freeze.until)
}

deny contains "nobody says which environments are frozen" if not is_array(freezes)

deny contains sprintf("%s is frozen until %s: %s; only a hotfix may go", [to, freeze.until, freeze.reason]) if {
	some freeze in frozen
	not hotfix_counts
}

deny contains sprintf("the freeze of %s has a %s that is not a time", [to, edge]) if {
	some freeze in freezes
	freeze.environment == to
	some edge in ["start", "until"]
	not time.parse_rfc3339_ns(object.get(freeze, edge, ""))
}

deny contains "nobody says which digests are blocked" if not is_array(blocked)

deny contains sprintf("%s has a blocked digest, %s: %s", [service, image.digest, entry.reason]) if {
	some service, image in images
	some entry in blocked
	entry.digest == image.digest
}

budget_of(slo) := [budget | some budget in budgets; budget.slo == slo]

needed_budgets := {trim_prefix(check, "slo/") | some check in required; startswith(check, "slo/")}

deny contains sprintf("nobody says what is left of the error budget of %s in %s", [slo, to]) if {
	not hotfix_counts
	some slo in needed_budgets
	count(budget_of(slo)) != 1
}

deny contains sprintf("the error budget of %s in %s is not known: %s", [budget.slo, to, why]) if {
	not hotfix_counts
	some budget in budgets
	not is_number(object.get(budget, "remaining", null))
	why := object.get(budget, "missing", "no reason given")
}

# Whoever measured says whether that is beyond chance; one who does not say so leaves no room.
deny contains sprintf("%s in %s has no error budget left: %v after %v events; only a hotfix may go", args) if {
	not hotfix_counts
	some budget in budgets
	is_number(budget.remaining)
	object.get(budget, "exhausted", true) != false
	args := [budget.slo, to, budget.remaining, object.get(budget, "events", "no")]
}
