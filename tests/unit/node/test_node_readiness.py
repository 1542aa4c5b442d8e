import datetime

import pytest

from ballast.node.readiness import node_is_ready

START = datetime.datetime(2026, 3, 1, 12, 0, 0, 700_000, datetime.UTC).timestamp()


class OneNode:
    """The API as far as this question goes."""

    def __init__(self, status: str, heartbeat: str) -> None:
        ready = {"type": "Ready", "status": status, "lastHeartbeatTime": heartbeat}
        self.node = {"status": {"conditions": [ready]}}

    def get(self, *_: str):
        return self.node


@pytest.mark.parametrize(
    ("status", "heartbeat", "expected"),
    [
        ("True", "2026-03-01T12:00:01Z", True),
        ("True", "2026-03-01T12:00:00Z", True),
        ("True", "2026-03-01T11:59:59Z", False),
        ("False", "2026-03-01T12:00:05Z", False),
    ],
    ids=["fresh", "same whole second", "from before the start", "not ready"],
)
def test_only_a_fresh_ready_counts(status, heartbeat, expected):
    assert node_is_ready(OneNode(status, heartbeat), START) is expected


def test_an_unregistered_node_is_not_ready():
    class NoNode:
        def get(self, *_: str):
            return None

    assert not node_is_ready(NoNode(), START)
