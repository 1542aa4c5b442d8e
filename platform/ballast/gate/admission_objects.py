"""The cluster objects that carry the admitted digests: a ledger, and an alarm for exceptions."""

import json
from typing import Any, Final

from ballast.gate.admission import Admitted
from ballast.gate.permit import Kind, Permit
from ballast.names import ENVIRONMENT_NAMESPACES, MONITORING_NAMESPACE

LEDGER: Final = "gate-ledger"
_RUNBOOK: Final = "https://github.com/ballast-platform/ballast/blob/main/docs/runbooks/"
# Alertmanager pages for a broken glass, makes a ticket of a hotfix and notes a first release.
_SEVERITY: Final = {Kind.BREAK_GLASS: "page", Kind.HOTFIX: "ticket", Kind.BOOTSTRAP: "notice"}


def ledger(admitted: Admitted) -> dict[str, Any]:
    """The ConfigMap that policies/evidence/require-evidence.yaml reads: one key for each digest."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": LEDGER,
            "namespace": ENVIRONMENT_NAMESPACES[admitted.environment],
            "labels": {"app.kubernetes.io/part-of": "ballast"},
        },
        "data": {key_of(digest): state for digest, state in sorted(admitted.digests.items())}
        | {"permits": json.dumps([_told(permit) for permit in admitted.permits])},
    }


def key_of(digest: str) -> str:
    """A ConfigMap's key cannot hold the colon of a digest."""
    return digest.replace(":", "-")


def alarm(admitted: Admitted) -> dict[str, Any]:
    """A PrometheusRule that fires as long as a permit counts that no passed gate stands behind."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": f"gate-permits-{admitted.environment}",
            "namespace": MONITORING_NAMESPACE,
            "labels": {"app.kubernetes.io/part-of": "ballast"},
        },
        "spec": {
            "groups": [
                {
                    "name": f"gate-permits-{admitted.environment}",
                    "interval": "15s",
                    "rules": [_rule(p) for p in admitted.permits if p.kind in _SEVERITY],
                }
            ]
        },
    }


def _rule(permit: Permit) -> dict[str, Any]:
    words = permit.kind.value.replace("-", " ")
    return {
        "alert": "".join(word.capitalize() for word in words.split()) + "Permit",
        "expr": f"vector(time()) < {permit.until.timestamp():.0f}",
        "labels": {
            "severity": _SEVERITY[permit.kind],
            "service": "platform",
            "environment": permit.target,
            "permit": permit.name,
        },
        "annotations": {
            "summary": f"{permit.target} admits images by a {words} permit: {permit.name}",
            "description": f"{permit.by} gave it until {permit.until.isoformat()}: {permit.reason}",
            "owner": "todo-platform",
            "runbook_url": f"{_RUNBOOK}break-glass.md",
        },
    }


def _told(permit: Permit) -> dict[str, str]:
    facts = ("kind", "name", "by", "reason", "until")
    return {fact: str(permit.model_dump(mode="json")[fact]) for fact in facts}
