"""Makes the broker's users and rights what its plan says: adds, sets passwords, takes away.

It speaks the Kafka protocol itself, as the administrator that its client certificate names, so it
needs nothing but Python. Environment: BROKER (host:port), PLAN (JSON file, see `Plan`), AUTHORITY
(folder with ca.crt, admin.crt, admin.key), USERS (folder with one file a user, its password).
"""

import hashlib
import json
import os
import secrets
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

CREATE_ACLS, DESCRIBE_ACLS, DELETE_ACLS = 30, 29, 31
DESCRIBE_USERS, ALTER_USERS = 50, 51
# These two are written in the protocol's newer, compact form.
COMPACT = {DESCRIBE_USERS, ALTER_USERS}
VERSION = {CREATE_ACLS: 1, DESCRIBE_ACLS: 1, DELETE_ACLS: 1, DESCRIBE_USERS: 0, ALTER_USERS: 0}
SCRAM_SHA_512 = 2
ITERATIONS = 4096  # the passwords are random and long: more rounds would only cost logins
ANY, ALLOW, LITERAL = 1, 3, 3
RESOURCES = {"topic": 2, "group": 3}
OPERATIONS = {"read": 3, "write": 4, "create": 5, "describe": 8, "alter-configs": 11}
NO_ERROR, RESOURCE_NOT_FOUND = 0, 91
CALL_SECONDS = 30.0
WAIT_SECONDS = 300.0

T = TypeVar("T")


class Problem(Exception):  # noqa: N818 - the broker may only be starting
    """The broker did not do what it was asked."""


@dataclass(frozen=True, order=True)
class Right:
    """One thing that one user may do to the resource of exactly this name."""

    user: str
    resource: str
    name: str
    operation: str

    def wire(self) -> bytes:
        """As the protocol names it."""
        return b"".join(
            (
                int8(RESOURCES[self.resource]),
                text(self.name),
                int8(LITERAL),
                text(f"User:{self.user}"),
                text("*"),
                int8(OPERATIONS[self.operation]),
                int8(ALLOW),
            )
        )


@dataclass(frozen=True)
class Plan:
    """Who exists and what they may do; nobody else does anything."""

    users: tuple[str, ...]
    rights: frozenset[Right]

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """The plan of a file."""
        given: dict[str, Any] = json.loads(path.read_text())
        rights = frozenset(Right(*each) for each in given["rights"])
        return cls(tuple(given["users"]), rights)


def int8(number: int) -> bytes:
    """One signed byte."""
    return struct.pack(">b", number)


def text(value: str) -> bytes:
    """A string after its length in two bytes."""
    data = value.encode()
    return struct.pack(">h", len(data)) + data


def several(items: Sequence[bytes]) -> bytes:
    """An array after its length in four bytes."""
    return struct.pack(">i", len(items)) + b"".join(items)


def varint(number: int) -> bytes:
    """An unsigned number, seven bits a byte."""
    done = bytearray()
    while number > 0x7F:
        done.append(number & 0x7F | 0x80)
        number >>= 7
    done.append(number)
    return bytes(done)


def compact(data: bytes) -> bytes:
    """Bytes or text in compact form: the length is one more than it is, for 0 means null."""
    return varint(len(data) + 1) + data


def compact_several(items: Sequence[bytes]) -> bytes:
    """A compact array of structures, each closed by an empty list of tags."""
    return varint(len(items) + 1) + b"".join(item + b"\0" for item in items)


