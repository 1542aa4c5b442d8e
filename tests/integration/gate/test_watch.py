"""A watch on a real Prometheus with the compiled rules, and its way back on a real Git server.

Three environments are scraped: dev fails some requests, staging serves them all, prod is idle.
"""

import itertools
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from scraping import eventually, prometheus_server
from todo_server import TodoServer

from ballast import release
from ballast.bringup.baseline import permit_baselines
from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.admission_writer import admitted_by
from ballast.gate.bake import Journal, bake
from ballast.gate.budget import Prometheus
from ballast.gate.burn import burn
from ballast.gate.tokens import Identity
from ballast.gate.watch import watch
from ballast.gate.watching import Watching
from ballast.slo.model import load_slos
from ballast.slo.rules import groups

NAMESPACES = {"dev": "todo-app-dev", "staging": "todo-app-staging", "prod": "todo-app"}
SLOS = load_slos()


class Environment:
    """The figures of one environment's services; one request in `failing` is a server error."""

    def __init__(self, failing: int | None, per_second: int) -> None:
        self.registry = CollectorRegistry()
        labels = ("status",)
        self.requests = Counter("http_requests", "", labels, registry=self.registry)
        self.duration = Histogram(
            "http_request_duration_seconds", "", buckets=(0.1, 0.3, 1.0), registry=self.registry
        )
        self.published = Histogram(
            "event_publish_latency_seconds", "", buckets=(0.05, 0.1, 1.0), registry=self.registry
        )
        self.failing, self.per_second = failing, per_second
        for status in ("200", "503"):
            self.requests.labels(status)
        self.stopped = threading.Event()

    def serve(self) -> None:
        for number in itertools.count(1):
            if self.stopped.wait(1 / self.per_second):
                return
            failed = self.failing and number % self.failing == 0
            self.requests.labels("503" if failed else "200").inc()
            self.duration.observe(0.02)
            self.published.observe(0.02)


@pytest.fixture(scope="module")
def environments() -> Iterator[dict[str, Environment]]:
    made = {
        "dev": Environment(4, 40),
        "staging": Environment(None, 40),
        "prod": Environment(None, 1),
    }
    made["prod"].stopped.set()
    for one in made.values():
        threading.Thread(target=one.serve, daemon=True).start()
    yield made
    for one in made.values():
        one.stopped.set()


