"""Which kinds the cluster serves, under which path."""

import threading
from dataclasses import dataclass

from ballast.kubeapi.errors import KubeApiError
from ballast.kubeapi.shape import Json, mappings
from ballast.kubeapi.transport import Transport


@dataclass(frozen=True)
class ApiResource:
    """How one kind is addressed."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool


def group_path(api_version: str) -> str:
    """URL path of an API group version: /api/v1, /apis/apps/v1."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


class Discovery:
    """Cached lookups; a kind that is not known is asked for again, since CRDs come and go."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, ApiResource]] = {}

    def find(self, api_version: str, kind: str) -> ApiResource | None:
        """The resource of a kind, or None when the cluster does not serve it."""
        with self._lock:
            known = self._known.get(api_version, {}).get(kind)
            if known is None:
                fresh = self._fetch(api_version)
                if fresh:
                    self._known[api_version] = fresh
                known = fresh.get(kind)
            return known

    def forget(self) -> None:
        """Drop what is cached, after CRDs changed."""
        with self._lock:
            self._known.clear()

    def _fetch(self, api_version: str) -> dict[str, ApiResource]:
        try:
            listing: Json = self._transport.json("GET", group_path(api_version))
        except KubeApiError as error:
            if error.status == 404:
                return {}
            raise
        return {
            str(item["kind"]): ApiResource(
                api_version, str(item["kind"]), str(item["name"]), bool(item["namespaced"])
            )
            for item in mappings(listing.get("resources"))
            if "/" not in str(item["name"])
        }
