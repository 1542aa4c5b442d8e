"""A fault counts only when what was measured from outside leaves no doubt."""

from dataclasses import replace

import pytest

from ballast.gate.controls import FaultProof
from ballast.gate.faults import FAULTS
from ballast.gate.pods import PodState

POD = PodState("a", "u1", True, False, "ns/x", ids={"daprd": "c1"}, restarts={"daprd": 0})
NEW = replace(POD, name="b", uid="u2")
RESTARTED = replace(POD, ids={"daprd": "c2"}, restarts={"daprd": 1})
CONTAINER = {"pod": "a", "uid": "u1", "container": "daprd", "id": "c1"}
FROZEN = {**CONTAINER, "frozen_throughout": True, "asked": 4, "answered": 0}
DELAYED = {**CONTAINER, "healthy_s": 0.01, "answers_s": [0.01] * 5 + [0.3] * 15}
PARTITION = {
    "peer": "p:5432", "share": 1.0, "before": "", "tried": 9, "failed": 9, "packets_lost": 12,
}  # fmt: skip
LATE = {"peer": "p:5432", "before_s": 0.01, "asked": 9, "answered": 9, "fastest_s": 0.21,
        "bytes_carried": 99}  # fmt: skip
DOWN = {"name": "postgres", "before": "", "gone": True, "tried": 8, "refused": 8}
SHORT_OF_MEMORY = {**CONTAINER, "times_refused": 4, "killed_for_memory": False}
FULL = {**CONTAINER, "processes_limited": 9, "refusals_logged": 2}
REVOKED = {"role": "tasks-dev", "users_before": 2, "users_gone": True}
EXPIRED = {**CONTAINER, "expired": True, "expired_to_the_end": True}
LED = {"pod": "a", "uid": "u1", "partitions_led": 6, "elected_again": 6}
REBALANCED = {"group": "g", "partitions": 6, "members_gone": 1, "members_new": 1,
              "shared_anew": True}  # fmt: skip
DRAINED = {"node": "node", "closed": True, "evicted": ["u1"], "kept_by_budget": []}


def doubt(kind: str, facts: dict, after: PodState = POD, before: PodState = POD) -> str:
    return FAULTS[kind].doubt(facts, FaultProof(1.0, [before], 2.0, [after]))


@pytest.mark.parametrize(
    ("kind", "facts", "after"),
    [
        ("kill-pod", {"pod": "a", "uid": "u1"}, NEW),
        ("kill-container", CONTAINER, RESTARTED),
        ("freeze", FROZEN, POD),
        ("delay", DELAYED, POD),
        ("loss", PARTITION, POD),
        ("loss", {**PARTITION, "share": 0.2, "failed": 1}, POD),
        ("latency", LATE, POD),
        ("squeeze", {"times_throttled": 3}, POD),
        ("down", DOWN, POD),
        ("drain", DRAINED, NEW),
        ("memory", SHORT_OF_MEMORY, POD),
        ("memory", {**SHORT_OF_MEMORY, "times_refused": 0, "killed_for_memory": True}, RESTARTED),
        ("disk-full", FULL, POD),
        ("revoke", REVOKED, POD),
        ("expire", EXPIRED, RESTARTED),
        ("kill-leader", LED, NEW),
        ("rebalance", REBALANCED, RESTARTED),
    ],
)
def test_a_fault_that_showed_is_not_doubted(kind, facts, after):
    assert doubt(kind, facts, after) == ""


