"""Everything that a watch looks at, at once: pods, the watch's own requests, the burn rate."""

import time
from typing import Self

from ballast.gate.asking import Asking
from ballast.gate.budget import Metrics
from ballast.gate.burn import burn
from ballast.gate.candidate import Pods
from ballast.gate.tokens import Identity
from ballast.gate.vitals import Look, PodVitals, together
from ballast.names import ENVIRONMENT_NAMESPACES
from ballast.slo.model import load_slos
from ballast.slo.rules import budget


class Watching:
    """Looks at one environment, from now on. Used with `with`."""

    def __init__(
        self,
        api: Pods,
        metrics: Metrics,
        environment: str,
        url: str,
        identity: Identity,
        *,
        committed: float,
    ) -> None:
        """`url` is the environment's gateway, `committed` the Unix time of the release's commit."""
        self._metrics = metrics
        self._slos = load_slos()
        self._environment = environment
        self._committed = committed
        self._since = time.time()
        self._pods = PodVitals(api, ENVIRONMENT_NAMESPACES[environment])
        served = next(s for s in self._slos if s.gate and s.gate.bad_sample == "server-error")
        self._asking = Asking(url, identity, budget(served))

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(self, *_: object) -> None:
        self._asking.close()

    def look(self) -> Look:
        """How it is now."""
        return together((self._pods.look(), self._asking.look(), self._burn()))

    def _burn(self) -> Look:
        return burn(
            self._metrics,
            self._slos,
            self._environment,
            committed=self._committed,
            since=self._since,
            now=time.time(),
        )
