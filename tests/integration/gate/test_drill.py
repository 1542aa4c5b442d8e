"""The page drill follows an alert from its rule to the receiver and leaves nothing behind."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ballast.errors import BallastError
from ballast.gate.drill import drill_rule, page_drill


class Monitoring:
    """Stands for the API server, Prometheus and the receiver; the alert gets as far as `until`."""

    def __init__(self, until: str) -> None:
        self.until = until
        self.rule: dict | None = None
        self.last_rule: dict | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = json.dumps(outer.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def apply(self, obj, field_manager):
        self.rule = self.last_rule = obj

    def delete(self, api_version, kind, name, namespace=None):
        assert (kind, name, namespace) == ("PrometheusRule", "page-drill", "monitoring")
        self.rule = None

    def answer(self, path: str) -> object:
        labels = self.rule["spec"]["groups"][0]["rules"][0]["labels"] if self.rule else {}
        if path.startswith("/api/v1/query"):
            fires = self.until in {"prometheus", "receiver"}
            return {"data": {"result": [{"metric": labels}] if fires else []}}
        arrived = self.until == "receiver"
        pages = [{"receiver": "page", "alerts": [{"labels": labels}]}]
        # What only the notice channel received is no page.
        return pages if arrived else [{"receiver": "notice", "alerts": [{"labels": labels}]}]


@pytest.fixture
def monitoring():
    started: list[Monitoring] = []

    def start(until: str) -> Monitoring:
        started.append(Monitoring(until))
        return started[-1]

    yield start
    for one in started:
        one.server.shutdown()
        one.server.server_close()


def drill(at: Monitoring, timeout: float = 60):
    return page_drill(at, timeout, prometheus=at.url, sink=at.url)


def test_a_page_that_arrives_is_timed_and_removed(monitoring):
    at = monitoring("receiver")
    done = drill(at)
    assert 0 < done.fired <= done.received
    assert at.rule is None


@pytest.mark.parametrize(
    ("until", "said"), [("nowhere", "Prometheus never fired it"), ("prometheus", "fired in")]
)
def test_a_page_that_is_lost_names_its_last_station_and_is_removed(monitoring, until, said):
    at = monitoring(until)
    with pytest.raises(BallastError, match=said):
        drill(at, timeout=2)
    assert at.rule is None


def test_the_drill_says_that_it_is_one():
    rule = drill_rule("drill-1")["spec"]["groups"][0]["rules"][0]
    assert rule["labels"]["severity"] == "page"
    assert rule["labels"]["drill"] == "drill-1"
    assert "drill" in rule["annotations"]["summary"]
