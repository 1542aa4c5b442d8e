"""A real Kafka broker on 127.0.0.1, from the archives and the Java runtime of the platform.

`SecureBroker` has the listeners, the certificates and the authorizer of the platform's own.
"""

import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from ports import free_port

from ballast import names
from ballast.agents.broker_access import Broker as Administration
from ballast.agents.broker_access import Plan, Problem, Right, reconcile
from ballast.components import broker_authority
from ballast.components.broker_kafka import security
from ballast.supply.lock import load_lock
from ballast.supply.maven import ensure_jars
from ballast.supply.toolchain import ensure_jdk

START_SECONDS = 180
# A test run that is killed must not leave a broker behind.
DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"]
OPTIONS = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx256m"]


def await_topics(admin: AdminClient, names: Iterable[str]) -> None:
    """Wait until the broker tells of these topics: a moment after it said that it made them."""
    wanted = set(names)
    deadline = time.monotonic() + START_SECONDS
    while not wanted <= set(admin.list_topics(timeout=60).topics):
        assert time.monotonic() < deadline, "the broker does not tell of its topics"
        time.sleep(0.01)


@dataclass
class Broker:
    """One node that is broker and controller; topics are made only on request."""

    folder: Path
    port: int = field(default_factory=free_port)
    controller: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Format the log folder when it is empty, start, and wait for an answer."""
        lock = load_lock()
        assert lock.maven is not None
        jars = ensure_jars(lock.maven.closure["kafka"], print)
        java = [
            str(ensure_jdk() / "bin" / "java"),
            *OPTIONS,
            *("-cp", ":".join(str(jar.path) for jar in jars)),
        ]
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        properties.write_text(self._properties())
        identity = ["--cluster-id", "YmFsbGFzdC10ZXN0LWNsdQ", "--config", str(properties)]
        subprocess.run(
            [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted", *identity],
            check=True,
            capture_output=True,
        )
        with (self.folder / "kafka.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*DIES_WITH_US, *java, "kafka.Kafka", str(properties)], stdout=log, stderr=log
            )
        self._wait()

    def _listeners(self) -> dict[str, str]:
        return {
            "listeners": f"BROKER://{self.address},CONTROLLER://127.0.0.1:{self.controller}",
            "advertised.listeners": f"BROKER://{self.address}",
            "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "BROKER",
        }

    def _properties(self) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller}",
            "controller.listener.names": "CONTROLLER",
            **self._listeners(),
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": "1",
            "offsets.topic.replication.factor": "1",
            "group.initial.rebalance.delay.ms": "0",
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._running():
            if self._answers():
                return
            time.sleep(0.05)  # a refused connection comes back at once
        raise TimeoutError((self.folder / "kafka.log").read_text()[-3000:])

    def _answers(self) -> bool:
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        try:
            admin.list_topics(timeout=1.0)
        except KafkaException:
            return False
        return True

    def _running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """End the broker."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass
class SecureBroker(Broker):
    """Admits users with a password over TLS, and lets them do what `admit` grants."""

    admin: int = field(default_factory=free_port)
    seed: str = ""

    @property
    def tls(self) -> Path:
        """Folder of the certificates, among them ca.crt."""
        return self.folder / "tls"

    def start(self) -> None:
        """Make an authority at the first start, then start."""
        if not self.tls.exists():
            self.tls.mkdir(parents=True)
            for name, content in broker_authority.fresh().items():
                (self.tls / name).write_text(content)
        self.seed = (self.tls / broker_authority.SEED).read_text()
        super().start()

    def admit(self, plan: Mapping[str, Any], generation: int = 1) -> str:
        """Bring users and rights to the platform's plan, as its Job does."""
        wanted = Plan(tuple(plan["users"]), frozenset(Right(*each) for each in plan["rights"]))
        passwords = {user: self.password(user, generation) for user in wanted.users}
        administration = Administration(f"127.0.0.1:{self.admin}", self.tls)
        try:
            return reconcile(administration, wanted, passwords)
        finally:
            administration.close()

    def password(self, user: str, generation: int = 1) -> str:
        """The user's password."""
        return broker_authority.password(self.seed, user, generation)

    def login(self, name: str, environment: str = "dev") -> dict[str, str]:
        """How a client logs in as this user of an environment."""
        user = names.broker_user(name, environment)
        return {
            "bootstrap.servers": self.address,
            "security.protocol": "SASL_SSL",
            "sasl.mechanisms": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": self.password(user),
            "ssl.ca.location": str(self.tls / "ca.crt"),
            "log_level": "0",
        }

    def _listeners(self) -> dict[str, str]:
        admin = f"ADMIN://127.0.0.1:{self.admin}"
        inner = f"{admin},CONTROLLER://127.0.0.1:{self.controller}"
        return {
            "listeners": f"CLIENT://{self.address},{inner}",
            "advertised.listeners": f"CLIENT://{self.address},{admin}",
            "inter.broker.listener.name": "ADMIN",
            **security(str(self.tls)),
        }

    def _answers(self) -> bool:
        try:
            administration = Administration(f"127.0.0.1:{self.admin}", self.tls)
        except Problem:
            return False
        try:
            administration.users()
        except Problem:
            return False
        finally:
            administration.close()
        return True
