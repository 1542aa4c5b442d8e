"""One HTTP exchange with the API server, made again while that can help."""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import httpx

from ballast.kubeapi.credentials import Session, open_session
from ballast.kubeapi.errors import UNREACHABLE, Cause, KubeApiError
from ballast.kubeapi.kubeconfig import Endpoint
from ballast.kubeapi.shape import Json, mapping, mappings

_RETRIED = (429, 503, 504)
_READ_SECONDS = 60.0


class Transport:
    """Thread-safe requests with retries until a deadline, and warnings handed to a callback.

    `deadline` is in seconds and bounds all attempts of one request together.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        deadline: float = 30.0,
        on_warning: Callable[[str], None] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.deadline = deadline
        self.on_warning = on_warning
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._client: httpx.Client | None = None

    def session(self) -> Session:
        """The TLS context and headers in use; opened on first need."""
        self._connected()
        return cast("Session", self._session)

    def close(self) -> None:
        """Close pooled connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def json(
        self,
        method: str,
        path: str,
        body: object = None,
        content_type: str = "application/json",
        params: Mapping[str, str] | None = None,
    ) -> Json:
        """Exchange JSON; raises KubeApiError for a refusal or when no answer came in time."""
        response = self.exchange(method, path, body, content_type, params)
        try:
            answer: Any = response.json()
        except ValueError:
            answer = {"message": response.text[:300]}
        return cast("Json", answer)

    def exchange(
        self,
        method: str,
        path: str,
        body: object = None,
        content_type: str = "application/json",
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Exchange bytes; same errors as `json`."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": content_type} if content is not None else {}
        end, attempt, renewed = time.monotonic() + self.deadline, 0, False
        while True:
            pause = min(0.1 * 2**attempt, 2.0) * random.uniform(0.5, 1.0)  # noqa: S311
            attempt += 1
            try:
                response = self._connected().request(
                    method, path, params=params, content=content, headers=headers
                )
            except httpx.TransportError as error:
                # A POST that reached the server may have been carried out: do not send it twice.
                safe = method != "POST" or isinstance(error, httpx.ConnectError)
                if not safe or time.monotonic() + pause > end:
                    raise self._unreachable(error) from error
                time.sleep(pause)
                continue
            if response.status_code == 401 and self.endpoint.plugin and not renewed:
                renewed = True
                self._forget()
                continue
            if response.status_code in _RETRIED:
                pause = max(pause, _retry_after(response))
                if time.monotonic() + pause <= end:
                    time.sleep(pause)
                    continue
            break
        if self.on_warning:
            for warning in response.headers.get_list("warning"):
                self.on_warning(warning.split('"')[1] if '"' in warning else warning)
        if response.status_code >= 400:
            raise _refusal(response)
        return response

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._session = open_session(self.endpoint)
                extensions: dict[str, str] = {}
                if self.endpoint.tls_server_name:
                    extensions["sni_hostname"] = self.endpoint.tls_server_name
                self._client = httpx.Client(
                    base_url=self.endpoint.server,
                    verify=self._session.tls,
                    headers=self._session.headers,
                    timeout=httpx.Timeout(_READ_SECONDS, connect=5.0),
                    trust_env=False,
                    limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
                    event_hooks={"request": [_sni(extensions)]} if extensions else None,
                )
            return self._client

    def _forget(self) -> None:
        # Requests of other threads may still run on the old client, so it is left to them.
        with self._lock:
            self._client = None

    def _unreachable(self, error: Exception) -> KubeApiError:
        return KubeApiError(
            UNREACHABLE,
            f"cannot reach the Kubernetes API at {self.endpoint.server}: {error}",
            fix="see whether the cluster runs (`ballast node status` for the embedded one)",
        )


def _sni(extensions: dict[str, str]) -> Callable[[httpx.Request], None]:
    def set_name(request: httpx.Request) -> None:
        request.extensions.update(extensions)

    return set_name


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdigit() else 0.0


def _refusal(response: httpx.Response) -> KubeApiError:
    try:
        body: Any = response.json()
    except ValueError:
        body = None
    status = mapping(body)
    details = mapping(status.get("details"))
    causes = [
        Cause(str(c.get("field", "")), str(c.get("reason", "")), str(c.get("message", "")))
        for c in mappings(details.get("causes"))
    ]
    message = str(status.get("message") or response.text[:300] or f"HTTP {response.status_code}")
    return KubeApiError(response.status_code, message, causes)
