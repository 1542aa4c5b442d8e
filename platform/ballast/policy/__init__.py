"""Admission policies, evaluated outside the cluster by the rules the cluster enforces."""