@pytest.fixture(scope="module")
def metrics(environments, tmp_path_factory) -> Iterator[Prometheus]:
    """A Prometheus with the compiled rules, after the pages of dev have begun."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = generate_latest(environments[self.path.strip("/")].registry)
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    target = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    jobs = [
        {
            "job_name": f"{name}-{service}",
            "metrics_path": f"/{name}",
            "static_configs": [
                {
                    "targets": [f"127.0.0.1:{target.server_port}"],
                    "labels": {"namespace": NAMESPACES[name], "service": service},
                }
            ],
        }
        for name in environments
        for service in ("api-gateway", "task-service")
    ]
    rules = [group | {"interval": "1s"} for group in groups(SLOS)]
    with prometheus_server(tmp_path_factory.mktemp("prometheus"), jobs, rules) as url:
        found = Prometheus(url)
        eventually(lambda: bool(answer(found, 'ALERTS{severity="page"}')))
        yield found
    target.shutdown()
    target.server_close()


def answer(metrics: Prometheus, query: str) -> list[float]:
    try:
        return metrics.query(query)
    except Exception:
        return []


def look(metrics: Prometheus, environment: str, committed: float = 0.0):
    now = time.time()
    return burn(metrics, SLOS, environment, committed=committed, since=now - 60, now=now)


def test_an_environment_that_serves_everything_is_sound(metrics):
    seen = look(metrics, "staging")
    assert seen.sound, seen
    assert seen.events > 20


def test_a_burning_environment_is_sick_by_its_page_and_by_its_minute(metrics):
    seen: list[tuple[str, ...]] = []

    def both() -> bool:
        seen.append(tuple(look(metrics, "dev").sick))
        return len(seen[-1]) == 2

    eventually(both)
    page, minute = seen[-1]
    assert "gateway-availability pages since" in page
    assert "events of the last" in minute


def test_a_page_that_is_older_than_the_commit_is_left_out(metrics):
    eventually(lambda: len(look(metrics, "dev").sick) == 2)
    seen: list[tuple[str, ...]] = []

    def minute_alone() -> bool:
        seen.append(tuple(look(metrics, "dev", committed=time.time() + 60).sick))
        return bool(seen[-1])

    eventually(minute_alone)
    [minute] = seen[-1]
    assert "events of the last" in minute


def test_an_idle_environment_is_known_and_has_no_events(metrics):
    seen = look(metrics, "prod")
    assert seen.sound
    assert seen.events == 0


def test_a_prometheus_that_is_away_is_unknown():
    seen = look(Prometheus("http://127.0.0.1:1"), "staging")
    assert "does not answer" in seen.unknown[0]


class WholePods:
    """Every service of staging runs what Git declares, on whole Deployments."""

    def __init__(self, git) -> None:
        self.git = git

    def list(self, api_version, kind, namespace=None, label_selector=None):
        if kind == "Deployment":
            status = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}
            return [
                {
                    "metadata": {"name": "api-gateway", "generation": 1},
                    "spec": {"replicas": 1},
                    "status": status | {"availableReplicas": 1},
                }
            ]
        declared = release.parse(self.git.read_file(release.path_of("staging")))
        service = (label_selector or "app=task-service").removeprefix("app=")
        image = f"example.org/todo-{service}@{declared.digests[service]}"
        statuses = [{"name": service, "imageID": image, "restartCount": 0}]
        metadata = {"name": service, "uid": service, "namespace": namespace}
        return [
            {"metadata": metadata, "status": {"phase": "Running", "containerStatuses": statuses}}
        ]


@pytest.fixture
def identity() -> Identity:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Identity(pem.decode(), "k1")


@pytest.fixture
def promoted(gate, make_record):
    """Staging was promoted from the old release to the new one, which nobody has watched yet."""
    record = make_record()
    permit_baselines(gate.git, frozenset(), signing.signer(record.key))
    gate.promote(record)
    gate.said.clear()
    gate.admitted.clear()
    return gate


@pytest.fixture
def ports(promoted, metrics, identity, tmp_path):
    """Ports of a watch whose metrics and gateway a test picks."""

    def made(figures_of: str, server: TodoServer, found: Prometheus = metrics):
        pods = WholePods(promoted.git)

        def baking(environment, commit, seconds):
            watching = Watching(pods, found, figures_of, server.url, identity, committed=commit.at)
            with watching:
                bake(watching.look, seconds, Journal(commit.commit, tmp_path))

        return SimpleNamespace(
            git=promoted.git,
            pods=pods,
            admit=lambda target, branch, also: promoted.admitted.append(
                admitted_by(branch, target, also).digests
            ),
            sync=lambda target, commit: promoted.said.append(f"sync {commit}"),
            smoke=lambda target: promoted.said.append("smoke"),
            bake=baking,
        )

    return made


def staging(gate) -> release.Release:
    return release.parse(gate.git.read_file(release.path_of("staging")))


def test_a_sound_release_is_kept(promoted, ports, new_digests):
    head = promoted.git.head()
    with TodoServer() as server:
        assert watch("staging", ports("staging", server), 5.0).kept
    assert promoted.git.head() == head
    assert staging(promoted).digests == new_digests


def test_a_burning_release_is_reverted_in_git_and_timed(promoted, ports, old_digests):
    bad = promoted.git.head()
    with TodoServer() as server:
        done = watch("staging", ports("dev", server), 60.0)
    assert not done.kept
    assert staging(promoted).digests == old_digests
    log = promoted.git.clone.git("log", "-1", "--format=%B", promoted.git.head())
    assert f"This reverts commit {bad}" in log
    assert [what for _, what in done.steps][1:] == [
        f"{promoted.git.head()[:12]} reverts it in Git",
        "what ran before serves again, on its own digests",
        "a task created through its gateway was delivered",
    ]
    seconds = [at for at, _ in done.steps]
    assert seconds == sorted(seconds)


def test_what_runs_again_is_admitted_again(promoted, ports, old_digests):
    with TodoServer() as server:
        watch("staging", ports("dev", server), 60.0)
    states = promoted.admitted[-1]
    assert {states[digest] for digest in old_digests.values()} == {"in force"}


def test_a_gateway_that_fails_the_watch_s_own_reads_is_left(promoted, ports, old_digests):
    with TodoServer(fail=lambda number: True) as server:
        done = watch("staging", ports("staging", server), 60.0)
    assert "reads failed" in done.why
    assert "answers 503" in done.why
    assert staging(promoted).digests == old_digests


def test_a_watch_without_prometheus_goes_back(promoted, ports, old_digests, monkeypatch):
    monkeypatch.setattr("ballast.gate.bake.STALE_SECONDS", 3.0)
    with TodoServer() as server:
        done = watch("staging", ports("staging", server, Prometheus("http://127.0.0.1:1")), 60.0)
    assert "nobody can say how it is" in done.why
    assert staging(promoted).digests == old_digests


def test_a_way_back_that_was_interrupted_is_gone_on_with(promoted, ports, old_digests):
    with TodoServer() as server:
        site = ports("dev", server)

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        site.smoke = killed
        with pytest.raises(KeyboardInterrupt):
            watch("staging", site, 60.0)
        head = promoted.git.head()
        again = watch("staging", ports("dev", server), 60.0)
    assert not again.kept
    assert promoted.git.head() == head
    assert promoted.said[-2:] == [f"sync {head}", "smoke"]
    assert staging(promoted).digests == old_digests


def test_a_release_whose_evidence_was_written_on_since_goes_back_alone(
    promoted, ports, old_digests
):
    index = promoted.git.read_file("gitops/evidence/index.json")
    changed = index.replace("PASSED", "PASSED ")
    promoted.git.commit_files("Touch the same lines", {"gitops/evidence/index.json": changed})
    with TodoServer() as server:
        assert not watch("staging", ports("dev", server), 60.0).kept
    assert staging(promoted).digests == old_digests
    assert promoted.git.read_file("gitops/evidence/index.json") == changed


def test_only_a_promotion_can_be_watched(git, ports):
    git.commit_files("Push", {release.path_of("staging"): None})
    with TodoServer() as server, pytest.raises(BallastError, match="no promotion to watch: its"):
        watch("staging", ports("staging", server), 5.0)
