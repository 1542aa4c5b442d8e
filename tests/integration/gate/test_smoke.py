"""The smoke test after a promotion, and reading a ledger back, against a real server."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ballast.errors import BallastError
from ballast.gate.readback import Readback
from ballast.gate.samples import Sample
from ballast.gate.smoke import smoke
from ballast.gate.tokens import Identity


@pytest.fixture(scope="module")
def identity() -> Identity:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Identity(pem.decode(), "k1")


def test_a_delivered_task_passes(todo_server, identity):
    with todo_server() as server:
        smoke(server.url, identity, 60)
    assert [title for _, title in server.tasks.values()] == ["Smoke test task"]


def test_a_task_that_is_never_delivered_fails(todo_server, identity):
    with (
        todo_server(lose=lambda _: True) as server,
        pytest.raises(BallastError, match="was created and not delivered"),
    ):
        smoke(server.url, identity, 1)


def test_a_reminder_that_never_comes_fails(todo_server, identity):
    with (
        todo_server(remind=False) as server,
        pytest.raises(BallastError, match="was delivered and its reminder was not"),
    ):
        smoke(server.url, identity, 1)


def test_a_gateway_that_refuses_fails(todo_server, identity):
    with (
        todo_server(fail=lambda _: True) as server,
        pytest.raises(BallastError, match="answers 503"),
    ):
        smoke(server.url, identity, 1)


def test_a_gateway_that_is_not_there_fails(todo_server, identity):
    with todo_server() as server:
        pass
    with pytest.raises(BallastError, match="does not answer"):
        smoke(server.url, identity, 1)


def create(user: int, key: str, task_id: str) -> Sample:
    return Sample(0, "create", user, 0.0, 0.0, 0.0, 201 if task_id else 0, "", key, task_id)


def test_effects_are_read_back_for_all_users_of_a_run(todo_server):
    with todo_server() as server:
        made = [server.create(f"u{n % 3}", f"title-{n}")["id"] for n in range(12)]
        samples = [create(n % 3, f"title-{n}", task) for n, task in enumerate(made)]
        ledger = Readback(server.url, ["u0", "u1", "u2"]).settle(samples, 2)
    assert (ledger.acknowledged, ledger.matched, ledger.lost) == (12, 12, ())


def test_a_create_without_acknowledgement_is_recognised_by_its_title(todo_server):
    with todo_server() as server:
        server.create("u0", "title-0")
        ledger = Readback(server.url, ["u0"]).settle([create(0, "title-0", "")], 2)
    assert (ledger.unacknowledged, ledger.phantom) == (1, ())


def test_a_delivery_for_a_task_of_nobody_is_a_phantom(todo_server):
    with todo_server() as server:
        server.create("u0", "somebody else's")
        ledger = Readback(server.url, ["u0"]).settle([create(0, "title-0", "")], 2)
    assert len(ledger.phantom) == 1


def test_a_user_who_asks_too_often_waits_as_long_as_the_gateway_says(todo_server, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("ballast.gate.readback.time.sleep", waits.append)
    with todo_server(busy=1) as server:
        server.create("u0", "title-0")
        reader = Readback(server.url, ["u0"])
        with reader.client() as client:
            assert len(reader.deliveries(client, 0)) == 1
    assert 7.0 in waits
