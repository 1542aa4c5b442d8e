"""Somebody registers, signs in, and works with the token that the gateway gave."""

import time
import uuid

import httpx
import jwt
import pytest

from ballast.gate.tokens import identity_of
from ballast.kubeapi import KubeApi
from ballast.names import GATEWAY_PORTS, TOKEN_AUDIENCE, TOKEN_ISSUER

pytestmark = pytest.mark.e2e
PASSWORD = "correct horse battery staple"


@pytest.fixture
def visitor() -> httpx.Client:
    return httpx.Client(
        base_url=f"http://127.0.0.1:{GATEWAY_PORTS['dev']}/api/v1", timeout=15, trust_env=False
    )


def test_a_registered_user_signs_in_and_creates_a_task(visitor: httpx.Client) -> None:
    account = {"email": f"{uuid.uuid4()}@example.org", "password": PASSWORD}
    registered = visitor.post("/auth/register", json=account)
    assert registered.status_code == 201, registered.text
    signed_in = visitor.post("/auth/login", json=account)
    assert signed_in.status_code == 200, signed_in.text
    token = signed_in.json()["access_token"]
    made = visitor.post(
        "/tasks", json={"title": "Mine"}, headers={"authorization": f"Bearer {token}"}
    )
    assert made.status_code == 201, made.text


def test_a_wrong_password_is_refused(visitor: httpx.Client) -> None:
    account = {"email": f"{uuid.uuid4()}@example.org", "password": PASSWORD}
    visitor.post("/auth/register", json=account).raise_for_status()
    answer = visitor.post("/auth/login", json=account | {"password": "not the password"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("ahead", "status"), [(-100, 401), (-70, 200), (0, 200), (20, 200), (45, 401)]
)
def test_an_issuer_whose_clock_is_off_is_believed_as_far_as_stated(
    visitor: httpx.Client, api: KubeApi, ahead: int, status: int
) -> None:
    identity = identity_of(api, "dev")
    now = int(time.time()) + ahead
    claims = {"iss": TOKEN_ISSUER, "aud": TOKEN_AUDIENCE, "sub": f"skew-{uuid.uuid4()}",
              "iat": now, "nbf": now, "exp": now + 60}  # fmt: skip
    token = jwt.encode(
        claims, identity.private_key, algorithm="EdDSA", headers={"kid": identity.key_id}
    )
    answer = visitor.get("/tasks", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == status, answer.text
