"""A real Kafka broker on 127.0.0.1, from the archives and the Java runtime of the platform."""

import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from postgres import free_port

from ballast.supply.lock import load_lock
from ballast.supply.maven import ensure_jars
from ballast.supply.toolchain import ensure_jdk

START_SECONDS = 180
# A test run that is killed must not leave a broker behind.
DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"]
OPTIONS = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx256m"]


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

    def _properties(self) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller}",
            "listeners": f"BROKER://{self.address},CONTROLLER://127.0.0.1:{self.controller}",
            "advertised.listeners": f"BROKER://{self.address}",
            "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "BROKER",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": "1",
            "offsets.topic.replication.factor": "1",
            "group.initial.rebalance.delay.ms": "0",
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())

    def _wait(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._running():
            try:
                admin.list_topics(timeout=1.0)
            except KafkaException:
                continue
            return
        raise TimeoutError((self.folder / "kafka.log").read_text()[-3000:])

    def _running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """End the broker."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
