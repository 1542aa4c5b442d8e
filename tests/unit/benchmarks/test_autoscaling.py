"""What is committed to have pods added, and how growth is read from the autoscalers."""

import yaml
from autoscaling import Size, growth, with_autoscaling

VALUES = "# what differs\nglobal: {environment: dev}\napi-gateway:\n  replicas: 1\n"


def test_only_the_named_services_get_an_autoscaler() -> None:
    made = yaml.safe_load(with_autoscaling(VALUES, ["api-gateway", "task-service"], 1, 3))
    assert made["api-gateway"]["replicas"] == 1
    assert made["api-gateway"]["autoscaling"]["maxReplicas"] == 3
    assert made["task-service"]["autoscaling"]["enabled"] is True
    assert made.keys() == {"global", "api-gateway", "task-service"}


def test_growth_is_timed_from_the_start_until_another_pod_is_wanted() -> None:
    seen = [
        Size(100.0, "api-gateway", 1, 1, 20),
        Size(130.0, "api-gateway", 1, 2, 140),
        Size(150.0, "api-gateway", 2, 2, 80),
        Size(150.0, "task-service", 1, 1, 10),
    ]
    assert growth(90.0, seen) == {"api-gateway": (40.0, 2)}


def test_a_pod_that_goes_is_no_growth() -> None:
    seen = [Size(1.0, "api-gateway", 3, 3, 90), Size(9.0, "api-gateway", 2, 2, 5)]
    assert growth(0.0, seen) == {}
