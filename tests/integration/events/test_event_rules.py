"""The alert on dead letters, evaluated by promtool: it sees the first one, and only real ones."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ballast.paths import repository_root
from ballast.supply.host_root import ensure_host_root

RULES = repository_root() / "gitops" / "observability" / "event-rules.yaml"
METRIC = "dapr_component_pubsub_ingress_bulk_event_count"


def series(status: str, pod: str = "one", topic: str = "dev.task.created") -> str:
    """The name of one counter as Prometheus stores it."""
    return (
        f'{METRIC}{{namespace="todo-app-dev",pod="{pod}",app_id="notification-service",'
        f'process_status="{status}",topic="{topic}"}}'
    )


class Rules:
    """The groups of the manifest, as promtool wants them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.groups: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["spec"]["groups"]
        for group in self.groups:
            group["interval"] = "1m"

    def firing(self, given: dict[str, str], at: str, expected: list[str]) -> bool:
        """Whether exactly the alerts for the topics in `expected` fire at that time."""
        (self.folder / "rules.yml").write_text(yaml.safe_dump({"groups": self.groups}, width=9999))
        labels = 'app_id="notification-service",namespace="todo-app-dev"'
        alerts = [
            f'ALERTS{{alertname="DeadLetters",alertstate="firing",{labels},'
            f'service="notification-service",severity="warning",topic="{topic}"}}'
            for topic in expected
        ]
        query = {
            "expr": 'ALERTS{alertstate="firing"}',
            "eval_time": at,
            "exp_samples": [{"labels": alert, "value": 1} for alert in alerts],
        }
        test = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": "1m",
            "tests": [
                {
                    "interval": "1m",
                    "input_series": [{"series": k, "values": v} for k, v in given.items()],
                    "promql_expr_test": [query],
                }
            ],
        }
        (self.folder / "test.yml").write_text(yaml.safe_dump(test))
        promtool = ensure_host_root("prometheus") / "bin" / "promtool"
        done = subprocess.run(
            [promtool, "test", "rules", "test.yml"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "parse" not in done.stderr, done.stderr
        return done.returncode == 0


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    """The rules as they are stored."""
    return Rules(tmp_path)


FIRST = {series("DROP"): "_x30 1x30"}
HANDLED = {series("SUCCESS"): "0+50x60", series("RETRY"): "0+1x60"}


def test_the_first_dead_letter_of_a_pod_fires(rules: Rules) -> None:
    assert rules.firing(HANDLED | FIRST, "32m", ["dev.task.created"])


def test_it_ends_ten_minutes_after_the_last_arrival(rules: Rules) -> None:
    assert rules.firing(HANDLED | FIRST, "55m", [])


def test_one_more_fires_again(rules: Rules) -> None:
    assert rules.firing({series("DROP"): "1x40 2x20"}, "43m", ["dev.task.created"])
    assert rules.firing({series("DROP"): "1x60"}, "43m", [])


def test_what_is_handled_or_tried_again_is_no_dead_letter(rules: Rules) -> None:
    assert rules.firing(HANDLED, "50m", [])


def test_topics_fire_for_themselves_and_pods_together(rules: Rules) -> None:
    given = {
        series("DROP", "one"): "_x30 1x30",
        series("DROP", "two"): "_x30 1x30",
        series("drop", "one", "dev.task.deleted"): "_x30 3x30",
        series("DROP", "one", "dev.task.updated"): "5x60",
    }
    assert rules.firing(given, "33m", ["dev.task.created", "dev.task.deleted"])


@pytest.mark.parametrize(
    ("broken", "by"),
    [("unless", "and"), ("(?i)drop", "retry"), (METRIC, "events_dropped_total")],
    ids=["first sample unseen", "wrong status", "renamed metric"],
)
def test_a_broken_rule_is_noticed(rules: Rules, broken: str, by: str) -> None:
    rules.groups[0]["rules"][0]["expr"] = rules.groups[0]["rules"][0]["expr"].replace(broken, by)
    assert not rules.firing(FIRST, "32m", ["dev.task.created"])


def test_the_alert_has_an_owner_and_a_section_of_its_own_in_a_runbook(rules: Rules) -> None:
    (rule,) = rules.groups[0]["rules"]
    path, anchor = rule["annotations"]["runbook_url"].split("/main/")[1].split("#")
    headings = (repository_root() / path).read_text().splitlines()
    assert anchor == rule["alert"].lower()
    assert f"## {anchor}" in headings
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url", "owner"}
