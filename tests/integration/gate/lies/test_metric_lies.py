"""Services that lie about themselves, to a real Prometheus that scrapes what they export."""

import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from lie import Family, Scene
from lie_catalogue import lies
from ports import free_port
from prometheus_client import generate_latest

from ballast.errors import BallastError
from ballast.gate.figures import Prometheus, judge_figures, load_figures
from ballast.paths import repository_root
from ballast.supply.host_root import ensure_host_root
from scheduler.metrics import LATENESS
from todo_shared.telemetry.metrics import EVENT_LATENCY, HANDLER_DURATION, PUBLISH_LATENCY

FIGURES = load_figures(repository_root() / "loadtests/server/figures.yaml")
TOPIC, EVENTS = "task.created", 300
HANDLER = re.compile(r"^(event_handler_duration_seconds\w*(?:\{.*\})?) (\S+)$", re.MULTILINE)
MIB = 2**20
BEHIND_SECONDS = 270  # within the five minutes that Prometheus looks back
asked: Counter[str] = Counter()
frozen: dict[str, str] = {}


def slow(text: str) -> str:
    """With no call of a handler within 0.1 s."""
    pattern = r'^(event_handler_duration_seconds_bucket\{.*le="0\.(?:0\d*|1)".*\}) \S+$'
    return re.sub(pattern, r"\1 0", text, flags=re.MULTILINE)


def standing_still(name: str, part: str) -> Callable[[str], str]:
    """With the first values of the handlers' metrics that end so: what never grows has no share."""
    pattern = re.compile(rf"^(event_handler_duration_seconds{part}\{{.*\}}) (\S+)$", re.MULTILINE)

    def changed(text: str) -> str:
        first = dict(pattern.findall(frozen.setdefault(name, text)))
        return pattern.sub(lambda found: f"{found[1]} {first.get(found[1], 0)}", text)

    return changed


def behind(text: str) -> str:
    """With times of long ago: late questions find newer ones, but none from the load."""
    then = int((time.time() - BEHIND_SECONDS) * 1000)
    return HANDLER.sub(rf"\1 \2 {then}", text)


def leaking(text: str) -> str:
    grown = 64 * MIB + 16 * MIB * asked["leaks-memory"]
    return re.sub(r"^(process_resident_memory_bytes) .*$", rf"\1 {grown}", text, flags=re.MULTILINE)


def falling_behind(text: str) -> str:
    return re.sub(
        r"^(event_handling_latency_seconds_count\{.*\}) (\S+)$",
        lambda found: f"{found[1]} {float(found[2]) / 3}",
        text,
        flags=re.MULTILINE,
    )


# What an environment exports instead of what was measured, by its name.
EXPORTED: dict[str, Callable[[str], str]] = {
    "honest": lambda text: text,
    "leaks-memory": leaking,
    "slow-handlers": slow,
    "falls-behind": falling_behind,
    "metric-renamed": lambda text: text.replace("event_handler_duration", "handler_call_duration"),
    "figure-is-nan": standing_still("figure-is-nan", "_bucket"),
    "service-clock-behind": behind,
    "nothing-happened": standing_still("nothing-happened", r"\w*"),
}


class Metrics(BaseHTTPRequestHandler):
    """What this process has measured, as each environment shows it."""

    def do_GET(self) -> None:
        name = self.path.strip("/")
        asked[name] += 1
        text = EXPORTED[name](generate_latest().decode()).encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory) -> Iterator[str]:
    """The URL of a Prometheus that asks each environment every second."""
    folder = tmp_path_factory.mktemp("prometheus")
    target = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    jobs = [
        {
            "job_name": name,
            "metrics_path": f"/{name}",
            "static_configs": [
                {
                    "targets": [f"127.0.0.1:{target.server_port}"],
                    "labels": {"namespace": name, "service": "task-service"},
                }
            ],
        }
        for name in EXPORTED
    ]
    configuration = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    port = free_port()
    process = subprocess.Popen(
        [
            ensure_host_root("prometheus") / "bin" / "prometheus",
            f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr,
    )  # fmt: skip
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()
    target.shutdown()
    target.server_close()


def fewest_scrapes(url: str) -> float:
    """Scrapes of the environment that was scraped least, 0 before every one has been."""
    try:
        at = Prometheus(url, "", 0.0, time.time())
        known = at.number("count(count_over_time(up[10m]))")
        return (at.number("min(count_over_time(up[10m]))") or 0) if known == len(EXPORTED) else 0
    except BallastError:
        return 0


def wait_for_scrapes(url: str, more: int) -> None:
    before, deadline = fewest_scrapes(url), time.monotonic() + 120
    while fewest_scrapes(url) < before + more:
        assert time.monotonic() < deadline, "Prometheus does not scrape"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def played(prometheus: str) -> tuple[float, float]:
    """Unix times between which events were published and handled, as in a load."""
    EVENT_LATENCY.labels(TOPIC), HANDLER_DURATION.labels(TOPIC), PUBLISH_LATENCY.labels(TOPIC)
    start = time.time()
    wait_for_scrapes(prometheus, 3)
    for _ in range(EVENTS):
        PUBLISH_LATENCY.labels(TOPIC).observe(0.03)
        EVENT_LATENCY.labels(TOPIC).observe(0.1)
        HANDLER_DURATION.labels(TOPIC).observe(0.01)
        LATENESS.observe(0.02)
    wait_for_scrapes(prometheus, 4)
    return start, time.time()


@pytest.fixture
def figures(prometheus: str, played: tuple[float, float]):
    """The verdicts on an environment's figures over the load."""
    return lambda name: judge_figures(FIGURES, Prometheus(prometheus, name, *played).number)


@pytest.mark.parametrize("lie", lies(Scene.METRICS), ids=str)
def test_services_that_lie_are_refused(lie, told, answer, figures):
    told(lie, answer(lambda: figures(lie.name)))


def test_services_that_do_as_stated_pass(honest, answer, figures):
    honest(Family.CONFIGURATION, "figures", answer(lambda: figures("honest")))