@pytest.mark.parametrize(
    ("kind", "facts", "after", "said"),
    [
        ("kill-pod", {"pod": "a", "uid": "u1"}, POD, "its UID did not go"),
        ("kill-pod", {"pod": "a", "uid": "u9"}, NEW, "was not there before"),
        ("kill-container", CONTAINER, POD, "restart count stayed"),
        ("kill-container", CONTAINER, NEW, "did not live through"),
        ("kill-container", CONTAINER, replace(RESTARTED, ids={"daprd": "c1"}), "id stayed"),
        ("freeze", {**FROZEN, "frozen_throughout": False}, POD, "did not stand still"),
        ("freeze", {**FROZEN, "asked": 0}, POD, "nobody asked"),
        ("freeze", {**FROZEN, "answered": 1}, POD, "answered 1 of 4 times"),
        ("delay", {**DELAYED, "answers_s": []}, POD, "nobody asked"),
        ("delay", {**DELAYED, "answers_s": [0.02] * 20}, POD, "it was not delayed"),
        ("delay", {**DELAYED, "healthy_s": 0.25}, POD, "it was not delayed"),
        ("loss", {**PARTITION, "before": "TimeoutError"}, POD, "before the fault either"),
        ("loss", {**PARTITION, "packets_lost": 0}, POD, "no packet"),
        ("loss", {**PARTITION, "failed": 0}, POD, "succeeded during the fault"),
        ("loss", {**PARTITION, "failed": 8}, POD, "1 of 9 new connections"),
        ("latency", {**LATE, "before_s": None}, POD, "before the fault either"),
        ("latency", {**LATE, "bytes_carried": 0}, POD, "was delayed"),
        ("latency", {**LATE, "answered": 0}, POD, "cut off and not delayed"),
        ("latency", {**LATE, "fastest_s": 0.19}, POD, "within 190 ms"),
        ("squeeze", {"times_throttled": 0}, POD, "no container was held back"),
        ("down", {**DOWN, "before": "TimeoutError"}, POD, "before the fault either"),
        ("down", {**DOWN, "gone": False}, POD, "lived on"),
        ("down", {**DOWN, "refused": 7}, POD, "took 1 connections"),
        ("down", {**DOWN, "tried": 0, "refused": 0}, POD, "took 0 connections"),
        ("drain", {**DRAINED, "closed": False}, NEW, "never closed"),
        ("drain", {**DRAINED, "evicted": []}, NEW, "0 of 0 evicted"),
        ("drain", DRAINED, POD, "0 of 1 evicted"),
        ("memory", {**SHORT_OF_MEMORY, "times_refused": 0}, POD, "all the memory that it asked"),
        ("disk-full", {**FULL, "processes_limited": 0}, POD, "no process of a"),
        ("disk-full", {**FULL, "refusals_logged": 0}, POD, "no write that was refused"),
        ("revoke", {**REVOKED, "users_before": 0}, POD, "had handed out no user"),
        ("revoke", {**REVOKED, "users_gone": False}, POD, "are still there"),
        ("expire", {**EXPIRED, "expired": False}, POD, "did not expire"),
        ("expire", {**EXPIRED, "expired_to_the_end": False}, POD, "was renewed during"),
        ("kill-leader", LED, POD, "its UID did not go"),
        ("kill-leader", {**LED, "uid": "u9"}, NEW, "was not there before"),
        ("kill-leader", {**LED, "elected_again": 5}, NEW, "5 of 6 partitions"),
        ("kill-leader", {**LED, "partitions_led": 0, "elected_again": 0}, NEW, "0 of 0"),
        ("rebalance", {**REBALANCED, "partitions": 0}, POD, "read no partition before"),
        ("rebalance", {**REBALANCED, "members_gone": 0}, POD, "dropped out"),
        ("rebalance", {**REBALANCED, "members_new": 0}, POD, "no member joined"),
        ("rebalance", {**REBALANCED, "shared_anew": False}, POD, "did not share its 6"),
    ],
)  # fmt: skip
def test_a_fault_that_may_not_have_happened_is_doubted(kind, facts, after, said):
    assert said in doubt(kind, facts, after)


@pytest.mark.parametrize(
    "kind",
    [
        "freeze", "delay", "latency", "loss", "squeeze", "down", "memory", "disk-full", "revoke",
        "expire", "kill-leader", "rebalance",
    ],
)  # fmt: skip
def test_facts_that_were_never_measured_are_doubted(kind):
    facts = {**CONTAINER, "name": "postgres", "share": 1.0, "role": "r", "group": "g"}
    assert doubt(kind, facts)
