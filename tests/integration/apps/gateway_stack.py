"""A gateway on a real socket with a real Redis; its sidecar keeps state in memory."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from memory_store import MemoryStore
from recording_sidecar import RecordingSidecar
from running_app import running

from gateway.app import create_app
from gateway.settings import GatewaySettings, IdentitySettings
from todo_shared.dapr import ABSENT, Delete, StateConflictError, Upsert
from todo_shared.settings import ServiceSettings

KEY = Ed25519PrivateKey.generate()
PASSWORD = "correct horse battery"


def write_keys(folder: Path) -> tuple[Path, Path]:
    """The key set and the private key, as the platform lays them into a pod."""
    public = jwt.algorithms.OKPAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    private = jwt.algorithms.OKPAlgorithm.to_jwk(KEY, as_dict=True)
    jwks, signing = folder / "jwks.json", folder / "signing.json"
    jwks.write_text(json.dumps({"keys": [public | {"kid": "k1"}]}))
    signing.write_text(json.dumps(private | {"kid": "k1"}))
    return jwks, signing


def token(subject: str = "ann", **claims: Any) -> dict[str, str]:
    """The header of a request by `subject`."""
    good = {
        "sub": subject,
        "iss": "https://identity.todo.local",
        "aud": "todo",
        "exp": int(time.time()) + 60,
    }
    signed = jwt.encode(good | claims, KEY, algorithm="EdDSA", headers={"kid": "k1"})
    return {"authorization": f"Bearer {signed}"}


class StatefulSidecar(RecordingSidecar):
    """Also speaks the state API, over a store in memory; for apps that nobody named it answers {}
    with the usual status, or `answer`.
    """

    async def __aenter__(self) -> "StatefulSidecar":
        self.store = MemoryStore()
        self.answer: tuple[int, Any] | None = None
        self.bodies: list[bytes] = []
        await super().__aenter__()
        return self

    def routes(self, app: web.Application) -> None:
        """The state API."""
        app.router.add_get("/v1.0/state/{store}/{key}", self._read)
        app.router.add_post("/v1.0/state/{store}/transaction", self._transact)

    async def _read(self, request: web.Request) -> web.Response:
        found = await self.store.get(request.match_info["key"])
        if found is None:
            return web.Response(status=204)
        return web.Response(body=found.value, headers={"etag": found.etag})

    async def _transact(self, request: web.Request) -> web.Response:
        document = json.loads(await request.read())
        try:
            await self.store.transact([_operation(each) for each in document["operations"]])
        except StateConflictError:
            return web.json_response({"message": "possible etag mismatch"}, status=500)
        return web.Response(status=204)

    async def _invoke(self, request: web.Request) -> web.Response:
        if self.unreachable_invokes > 0 or request.match_info["app"] in self.apps:
            return await super()._invoke(request)
        self.bodies.append(await request.read())
        self.invoked.append((request.match_info["app"], request.path_qs, dict(request.headers)))
        status, body = self.answer or (_usual_status(request), {})
        headers = {"etag": '"8"'} if request.method == "PATCH" else None
        return web.json_response(body, status=status, headers=headers)


def _usual_status(request: web.Request) -> int:
    made = request.match_info["path"] in ("tasks", "recurring-tasks", "reminders")
    return {"DELETE": 204, "POST": 201 if made else 200}.get(request.method, 200)


def _operation(document: dict[str, Any]) -> Upsert | Delete:
    request = document["request"]
    first = request["options"].get("concurrency") == "first-write"
    etag = request.get("etag", ABSENT if first else None)
    if document["operation"] == "delete":
        return Delete(request["key"], etag)
    ttl = request.get("metadata", {}).get("ttlInSeconds")
    value = json.dumps(request["value"]).encode()
    return Upsert(request["key"], value, etag, int(ttl) if ttl else None)


@dataclass(frozen=True, slots=True)
class Stack:
    """A running gateway and what is behind it."""

    url: str
    sidecar: StatefulSidecar


@asynccontextmanager
async def gateway_stack(
    folder: Path, redis_url: str | None, *, identity: bool = True, **settings: Any
) -> AsyncIterator[Stack]:
    """A gateway with these settings; they are the gateway's or identity's."""
    jwks, signing = write_keys(folder)
    of_identity = {"password_hash_cost": 4, "outbox_poll_seconds": 0.2} | {
        name: settings.pop(name) for name in list(settings) if name in IdentitySettings.model_fields
    }
    if identity:
        of_identity["identity_signing_key_path"] = signing
    # The machine may be busy: a slow answer of Redis is not what these tests are about.
    of_gateway = {"jwks_path": jwks, "redis_url": redis_url, "redis_seconds": 2.0} | settings
    async with StatefulSidecar() as sidecar:
        app = create_app(
            ServiceSettings(sidecar_url=sidecar.url, topic_prefix="test."),
            GatewaySettings.model_validate(of_gateway),
            IdentitySettings.model_validate(of_identity),
        )
        async with running(app) as url:
            yield Stack(url, sidecar)
