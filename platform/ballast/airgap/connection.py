"""The cluster a configured provider talks to, opened on first need."""

import threading
from collections.abc import Callable

from ballast.airgap.failures import RpcError
from ballast.airgap.helm import Helm
from ballast.airgap.settings import ProviderSettings, read_settings
from ballast.airgap.values import has_unknown
from ballast.errors import BallastError
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json


class Connection:
    """One API client and one helm for all calls; configuration errors surface on first use."""

    def __init__(self, on_warning: Callable[[str], None]) -> None:
        self._on_warning = on_warning
        self._lock = threading.Lock()
        self._settings: ProviderSettings | None = None
        self._undecided = False
        self._api: KubeApi | None = None
        self._helm: Helm | None = None

    def configure(self, arguments: Json) -> None:
        """Take plain provider inputs; RpcError for settings that are not supported."""
        with self._lock:
            self._undecided = has_unknown(arguments)
            self._settings = None if self._undecided else read_settings(arguments)

    def is_undecided(self) -> bool:
        """Whether the cluster is made in this very run, so that a preview cannot ask it."""
        return self._undecided

    def settings(self) -> ProviderSettings:
        """The configuration; RpcError while it is not known."""
        if self._settings is None:
            raise RpcError(
                "the provider's configuration is not known yet",
                "let the resource depend on what gives the kubeconfig",
            )
        return self._settings

    def api(self) -> KubeApi:
        """The API client; BallastError when the kubeconfig cannot be used."""
        with self._lock:
            if self._api is None:
                self._api = KubeApi(self.settings().endpoint(), on_warning=self._on_warning)
            return self._api

    def api_if_known(self) -> KubeApi | None:
        """The API client, or None when there is no usable kubeconfig (yet)."""
        try:
            return self.api()
        except BallastError:
            return None

    def namespace(self) -> str:
        """Namespace for objects that name none."""
        api = self.api_if_known()
        return api.namespace if api else "default"

    def helm(self) -> Helm:
        """The helm program, set up for this cluster."""
        with self._lock:
            if self._helm is None:
                self._helm = Helm(self.settings().endpoint())
            return self._helm

    def close(self) -> None:
        """Close connections and remove private files."""
        with self._lock:
            if self._api is not None:
                self._api.close()
            if self._helm is not None:
                self._helm.close()
