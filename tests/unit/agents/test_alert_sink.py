"""The receiver of alerts: it keeps what it is sent and tells it again."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from ballast.agents.alert_sink import Deliveries, serve

MESSAGE = {"status": "firing", "alerts": [{"labels": {"alertname": "SloBurn"}}]}


@pytest.fixture
def url() -> Iterator[str]:
    server = serve("127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def post(url: str, body: bytes) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST")) as answer:
        return json.load(answer)


def test_a_delivery_is_told_again_with_receiver_and_time(url: str) -> None:
    post(f"{url}/alerts?receiver=page", json.dumps(MESSAGE).encode())
    [delivery] = get(f"{url}/alerts")
    assert delivery["receiver"] == "page"
    assert delivery["alerts"] == MESSAGE["alerts"]
    assert delivery["receivedAtSeconds"] > 0


def test_deliveries_are_found_by_the_name_of_the_alert(url: str) -> None:
    post(f"{url}/alerts", json.dumps(MESSAGE).encode())
    assert len(get(f"{url}/alerts?alertname=SloBurn")) == 1
    assert get(f"{url}/alerts?alertname=Other") == []


def test_a_message_of_another_shape_is_refused(url: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        post(f"{url}/alerts", b'{"not": "an alert"}')
    assert get(f"{url}/alerts") == []


def test_an_unknown_path_is_not_found(url: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{url}/elsewhere")


def test_health_answers(url: str) -> None:
    assert get(f"{url}/health") == {"status": "ok"}


def test_only_the_last_deliveries_are_kept() -> None:
    deliveries = Deliveries(kept=2)
    for _ in range(3):
        deliveries.add("page", MESSAGE)
    assert [delivery["number"] for delivery in deliveries.find()] == [2, 3]
