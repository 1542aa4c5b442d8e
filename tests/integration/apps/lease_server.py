"""A lease server: it answers the calls of Vault that a service makes, over real database users.

Each lease is a role made in PostgreSQL, and revoking the token drops it, as Vault's database engine
does. Runs against the real Vault are end-to-end tests.
"""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from postgres import PostgresServer


@dataclass
class LeaseServer:
    """Leases users of `database`, owned by role `owner`."""

    postgres: PostgresServer
    database: str
    owner: str
    seconds: int = 3600
    healthy: bool = True
    tokens: dict[str, str] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    renewed: int = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/auth/jwt/login", self._login)
        app.router.add_get("/v1/database/creds/{role}", self._creds)
        app.router.add_post("/v1/auth/token/revoke-self", self._revoke)
        app.router.add_post("/v1/auth/token/renew-self", self._renew_token)
        app.router.add_post("/v1/sys/leases/renew", self._renew)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _login(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if not self.healthy or body["jwt"] != "projected-token":
            return web.json_response({"errors": ["permission denied"]}, status=403)
        token = secrets.token_hex(8)
        self.tokens[token] = ""
        return web.json_response({"auth": {"client_token": token, "lease_duration": self.seconds}})

    async def _creds(self, request: web.Request) -> web.Response:
        user = f"v-{secrets.token_hex(6)}"
        for statement in (
            f"CREATE ROLE \"{user}\" LOGIN PASSWORD 'p' IN ROLE {self.owner}",
            f"ALTER ROLE \"{user}\" SET role = '{self.owner}'",
        ):
            await self.postgres.execute(statement)
        self.tokens[request.headers["x-vault-token"]] = user
        self.users.append(user)
        return web.json_response(
            {
                "lease_id": f"database/creds/{user}",
                "lease_duration": self.seconds,
                "data": {"username": user, "password": "p"},
            }
        )

    async def _revoke(self, request: web.Request) -> web.Response:
        user = self.tokens.pop(request.headers["x-vault-token"])
        if user:
            await self.revoke(user)
        return web.Response(status=204)

    async def revoke(self, user: str) -> None:
        """Drop a user and cut its sessions, as after a leak."""
        await self.postgres.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}'"
        )
        await self.postgres.execute(f'DROP ROLE IF EXISTS "{user}"')
        self.revoked.append(user)

    async def _renew_token(self, _: web.Request) -> web.Response:
        return web.json_response({"auth": {"lease_duration": self.seconds}})

    async def _renew(self, request: web.Request) -> web.Response:
        body: Any = json.loads(await request.read())
        self.renewed += 1
        return web.json_response({"lease_id": body["lease_id"], "lease_duration": self.seconds})
