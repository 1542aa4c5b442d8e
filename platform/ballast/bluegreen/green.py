"""Opening the second release of an environment, moving traffic to it and back, closing it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ballast import argo, release
from ballast.argo.wait import API_VERSION, GENERATOR
from ballast.bluegreen import objects, traffic
from ballast.bluegreen.place import Green
from ballast.errors import BallastError
from ballast.gate.admission import GUARDED
from ballast.gate.admission_writer import admitted_by, verifier
from ballast.gate.eventually import eventually
from ballast.gate.smoke import Smoke, smoke
from ballast.gate.tokens import identity_of
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping
from ballast.names import ARGOCD_NAMESPACE, GATE_VERIFIER

OPEN_SECONDS: Final = 300.0
CLOSE_SECONDS: Final = 180.0
Progress = Callable[[str], None]


@dataclass(frozen=True)
class BlueGreen:
    """The two releases of one environment."""

    api: KubeApi
    git: GitServer
    green: Green
    progress: Progress = field(default=lambda _: None)

    def open(self, content: release.Release, *, subscribes: bool = True) -> Smoke:
        """Bring the second release up and smoke-test it.

        It works on the same database, topics and state: it is one more version of the services,
        as beside a rollout. Traffic stays where it is. Safe to run again.
        """
        green = self.green
        for manifest in objects.room(green):
            self.api.apply(manifest, objects.MANAGER)
        secrets = self.api.list("v1", "Secret", green.blue)
        for manifest in objects.logins(green, secrets):
            self.api.apply(manifest, objects.MANAGER)
        if green.environment in GUARDED:
            admitted = admitted_by(self.git, green.environment)
            with verifier(self.api) as writer:
                writer.apply(objects.green_ledger(green, admitted), GATE_VERIFIER)
        self.progress(f"namespace {green.namespace} has its room, logins and keys")
        values = self.git.read_file(f"gitops/environments/{green.environment}/values.yaml")
        images = release.render(green.environment, content)
        made = objects.files(green, values, images, subscribes=subscribes)
        message = f"Open green of {green.environment} with release {content.revision}\n"
        self._sync(self.git.commit_files(message, made), green.application, green.namespace)
        url = traffic.open_test_port(self.api, green)
        found = smoke(url, identity_of(self.api, green.environment))
        self.progress(f"green serves at {url}: a task was delivered after {found.delivered:.2f} s")
        return found

    def keep(self) -> None:
        """Give the first release what the second runs. Of dev alone: the others have a gate.

        Traffic and the second release stay as they are. Safe to run again.
        """
        environment = self.green.environment
        if environment in GUARDED:
            raise BallastError(
                f"{environment} takes releases from its gate alone",
                f"Promote it: ballast promote FROM {environment}",
            )
        held = f"{self.green.folder}/release.yaml"
        if held not in self.git.list_files(self.green.folder):
            raise BallastError(
                f"{environment} has no second release to keep",
                f"Open one: ballast green open {environment}",
            )
        kept = release.parse(self.git.read_file(held))
        text = release.render(environment, kept)
        message = f"{environment}: keep green's release {kept.revision}\n"
        commit = self.git.commit_files(message, {release.path_of(environment): text})
        self._sync(commit, f"todo-{environment}", self.green.blue)
        self.progress(f"{self.green.blue} runs release {kept.revision}")

    def switch(self) -> None:
        """Lead traffic to green once it has passed its smoke test again, and back if it fails."""
        identity = identity_of(self.api, self.green.environment)
        smoke(traffic.open_test_port(self.api, self.green), identity)
        traffic.lead(self.api, self.green, to_green=True)
        try:
            smoke(f"http://127.0.0.1:{self.green.port}", identity)
        except BallastError:
            traffic.lead(self.api, self.green, to_green=False)
            raise
        self.progress(f"port {self.green.port} leads to {self.green.namespace}")

    def back(self) -> None:
        """Lead traffic to the environment's own namespace, whatever state green is in."""
        traffic.lead(self.api, self.green, to_green=False)
        self.progress(f"port {self.green.port} leads to {self.green.blue}")

    def close(self) -> None:
        """Remove green with everything in its namespace. Refused while traffic goes there."""
        green = self.green
        if traffic.leads_to_green(self.api, green):
            raise BallastError(
                f"port {green.port} leads to {green.namespace}: closing it would end the service",
                f"First: ballast green back {green.environment}",
            )
        gone = dict.fromkeys(self.git.list_files(green.folder))
        if gone:
            self.git.commit_files(f"Close green of {green.environment}\n", gone)
        self._see_gone(
            f"Application {green.application}",
            lambda: self.api.get(API_VERSION, "Application", green.application, ARGOCD_NAMESPACE),
            nudge=self._nudge,
        )
        self.api.delete("v1", "Namespace", green.namespace)
        self._see_gone(
            f"namespace {green.namespace}",
            lambda: self.api.get("v1", "Namespace", green.namespace),
        )
        traffic.close_test_port(green)

    def _sync(self, commit: str, application: str, namespace: str) -> None:
        since = self.git.change(commit, f"{self.green.folder}/release.yaml").at
        newcomers = argo.Newcomers(self.api, namespace, since)
        argo.wait_synced(
            self.api,
            [application],
            commit,
            OPEN_SECONDS,
            self.progress,
            hopeless=newcomers.hopeless,
        )

    def _see_gone(
        self,
        what: str,
        look: Callable[[], object],
        nudge: Callable[[], None] = lambda: None,
    ) -> None:
        nudged = 0.0

        def gone() -> bool:
            nonlocal nudged
            if time.monotonic() - nudged > 10.0:
                nudged = time.monotonic()
                nudge()
            return look() is None

        if not eventually(gone, CLOSE_SECONDS):
            raise BallastError(
                f"{what} is still there after {CLOSE_SECONDS:.0f} s",
                f"Run again: ballast green close {self.green.environment}",
            )
        self.progress(f"{what} is gone")

    def _nudge(self) -> None:
        # Argo CD removes nothing while a sync waits, such as for a Job that never succeeds.
        application = self.green.application
        found = mapping(self.api.get(API_VERSION, "Application", application, ARGOCD_NAMESPACE))
        if mapping(mapping(found.get("status")).get("operationState")).get("phase") == "Running":
            ended = {"status": {"operationState": {"phase": "Terminating"}}}
            self.api.patch(API_VERSION, "Application", application, ARGOCD_NAMESPACE, ended)
        note = {"argocd.argoproj.io/application-set-refresh": "true"}
        body = {"metadata": {"annotations": note}}
        self.api.patch(API_VERSION, "ApplicationSet", GENERATOR, ARGOCD_NAMESPACE, body)
