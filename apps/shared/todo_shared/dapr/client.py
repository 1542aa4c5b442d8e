"""One pooled HTTP client to the sidecar, with a deadline on every call."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from pydantic_core import from_json
from yarl import URL

from todo_shared.telemetry.context import current

_CONNECTIONS: Final = 100


class SidecarError(Exception):
    """The sidecar answered, and the answer is a refusal."""


class SidecarUnavailableError(SidecarError):
    """The sidecar could not be reached, or did not answer within the deadline."""


@dataclass(frozen=True, slots=True)
class SidecarResponse:
    """What came back: a status, the media type, the raw body, and the version where it has one."""

    status: int
    content_type: str
    body: bytes
    etag: str = ""

    @property
    def error_code(self) -> str:
        """The sidecar's own error code, such as ERR_DIRECT_INVOKE; '' when an app answered."""
        if self.status < 400 or not self.body.startswith(b"{"):
            return ""
        try:
            document: Any = from_json(self.body)
        except ValueError:
            return ""
        code = document.get("errorCode", "")
        return code if isinstance(code, str) and code.startswith("ERR_") else ""


class Sidecar:
    """Calls to the sidecar at `url`; `async with` opens and closes the connections."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url.rstrip("/")
        self._headers = {"dapr-api-token": token} if token else {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=60),
            headers=self._headers,
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        seconds: float,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> SidecarResponse:
        """One call that passes the current trace on; any status is a result.

        Raises SidecarUnavailableError when nothing answered within `seconds`.
        """
        if self._session is None:
            raise SidecarUnavailableError("the client of the sidecar is not open")
        try:
            async with self._session.request(
                method,
                URL(self._url + path, encoded=True),
                data=body or None,
                headers={**current().headers(), **(headers or {})},
                timeout=aiohttp.ClientTimeout(total=seconds, connect=min(seconds, 2.0)),
                allow_redirects=False,
            ) as response:
                return SidecarResponse(
                    response.status,
                    response.content_type,
                    await response.read(),
                    response.headers.get("etag", ""),
                )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            reason = f"{type(error).__name__} {error}".strip()
            raise SidecarUnavailableError(f"{method} {path}: {reason}") from error

    async def ready(self) -> bool:
        """Whether the sidecar can reach out; it may still wait for this very app."""
        try:
            answer = await self.call("GET", "/v1.0/healthz/outbound", seconds=1.0)
        except SidecarUnavailableError:
            return False
        return answer.status < 300
