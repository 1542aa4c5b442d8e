import datetime

import pytest

from ballast.node.freshness import is_stale

START = datetime.datetime(2026, 3, 1, 12, 0, 0, 700_000, datetime.UTC).timestamp()


def pod(ready: str, *started: str):
    return {
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"state": {"running": {"startedAt": each}}} for each in started],
        }
    }


@pytest.mark.parametrize(
    ("obj", "stale"),
    [
        (pod("True", "2026-03-01T11:59:59Z"), True),
        (pod("True", "2026-03-01T12:00:00Z"), False),
        (pod("True", "2026-03-01T12:00:09Z", "2026-03-01T11:00:00Z"), True),
        (pod("False", "2026-03-01T11:59:59Z"), False),
        ({"status": {"phase": "Pending"}}, False),
    ],
    ids=["before", "same whole second", "one of two before", "not ready", "not started"],
)
def test_a_ready_pod_with_a_container_from_before_is_stale(obj, stale):
    assert is_stale(obj, START) is stale
