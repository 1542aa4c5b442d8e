"""The three calls to Vault that a service needs: log in, take a database lease, give it back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import aiohttp

_CALL_SECONDS: Final = 5.0


class VaultError(Exception):
    """Vault could not be reached or refused; the message says which call and why."""


@dataclass(frozen=True, slots=True)
class VaultLease:
    """A database user that lives for `seconds`, bound to the token that took it."""

    user: str
    password: str = field(repr=False)
    lease_id: str
    seconds: float
    token: str = field(repr=False)


class Vault:
    """Logs in with the projected token of the pod's ServiceAccount, anew for each lease.

    A lease dies with the token that took it, so each lease has its own token and giving the token
    back gives the lease back: no policy beyond Vault's default one is needed for it.
    """

    def __init__(
        self, address: str, role: str, token_path: Path, auth_mount: str, database_mount: str
    ) -> None:
        self._address = address.rstrip("/")
        self._role = role
        self._token_path = token_path
        self._auth_mount = auth_mount
        self._database_mount = database_mount

    async def take(self) -> VaultLease:
        """A new database user; raises VaultError."""
        try:
            identity = self._token_path.read_text().strip()
        except OSError as error:
            raise VaultError(f"the service account token is not readable: {error}") from error
        login = await self._call(
            "POST", f"auth/{self._auth_mount}/login", body={"role": self._role, "jwt": identity}
        )
        token = str(login["auth"]["client_token"])
        try:
            lease = await self._call(
                "GET", f"{self._database_mount}/creds/{self._role}", token=token
            )
        except VaultError:
            await self._give_back(token)
            raise
        token_seconds = float(login["auth"]["lease_duration"]) or float("inf")
        return VaultLease(
            user=str(lease["data"]["username"]),
            password=str(lease["data"]["password"]),
            lease_id=str(lease["lease_id"]),
            seconds=min(float(lease["lease_duration"]), token_seconds),
            token=token,
        )

    async def renew(self, lease: VaultLease) -> float:
        """Lengthen token and lease; returns the seconds that are left. Raises VaultError."""
        token = await self._call("POST", "auth/token/renew-self", token=lease.token, body={})
        renewed = await self._call(
            "POST", "sys/leases/renew", token=lease.token, body={"lease_id": lease.lease_id}
        )
        token_seconds = float(token["auth"]["lease_duration"]) or float("inf")
        return min(float(renewed["lease_duration"]), token_seconds)

    async def give_back(self, lease: VaultLease) -> None:
        """End token and lease now: the database user stops to exist. Raises VaultError."""
        await self._give_back(lease.token)

    async def _give_back(self, token: str) -> None:
        await self._call("POST", "auth/token/revoke-self", token=token, body={})

    async def _call(
        self, method: str, path: str, *, token: str = "", body: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS), trust_env=False
                ) as session,
                session.request(
                    method,
                    f"{self._address}/v1/{path}",
                    json=body,
                    headers={"x-vault-token": token} if token else {},
                ) as response,
            ):
                document: Any = await response.json() if response.status != 204 else {}
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise VaultError(f"{method} {path}: {type(error).__name__} {error}") from error
        if status >= 300:
            reasons = "; ".join(str(reason) for reason in document.get("errors", ()))
            raise VaultError(f"{method} {path}: {status} {reasons}")
        return cast(dict[str, Any], document)
