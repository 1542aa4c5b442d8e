"""Alert routing (OBS-15) and the receiver at its end."""

from typing import Any

import yaml

from ballast import names
from ballast.components import images
from ballast.components.objects import Manifest
from ballast.components.pods import (
    CONTAINER_SECURITY,
    fast_probe,
    labels,
    pod_security,
    resources,
)

SINK = "alert-sink"
CONFIG_SECRET = "alertmanager-config"  # noqa: S105 - the name of a Secret
# Alerts on objectives say what they ask of a person; charts of others say how bad it is.
PAGES = 'severity=~"page|critical"'
TICKETS = 'severity=~"ticket|warning"'
_NAMESPACE = names.MONITORING_NAMESPACE


def routing() -> dict[str, Any]:
    """Alertmanager's configuration: pages, tickets, and the rest is noted."""

    def receiver(name: str) -> dict[str, Any]:
        url = f"{names.ALERT_SINK_URL}/alerts?receiver={name}"
        return {"name": name, "webhook_configs": [{"url": url, "send_resolved": True}]}

    return {
        "global": {"resolve_timeout": "5m"},
        "route": {
            "receiver": "notice",
            "group_by": ["alertname", "cluster", "service"],
            "group_wait": "10s",
            "group_interval": "10s",
            "repeat_interval": "12h",
            "routes": [
                {"receiver": "page", "matchers": [PAGES]},
                {"receiver": "ticket", "matchers": [TICKETS]},
            ],
        },
        "receivers": [receiver(name) for name in ("notice", "page", "ticket")],
        # Who is paged for a service need not read its tickets too.
        "inhibit_rules": [
            {
                "source_matchers": [PAGES],
                "target_matchers": [TICKETS],
                "equal": ["cluster", "namespace", "service", "slo"],
            }
        ],
    }


def routing_text() -> str:
    """`routing` as Alertmanager reads it."""
    return yaml.safe_dump(routing(), sort_keys=False)


def sink_deployment() -> Manifest:
    """The receiver: one pod that remembers what it was sent."""
    container = {
        "name": SINK,
        "image": images.PLATFORM_AGENTS,
        "imagePullPolicy": "IfNotPresent",
        "args": ["/agents/alert_sink.py"],
        "env": [{"name": "PYTHONDONTWRITEBYTECODE", "value": "1"}],
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": resources(cpu="10m", memory="32Mi", cpu_limit="500m", memory_limit="96Mi"),
        "securityContext": CONTAINER_SECURITY,
        **fast_probe({"httpGet": {"path": "/health", "port": "http"}}),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": SINK, "namespace": _NAMESPACE, "labels": labels(SINK)},
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 3,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels(SINK)},
            "template": {
                "metadata": {"labels": labels(SINK)},
                "spec": {
                    "serviceAccountName": SINK,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": pod_security(1000),
                    "containers": [container],
                },
            },
        },
    }
