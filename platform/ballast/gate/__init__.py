"""The promotion gate: runs, verdicts, evidence and the decision; only proof moves a release."""
