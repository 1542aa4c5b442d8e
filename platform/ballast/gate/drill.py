"""The page drill: an alert that really fires travels the real way to the receiver, and is timed."""

import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

import httpx

from ballast.errors import BallastError
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping, mappings, sequence
from ballast.names import ALERT_SINK_PORT, MONITORING_NAMESPACE, PROMETHEUS_PORT

RULE: Final = "page-drill"
ALERT: Final = "PageDrill"
POLL_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Drill:
    """Seconds from the rule's creation until Prometheus fired it and until the receiver had it."""

    name: str
    fired: float
    received: float


def page_drill(
    api: KubeApi,
    timeout: float = 180.0,
    *,
    prometheus: str = f"http://127.0.0.1:{PROMETHEUS_PORT}",
    sink: str = f"http://127.0.0.1:{ALERT_SINK_PORT}",
) -> Drill:
    """Fire a page that says it is a drill and follow it to the receiver.

    The rule's expression is constant, so this proves the road (rule to Prometheus to Alertmanager
    to receiver) and not the detection. The rule is removed whatever happens. Raises BallastError
    naming the last station that the alert reached.
    """
    name = f"drill-{uuid.uuid4().hex[:8]}"
    start = time.monotonic()
    api.apply(drill_rule(name), "ballast-drill")
    fired = 0.0
    try:
        with httpx.Client(timeout=10.0, trust_env=False) as client:
            while time.monotonic() - start < timeout:
                if not fired and _firing(client, prometheus, name):
                    fired = time.monotonic() - start
                if _received(client, sink, name):
                    received = time.monotonic() - start
                    return Drill(name, fired or received, received)
                time.sleep(POLL_SECONDS)
    finally:
        api.delete("monitoring.coreos.com/v1", "PrometheusRule", RULE, MONITORING_NAMESPACE)
    station = f"fired in Prometheus after {fired:.0f} s" if fired else "Prometheus never fired it"
    raise BallastError(
        f"the drill's page did not reach the receiver within {timeout:.0f} s: {station}",
        "See the operator's and Alertmanager's logs in namespace monitoring.",
    )


def drill_rule(name: str) -> dict[str, Any]:
    """A PrometheusRule with one page that fires at once, labelled as a drill of this name."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": RULE, "namespace": MONITORING_NAMESPACE},
        "spec": {
            "groups": [
                {
                    "name": RULE,
                    "interval": "5s",
                    "rules": [
                        {
                            "alert": ALERT,
                            "expr": "vector(1)",
                            "labels": {
                                "severity": "page",
                                "service": "platform",
                                "slo": "drill",
                                "drill": name,
                            },
                            "annotations": {
                                "summary": "A drill: the way of a page is being tested",
                                "description": "Nothing is wrong and nothing is to be done.",
                                "owner": "todo-platform",
                                "runbook_url": (
                                    "https://github.com/ballast-platform/ballast/blob/main/"
                                    "docs/runbooks/page-drill.md"
                                ),
                            },
                        }
                    ],
                }
            ]
        },
    }


def _firing(client: httpx.Client, prometheus: str, name: str) -> bool:
    query = f'ALERTS{{alertstate="firing",drill="{name}"}}'
    answer = _json(client, f"{prometheus}/api/v1/query", {"query": query})
    return bool(sequence(mapping(mapping(answer).get("data")).get("result")))


def _received(client: httpx.Client, sink: str, name: str) -> bool:
    deliveries = mappings(_json(client, f"{sink}/alerts", {"alertname": ALERT}))
    pages = [delivery for delivery in deliveries if delivery.get("receiver") == "page"]
    alerts = [alert for page in pages for alert in mappings(page.get("alerts"))]
    return any(mapping(alert.get("labels")).get("drill") == name for alert in alerts)


def _json(client: httpx.Client, url: str, query: dict[str, str]) -> object:
    try:
        answer = client.get(url, params=query)
        return answer.json() if answer.is_success else None
    except (httpx.HTTPError, ValueError):
        return None  # a station that is still starting has simply not seen the alert yet
