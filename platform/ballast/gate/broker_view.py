"""What the broker itself says of groups, offsets and leaders, asked as its administrator.

It is asked inside the network of a broker's pod, so it needs the embedded node. One broker answers
for all: where there are more, it names who else leads and does not ask them.
"""

import base64
import binascii
import socket
import ssl
import struct
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from ballast.agents.broker_access import Answer, int8, several, text
from ballast.errors import BallastError
from ballast.gate.pods import pods_of
from ballast.gate.targets import target_of
from ballast.kubeapi.shape import mapping
from ballast.names import BROKER_ADMIN_PORT, BROKER_AUTHORITY, MESSAGING_NAMESPACE
from ballast.node.containers import network_of, processes_of

CALL_SECONDS: Final = 10.0
LIST_OFFSETS, METADATA, OFFSET_FETCH, DESCRIBE_GROUPS, LIST_GROUPS = 2, 3, 9, 15, 16
# The last ones before the protocol's compact form; Kafka and Redpanda both speak them.
_VERSIONS: Final = {
    LIST_OFFSETS: 4, METADATA: 7, OFFSET_FETCH: 2, DESCRIBE_GROUPS: 0, LIST_GROUPS: 0,
}  # fmt: skip
_ALL: Final = struct.pack(">i", -1)
_LATEST: Final = struct.pack(">iq", -1, -1)

Offsets = dict[str, int]  # by topic/partition
T = TypeVar("T")


class Objects(Protocol):
    """Where Secrets and pods are read: KubeApi."""

    def get(
        self, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> dict[str, Any] | None:
        """The object, or None."""
        ...

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
    ) -> list[dict[str, Any]]:
        """The objects that a selector picks."""
        ...


@dataclass(frozen=True)
class Leader:
    """Who leads a partition: a pod's name, empty without one, and how often that was decided."""

    pod: str
    epoch: int


@dataclass(frozen=True)
class Member:
    """A consumer in its group: the id that it got by joining, and how many partitions it reads."""

    id: str
    partitions: int


@dataclass(frozen=True)
class Progress:
    """How far consumer groups have come: ends of topics, and what each group has committed."""

    ends: Offsets
    committed: dict[str, Offsets] = field(default_factory=dict[str, Offsets])

    def lag(self, group: str) -> int:
        """Events that were published and that the group has not committed."""
        places = self.committed[group].items()
        return sum(max(0, self.ends.get(place, 0) - offset) for place, offset in places)

    @property
    def lags(self) -> dict[str, int]:
        """The lag of every group."""
        return {group: self.lag(group) for group in self.committed}

    def behind(self, before: "Progress") -> list[str]:
        """What went back since: events that a topic held, or work that a group had done."""
        gone = [
            f"{place} ended at {end} and ends at {self.ends.get(place, 0)}"
            for place, end in before.ends.items()
            if self.ends.get(place, 0) < end
        ]
        for group, offsets in before.committed.items():
            now = self.committed.get(group, {})
            gone += [
                f"{group} had read {place} up to {offset} and stands at {now.get(place, 0)}"
                for place, offset in offsets.items()
                if now.get(place, 0) < offset
            ]
        return sorted(gone)