class Answer:
    """The bytes of an answer, taken from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, form: str) -> int:
        """The next number of a `struct` form, such as h or i."""
        return int(struct.unpack(f">{form}", self.take(struct.calcsize(form)))[0])

    def text(self) -> str:
        """A string; empty when it is null."""
        return self.take(max(self.number("h"), 0)).decode()

    def varint(self) -> int:
        """An unsigned number, seven bits a byte."""
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def compact_text(self) -> str:
        """A compact string; empty when it is null."""
        return self.take(max(self.varint() - 1, 0)).decode()

    def several(self, item: Callable[[], T]) -> list[T]:
        """An array."""
        return [item() for _ in range(self.number("i"))]

    def compact_several(self, item: Callable[[], T]) -> list[T]:
        """A compact array of structures with no tags that we know."""

        def closed() -> T:
            found = item()
            self.take(self.varint())
            return found

        return [closed() for _ in range(max(self.varint() - 1, 0))]


class Broker:
    """A connection as administrator. Raises Problem when the broker refuses or is away."""

    def __init__(self, address: str, authority: Path) -> None:
        host, _, port = address.rpartition(":")
        context = ssl.create_default_context(cafile=str(authority / "ca.crt"))
        context.load_cert_chain(authority / "admin.crt", authority / "admin.key")
        try:
            plain = socket.create_connection((host, int(port)), timeout=CALL_SECONDS)
            self._socket = context.wrap_socket(plain, server_hostname=host)
        except OSError as error:
            raise Problem(f"{address} does not answer: {error}") from error

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def users(self) -> set[str]:
        """Everybody who can log in by password."""
        answer = self._call(DESCRIBE_USERS, varint(0) + b"\0")
        answer.number("i")
        refuse(answer.number("h"), answer.compact_text(), "list the users")

        def user() -> str:
            name = answer.compact_text()
            answer.take(2)
            answer.compact_text()
            answer.compact_several(lambda: answer.take(5))
            return name

        return set(answer.compact_several(user))

    def set_users(self, passwords: Mapping[str, str], gone: set[str]) -> None:
        """Make the users or set their passwords, and forget who is `gone`."""
        deleted = [compact(name.encode()) + int8(SCRAM_SHA_512) for name in sorted(gone)]
        made = [_credential(name, password) for name, password in sorted(passwords.items())]
        body = compact_several(deleted) + compact_several(made) + b"\0"
        answer = self._call(ALTER_USERS, body)
        answer.number("i")

        def result() -> None:
            name = answer.compact_text()
            code, said = answer.number("h"), answer.compact_text()
            if code != RESOURCE_NOT_FOUND:
                refuse(code, said, f"set user {name}")

        answer.compact_several(result)

    def rights(self) -> set[Right]:
        """Every right there is; one that a plan cannot name has `?` in it."""
        any_name = struct.pack(">h", -1)
        body = int8(ANY) + any_name + int8(ANY) + any_name + any_name + int8(ANY) + int8(ANY)
        answer = self._call(DESCRIBE_ACLS, body)
        answer.number("i")
        refuse(answer.number("h"), answer.text(), "list the rights")
        resources = {number: word for word, number in RESOURCES.items()}
        operations = {number: word for word, number in OPERATIONS.items()}
        found: set[Right] = set()

        def resource() -> None:
            kind, name, pattern = answer.number("b"), answer.text(), answer.number("b")

            def entry() -> None:
                user, host = answer.text().removeprefix("User:"), answer.text()
                operation, permission = answer.number("b"), answer.number("b")
                known = (pattern, host, permission) == (LITERAL, "*", ALLOW)
                word = resources.get(kind, "?") if known else "?"
                found.add(Right(user, word, name, operations.get(operation, "?")))

            answer.several(entry)

        answer.several(resource)
        return found

    def add(self, rights: Sequence[Right]) -> None:
        """Grant."""
        answer = self._call(CREATE_ACLS, several([right.wire() for right in rights]))
        answer.number("i")
        answer.several(lambda: refuse(answer.number("h"), answer.text(), "grant a right"))

    def take_away(self, rights: Sequence[Right]) -> None:
        """Revoke: a right that no plan can name goes with all of its user on that name."""
        answer = self._call(DELETE_ACLS, several([_filter(right) for right in rights]))
        answer.number("i")

        def result() -> None:
            refuse(answer.number("h"), answer.text(), "revoke a right")

            def matched() -> None:
                answer.number("h")
                answer.text()
                answer.take(1)
                answer.text()
                answer.take(1)
                answer.text()
                answer.text()
                answer.take(2)

            answer.several(matched)

        answer.several(result)

    def _call(self, key: int, body: bytes) -> Answer:
        tags = b"\0" if key in COMPACT else b""
        header = struct.pack(">hhi", key, VERSION[key], 1) + text("broker-access") + tags
        frame = header + body
        try:
            self._socket.sendall(struct.pack(">i", len(frame)) + frame)
            size = struct.unpack(">i", self._receive(4))[0]
            answer = Answer(self._receive(size))
        except OSError as error:
            raise Problem(f"the broker hung up: {error}") from error
        answer.take(4 + len(tags))
        return answer

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise Problem("the broker hung up: is this certificate an administrator's?")
            data += part
        return data


def _credential(name: str, password: str) -> bytes:
    salt = secrets.token_bytes(32)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    numbers = int8(SCRAM_SHA_512) + struct.pack(">i", ITERATIONS)
    return compact(name.encode()) + numbers + compact(salt) + compact(salted)


def _filter(right: Right) -> bytes:
    named = right.resource in RESOURCES and right.operation in OPERATIONS
    if named:
        return right.wire()
    user, any_host = text(f"User:{right.user}"), struct.pack(">h", -1)
    return int8(ANY) + text(right.name) + int8(ANY) + user + any_host + int8(ANY) + int8(ANY)


def refuse(code: int, said: str, what: str) -> None:
    """Raise Problem unless the code says that all is well."""
    if code != NO_ERROR:
        raise Problem(f"the broker did not {what}: {said or 'no reason given'} (error {code})")


def reconcile(broker: Broker, plan: Plan, passwords: Mapping[str, str]) -> str:
    """Bring users and rights to the plan; a line that says what changed."""
    gone = broker.users() - set(plan.users)
    broker.set_users({user: passwords[user] for user in plan.users}, gone)
    there = broker.rights()
    extra, missing = sorted(there - plan.rights), sorted(plan.rights - there)
    if extra:
        broker.take_away(extra)
        # What no plan can name may have taken a wanted right of the same name with it.
        missing = sorted(plan.rights - broker.rights())
    if missing:
        broker.add(missing)
    return (
        f"{len(plan.users)} users set, {len(gone)} removed; "
        f"{len(missing)} rights added, {len(extra)} removed, {len(plan.rights)} hold"
    )


def main() -> int:
    """Reconcile once, waiting for a broker that is only starting; 1 when it stays away."""
    plan = Plan.read(Path(os.environ["PLAN"]))
    folder = Path(os.environ["USERS"])
    passwords = {user: (folder / user).read_text() for user in plan.users}
    authority = Path(os.environ["AUTHORITY"])
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            broker = Broker(os.environ["BROKER"], authority)
            try:
                print(reconcile(broker, plan, passwords))
            finally:
                broker.close()
        except Problem as problem:
            print(f"broker-access: {problem}", file=sys.stderr)
            if time.monotonic() > deadline:
                return 1
            time.sleep(1)
        else:
            return 0


if __name__ == "__main__":
    sys.exit(main())
