"""How an environment is at one moment: what is sick, what is weak, what nobody can say."""

from collections.abc import Iterable
from dataclasses import dataclass

from ballast.argo.rollout import rolling
from ballast.gate.candidate import Pods
from ballast.gate.pods import pods_of
from ballast.kubeapi.shape import mapping


@dataclass(frozen=True)
class Look:
    """One look at an environment; each line is a sentence.

    `sick` is reason to go back at once, `weak` and `unknown` are when they last. `events` counts
    the requests that Prometheus saw since the watch began.
    """

    sick: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    events: float = 0.0

    @property
    def sound(self) -> bool:
        """Nothing is wrong, and everything could be seen."""
        return not (self.sick or self.weak or self.unknown)


def together(looks: Iterable[Look]) -> Look:
    """What several looks at the same moment say."""
    seen = list(looks)
    return Look(
        sick=tuple(line for look in seen for line in look.sick),
        weak=tuple(line for look in seen for line in look.weak),
        unknown=tuple(line for look in seen for line in look.unknown),
        events=max((look.events for look in seen), default=0.0),
    )


@dataclass
class PodVitals:
    """The pods of a namespace, compared with how they were at the first look."""

    api: Pods
    namespace: str
    began: dict[tuple[str, str], int] | None = None  # restarts by pod and container

    def look(self) -> Look:
        """A container that restarted is sick; a Deployment without all its pods is weak."""
        deployments = self.api.list("apps/v1", "Deployment", self.namespace)
        if not deployments:
            return Look(unknown=(f"namespace {self.namespace} has no Deployment",))
        weak = tuple(
            f"Deployment {mapping(one.get('metadata')).get('name')}: {reason}"
            for one in deployments
            if (reason := rolling(one))
        )
        pods = [pod for pod in pods_of(self.api, self.namespace, None) if not pod.job]
        if self.began is None:
            self.began = {
                (pod.uid, name): count for pod in pods for name, count in pod.restarts.items()
            }
        sick = tuple(
            f"container {name} of pod {pod.name} has restarted"
            for pod in pods
            for name, count in pod.restarts.items()
            if count > self.began.get((pod.uid, name), 0)
        )
        return Look(sick=sick, weak=weak)
