"""A page really travels: rule, Prometheus, Alertmanager, receiver."""

import httpx
import pytest

from ballast import names
from ballast.gate.drill import page_drill
from ballast.kubeapi import KubeApi

pytestmark = pytest.mark.e2e


def test_a_firing_alert_reaches_the_receiver(api: KubeApi) -> None:
    drill = page_drill(api)
    assert drill.received >= drill.fired


def test_prometheus_has_loaded_the_compiled_burn_rate_rules() -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{names.PROMETHEUS_PORT}/api/v1/rules", timeout=10, trust_env=False
    )
    rules = [r for g in answer.json()["data"]["groups"] for r in g["rules"]]
    slos = {r["labels"].get("slo") for r in rules if r["type"] == "alerting"}
    assert {"gateway-availability", "gateway-latency"} <= slos
    unhealthy = [r["name"] for r in rules if r["health"] == "err"]
    assert unhealthy == []


def test_the_services_are_scraped() -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{names.PROMETHEUS_PORT}/api/v1/query",
        params={"query": 'up{namespace=~"todo-app-.*"}'},
        timeout=10,
        trust_env=False,
    )
    series = answer.json()["data"]["result"]
    seen = {(s["metric"]["namespace"], s["metric"].get("service") or "") for s in series}
    for environment in ("todo-app-dev", "todo-app-staging"):
        for service in names.SERVICES:
            assert any(n == environment and service in s for n, s in seen), (environment, service)
