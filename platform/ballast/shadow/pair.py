"""Two environments: whose requests are copied, and where the copies go."""

from dataclasses import dataclass
from typing import Any, Self

import yaml

from ballast.kubeapi.shape import mapping
from ballast.names import ENVIRONMENT_NAMESPACES


def path_of(environment: str) -> str:
    """File of an environment that is there only while it takes part in a shadow."""
    return f"gitops/environments/{environment}/shadow.yaml"


@dataclass(frozen=True)
class Pair:
    """Requests of users of `source` are copied to `target`."""

    source: str
    target: str

    @classmethod
    def at(cls, environment: str, text: str) -> Self | None:
        """The pair that the shadow.yaml of one of the two tells of."""
        said = mapping(mapping(yaml.safe_load(text)).get("global"))
        if (copied_to := mapping(said.get("shadow")).get("namespace")) in _ENVIRONMENTS:
            return cls(environment, _ENVIRONMENTS[copied_to])
        if (copied_from := said.get("shadowOf")) in _ENVIRONMENTS:
            return cls(_ENVIRONMENTS[copied_from], environment)
        return None

    def door(self) -> dict[str, str | None]:
        """What lets copies in: the target's file."""
        return {path_of(self.target): self._file({"shadowOf": ENVIRONMENT_NAMESPACES[self.source]})}

    def share(self, percent: float) -> dict[str, str | None]:
        """What sends them: the source's file. Percent of the users."""
        there = {"namespace": ENVIRONMENT_NAMESPACES[self.target], "percent": percent}
        return {path_of(self.source): self._file({"shadow": there})}

    def _file(self, said: dict[str, Any]) -> str:
        opened = f"ballast shadow open {self.source} {self.target}"
        header = f"# Written by `{opened}`; gone with `ballast shadow close {self.source}`.\n"
        return header + yaml.safe_dump({"global": said}, sort_keys=False)


_ENVIRONMENTS = {namespace: name for name, namespace in ENVIRONMENT_NAMESPACES.items()}