class BrokerView:
    """One connection. What the broker refuses, and silence, raise BallastError."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def progress(self, prefix: str) -> Progress:
        """Of all groups whose name begins so, on the topics that they have read."""
        groups = [name for name in self._groups() if name.startswith(prefix)]
        committed = {group: self._committed(group) for group in sorted(groups)}
        places = {place for offsets in committed.values() for place in offsets}
        return Progress(self._ends(sorted(places)) if places else {}, committed)

    def members(self, group: str) -> tuple[str, list[Member]]:
        """The state of a group, such as Stable, and who is in it."""
        answer = self._call(DESCRIBE_GROUPS, several([text(group)]))

        def member() -> Member:
            name = answer.text()
            answer.text()
            answer.text()
            answer.take(max(answer.number("i"), 0))
            return Member(name, _assigned(answer.take(max(answer.number("i"), 0))))

        def described() -> tuple[str, list[Member]]:
            _refuse(answer.number("h"), f"describe group {group}")
            answer.text()
            state = answer.text()
            answer.text()
            answer.text()
            return state, answer.several(member)

        return answer.several(described)[0]

    def leaders(self, prefix: str) -> dict[str, Leader]:
        """Who leads each partition of the topics whose name begins so."""
        answer = self._call(METADATA, _ALL + int8(0))
        answer.number("i")

        def broker() -> tuple[int, str]:
            found = answer.number("i"), answer.text().split(".")[0]
            answer.number("i")
            answer.text()
            return found

        pods = dict(answer.several(broker))
        answer.text()
        answer.number("i")
        found: dict[str, Leader] = {}

        def topic() -> None:
            answer.number("h")
            name = answer.text()
            answer.number("b")

            def partition() -> None:
                answer.number("h")
                place = f"{name}/{answer.number('i')}"
                leader = Leader(pods.get(answer.number("i"), ""), answer.number("i"))
                for _ in range(3):
                    answer.several(lambda: answer.number("i"))
                if name.startswith(prefix):
                    found[place] = leader

            answer.several(partition)

        answer.several(topic)
        return found

    def _groups(self) -> list[str]:
        answer = self._call(LIST_GROUPS, b"")
        _refuse(answer.number("h"), "list the groups")
        return [name for name, _ in answer.several(lambda: (answer.text(), answer.text()))]

    def _committed(self, group: str) -> Offsets:
        answer = self._call(OFFSET_FETCH, text(group) + _ALL)
        found: Offsets = {}

        def topic() -> None:
            name = answer.text()

            def partition() -> None:
                place, offset = f"{name}/{answer.number('i')}", answer.number("q")
                answer.text()
                _refuse(answer.number("h"), f"tell the offset of {group} in {place}")
                if offset >= 0:
                    found[place] = offset

            answer.several(partition)

        answer.several(topic)
        _refuse(answer.number("h"), f"tell the offsets of {group}")
        return found

    def _ends(self, places: Sequence[str]) -> Offsets:
        split = [place.rpartition("/") for place in places]
        topics = [
            text(name)
            + several(
                [struct.pack(">i", int(n)) + _LATEST for topic, _, n in split if topic == name]
            )
            for name in sorted({topic for topic, _, _ in split})
        ]
        answer = self._call(LIST_OFFSETS, struct.pack(">ib", -1, 0) + several(topics))
        answer.number("i")
        found: Offsets = {}

        def topic() -> None:
            name = answer.text()

            def partition() -> None:
                place = f"{name}/{answer.number('i')}"
                _refuse(answer.number("h"), f"tell the end of {place}")
                answer.number("q")
                found[place] = answer.number("q")
                answer.number("i")

            answer.several(partition)

        answer.several(topic)
        return found

    def _call(self, key: int, body: bytes) -> Answer:
        frame = struct.pack(">hhi", key, _VERSIONS[key], 1) + text("ballast-gate") + body
        try:
            self._socket.sendall(struct.pack(">i", len(frame)) + frame)
            answer = Answer(self._receive(struct.unpack(">i", self._receive(4))[0]))
        except OSError as error:
            raise BallastError(f"the broker hung up: {error or type(error).__name__}") from error
        answer.number("i")
        return answer

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise BallastError("the broker hung up")
            data += part
        return data


@contextmanager
def broker_view(api: Objects) -> Generator[BrokerView]:
    """A connection to a broker that serves; BallastError when none can be asked."""
    target = target_of("broker", "")
    ready = [pod for pod in pods_of(api, target.namespace, target.selector) if pod.serves]
    if not ready:
        raise BallastError("no pod of the broker serves")
    context = _administrator(api)
    with network_of(processes_of(ready[0].uid)) as inside:
        if not inside:
            raise BallastError(
                f"pod {ready[0].name} has no network on this machine",
                "The broker is asked on the embedded node: ballast node status.",
            )
        connected = _connect(context, "127.0.0.1", BROKER_ADMIN_PORT)
    with connected:
        yield BrokerView(connected)


def ask(api: Objects, question: Callable[[BrokerView], T]) -> T | None:
    """The answer to a question, None while the broker gives none."""
    try:
        with broker_view(api) as view:
            return question(view)
    except (BallastError, OSError):
        return None


def _connect(context: ssl.SSLContext, host: str, port: int) -> ssl.SSLSocket:
    try:
        plain = socket.create_connection((host, port), timeout=CALL_SECONDS)
        return context.wrap_socket(plain, server_hostname=host)
    except OSError as error:
        raise BallastError(f"the broker does not answer at {host}:{port}: {error}") from error


def _administrator(api: Objects) -> ssl.SSLContext:
    secret = mapping(api.get("v1", "Secret", BROKER_AUTHORITY, MESSAGING_NAMESPACE))
    data = mapping(secret.get("data"))
    try:
        authority, certificate, key = (
            base64.b64decode(str(data[name])) for name in ("ca.crt", "admin.crt", "admin.key")
        )
    except (KeyError, binascii.Error) as wrong:
        raise BallastError(
            f"Secret {MESSAGING_NAMESPACE}/{BROKER_AUTHORITY} has no administrator: {wrong}",
            "pulumi up, which makes it",
        ) from wrong
    context = ssl.create_default_context(cadata=authority.decode())
    with tempfile.TemporaryDirectory() as folder:
        # The library takes a key from a file only; the folder is ours alone and goes at once.
        pair = Path(folder, "administrator.pem")
        pair.write_bytes(key + certificate)
        context.load_cert_chain(pair)
    return context


def _assigned(assignment: bytes) -> int:
    """How many partitions a consumer was given; none before the group has agreed."""
    if not assignment:
        return 0
    answer = Answer(assignment)
    answer.number("h")

    def topic() -> int:
        answer.text()
        return len(answer.several(lambda: answer.number("i")))

    return sum(answer.several(topic))


def _refuse(code: int, what: str) -> None:
    if code:
        raise BallastError(f"the broker did not {what} (error {code})")
