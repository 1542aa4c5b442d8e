"""The stated figures on a real Prometheus that scrapes the services' own metrics."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from prometheus_client import generate_latest
from scraping import eventually, prometheus_server

from ballast.errors import BallastError
from ballast.gate.figures import Prometheus, judge_figures, load_figures
from ballast.gate.verdict import Outcome
from ballast.paths import repository_root
from scheduler.metrics import LATENESS
from todo_shared.telemetry.metrics import EVENT_LATENCY, HANDLER_DURATION, PUBLISH_LATENCY

NAMESPACE, TOPIC = "todo-app-dev", "task.created"
FIGURES = load_figures(repository_root() / "loadtests/server/figures.yaml")
HANDLED, PUBLISHED = EVENT_LATENCY.labels(TOPIC), PUBLISH_LATENCY.labels(TOPIC)
CALLS = HANDLER_DURATION.labels(TOPIC)


class Metrics(BaseHTTPRequestHandler):
    """What this process has measured, as a service shows it."""

    def do_GET(self) -> None:
        text = generate_latest()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory) -> Iterator[str]:
    """The URL of a Prometheus that asks this process every second."""
    folder = tmp_path_factory.mktemp("prometheus")
    target = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    labels = {"namespace": NAMESPACE, "service": "task-service"}
    scrape = {
        "job_name": "services",
        "static_configs": [{"targets": [f"127.0.0.1:{target.server_port}"], "labels": labels}],
    }
    with prometheus_server(folder, [scrape]) as url:
        yield url
    target.shutdown()
    target.server_close()


def seen(at: Prometheus, query: str) -> float:
    try:
        return replace(at, end=time.time()).number(query) or 0.0
    except BallastError:
        return 0.0


def measured(url: str, *, calls: float = 0.01, handled: int = 300) -> Prometheus:
    """Some events under the eyes of Prometheus, from before the first to after the last."""
    at = Prometheus(url, NAMESPACE, time.time(), 0.0)
    scraped = f'count_over_time(up{{namespace="{NAMESPACE}"}}[10m])'
    eventually(lambda: seen(at, scraped) > 0)
    before = seen(at, scraped)
    eventually(lambda: seen(at, scraped) >= before + 2)
    for number in range(300):
        PUBLISHED.observe(0.03)
        if number < handled:
            HANDLED.observe(0.1)
            CALLS.observe(calls)
            LATENESS.observe(0.02)
    done = seen(at, scraped)
    eventually(lambda: seen(at, scraped) >= done + 3)
    return replace(at, end=time.time())


def outcomes(at: Prometheus) -> dict[str, Outcome]:
    return {verdict.check: verdict.outcome for verdict in judge_figures(FIGURES, at.number)}


def test_figures_within_their_bounds_pass(prometheus):
    at = measured(prometheus)
    verdicts = judge_figures(FIGURES, at.number)
    assert {verdict.outcome for verdict in verdicts} == {Outcome.PASS}, verdicts
    assert {"handler-time", "consumer-lag", "reminder-lateness"} <= {f.name for f in FIGURES}


def test_slow_handlers_fail_their_figure_alone(prometheus):
    found = outcomes(measured(prometheus, calls=0.2))
    assert found.pop("server/handler-time") is Outcome.FAIL
    assert set(found.values()) == {Outcome.PASS}


def test_a_consumer_that_falls_behind_fails_the_lag(prometheus):
    found = outcomes(measured(prometheus, handled=100))
    assert found["server/consumer-lag"] is Outcome.FAIL
    assert found["server/publish-latency"] is Outcome.PASS


def test_an_environment_without_series_is_vacuous(prometheus):
    at = replace(measured(prometheus), namespace="todo-app-staging")
    assert set(outcomes(at).values()) == {Outcome.VACUOUS}


def test_a_quiet_time_is_vacuous_and_not_nan(prometheus):
    at = measured(prometheus)
    eventually(lambda: time.time() > at.end + 5)
    quiet = replace(at, start=at.end + 2, end=at.end + 5)
    assert set(outcomes(quiet).values()) == {Outcome.VACUOUS}


def test_samples_that_are_older_than_the_load_are_inconclusive(prometheus):
    at = measured(prometheus)
    later = replace(at, end=at.end + 120)
    assert set(outcomes(later).values()) == {Outcome.INCONCLUSIVE}


def test_a_figure_that_is_no_number_is_inconclusive(prometheus):
    at = measured(prometheus)
    (verdict,) = judge_figures(
        [FIGURES[0].model_copy(update={"query": "vector(0) / vector(0)"})], at.number
    )
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "nan" in verdict.reason


def test_a_query_with_many_answers_or_none_of_promql_is_refused(prometheus):
    at = measured(prometheus)
    with pytest.raises(BallastError, match="numbers and not one"):
        at.number("event_handler_duration_seconds_bucket")
    with pytest.raises(BallastError, match="Prometheus refuses"):
        at.number("sum(")
