"""Real sidecars with the rendered component on the secured broker."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from broker import SecureBroker, await_topics
from confluent_kafka.admin import AdminClient
from daprd import Daprd

from ballast import names, release
from ballast.components.broker_rights import plan
from ballast.paths import repository_root
from ballast.supply.build import ensure_binaries
from todo_shared.topics import create_topics, with_dead_letters

# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)
SECONDS = 120
ROOT = repository_root()


@dataclass
class Consumer:
    """An app that takes whatever its sidecar brings, in bulk."""

    taken: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        consumer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(404, {})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                consumer.taken += [entry["event"] for entry in body["entries"]]
                ids = [entry["entryId"] for entry in body["entries"]]
                statuses = [{"entryId": each, "status": "SUCCESS"} for each in ids]
                self._answer(200, {"statuses": statuses})

            def _answer(self, status: int, body: dict[str, Any]) -> None:
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Where its sidecar finds it."""
        return self.server.server_port


def rendered(brokers: str, folder: Path) -> list[dict[str, Any]]:
    """The chart of `dev` with this broker."""
    images = {name: (f"example/{name}", "sha256:" + "0" * 64) for name in names.SERVICES}
    (folder / "release.yaml").write_text(release.release("dev", images, "test"))
    values = [ROOT / "gitops/environments/dev/values.yaml", folder / "release.yaml"]
    done = subprocess.run(
        [
            str(ensure_binaries(["helm"])["helm"]),
            *("template", "todo-app", str(ROOT / "gitops/charts/todo-umbrella")),
            *("--namespace", names.ENVIRONMENT_NAMESPACES["dev"]),
            *(word for path in values for word in ("--values", str(path))),
            *("--set-json", f"global.kafka.brokers={json.dumps(brokers)}"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return [each for each in yaml.safe_load_all(done.stdout) if each]


@dataclass
class Scene:
    """A broker, and sidecars that the test starts."""

    broker: SecureBroker
    folder: Path
    started: list[Daprd] = field(default_factory=list)

    def sidecar(self, app: str, app_port: int | None = None, password: str | None = None) -> Daprd:
        """The started sidecar of an app, with what its pod would have taken from its Secret."""
        objects = rendered(self.broker.address, self.folder)
        kept = [
            each
            for each in objects
            if each["kind"] in {"Component", "Subscription"}
            and each["metadata"]["name"] not in {"statestore", "sweep", "email", "sms", "push"}
            and each["metadata"]["name"] != "webhook"
        ]
        [configuration] = [each for each in objects if each["kind"] == "Configuration"]
        # Without a control plane there is no mTLS, and no sidecar to resolve.
        configuration["spec"] = {
            "secrets": configuration["spec"]["secrets"],
            "nameResolution": {
                "component": "kubernetes",
                "configuration": {"template": "127.0.0.1"},
            },
        }
        place = self.folder / app
        (place / "resources").mkdir(parents=True)
        (place / "resources" / "all.yaml").write_text(yaml.safe_dump_all(kept))
        (place / "config.yaml").write_text(yaml.safe_dump(configuration))
        user = names.broker_user(app, "dev")
        environment = {
            "KAFKA_PASSWORD": password or self.broker.password(user),
            "KAFKA_CA": (self.broker.tls / "ca.crt").read_text(),
        }
        made = Daprd(app, place, place / "resources", app_port, environment=environment)
        self.started.append(made)
        made.start()
        return made


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker with the users, rights and topics of `dev`."""
    running = SecureBroker(tmp_path_factory.mktemp("kafka"))
    running.start()
    running.admit(plan(["dev"]))
    admin = AdminClient(running.login("topics"))
    await_topics(admin, create_topics(admin, with_dead_letters(), "dev.", 1))
    yield running
    running.stop()


@pytest.fixture
def scene(broker: SecureBroker, tmp_path: Path) -> Iterator[Scene]:
    """Nothing runs yet but the broker."""
    made = Scene(broker, tmp_path)
    yield made
    for each in made.started:
        each.stop()


def published(sidecar: Daprd, topic: str, data: Any) -> httpx.Response:
    """The sidecar's last answer: it may have to start first."""
    url = f"{sidecar.url}/v1.0/publish/task-events/{topic}?metadata.partitionKey=ann"
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return httpx.post(url, json=data, timeout=SECONDS)
        except httpx.TransportError:
            assert time.monotonic() < deadline, sidecar.log.read_text()[-3000:]
            time.sleep(0.1)


def test_an_event_goes_from_its_publisher_to_its_subscriber(scene: Scene) -> None:
    app = Consumer()
    scene.sidecar("notification-service", app.port)
    publisher = scene.sidecar("task-service")

    answer = published(publisher, "dev.task.created", {"hello": "ann"})

    assert answer.status_code == 204, answer.text
    deadline = time.monotonic() + SECONDS
    while not app.taken and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [each["data"] for each in app.taken] == [{"hello": "ann"}]


def test_a_sidecar_publishes_nothing_that_its_app_does_not(scene: Scene) -> None:
    answer = published(scene.sidecar("analytics-service"), "dev.task.created", {})

    assert answer.status_code == 500
    assert "not authorized" in answer.text


def test_a_sidecar_with_another_password_serves_no_events(scene: Scene) -> None:
    sidecar = scene.sidecar("task-service", password="guessed")
    deadline = time.monotonic() + SECONDS
    while "SASL" not in sidecar.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "SASL" in sidecar.log.read_text()


def test_an_app_cannot_ask_its_sidecar_for_the_password(scene: Scene) -> None:
    sidecar = scene.sidecar("task-service")
    assert published(sidecar, "dev.task.updated", {}).status_code == 204

    one = httpx.get(f"{sidecar.url}/v1.0/secrets/sidecar-environment/PASSWORD")
    everything = httpx.get(f"{sidecar.url}/v1.0/secrets/sidecar-environment/bulk")

    assert one.status_code == 403
    password = scene.broker.password("todo-app-dev.task-service")
    assert password not in one.text + everything.text
