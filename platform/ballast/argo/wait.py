"""Waiting until Argo CD has brought a commit to a healthy end."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from ballast.argo.explain import explain
from ballast.argo.rollout import unfinished
from ballast.argo.verdict import Verdict, judge
from ballast.errors import BallastError
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json, mapping
from ballast.names import ARGOCD_NAMESPACE

API_VERSION: Final = "argoproj.io/v1alpha1"
ROOT: Final = "root"
GENERATOR: Final = "environments"
POLL_SECONDS: Final = 0.25
NUDGE_SECONDS: Final = 10.0
HOPELESS_SECONDS: Final = 5.0  # what has ended twice already was given its chance


class SyncError(BallastError):
    """An Application failed or ran out of time; the message has the reasons, one per line."""


def wait_synced(
    api: KubeApi,
    apps: Sequence[str],
    revision: str | None,
    timeout: float = 300.0,
    progress: Callable[[str], None] = lambda _: None,
    *,
    settle: float = 20.0,
    hopeless: Callable[[], str] = lambda: "",
) -> dict[str, float]:
    """Seconds until each Application had `revision` (None: its newest) synced and healthy.

    Raises SyncError after `timeout` seconds, or once a failure has stood for `settle` seconds: Argo
    CD repairs some by itself. `hopeless` says what Argo CD would wait for in vain: a failure of
    them all, after 5 s. A push that Argo CD did not hear of is pointed out to it after 10 s.
    """
    started = time.monotonic()
    took: dict[str, float] = {}
    said: dict[str, str] = {}
    failing: dict[str, float] = {}
    nudged = started
    while True:
        found = _applications(api)
        in_vain = hopeless()
        now = time.monotonic()
        for app in apps:
            if app in took:
                continue
            verdict = _verdict(api, found.get(app), revision)
            if in_vain and not verdict.done:
                verdict = Verdict(done=False, failed=True, reason=in_vain)
            if verdict.done:
                took[app] = now - started
            if said.get(app) != verdict.reason:
                said[app] = verdict.reason
                progress(f"{app} {verdict.reason}")
            failing = _failing(failing, app, verdict, now)
        if len(took) == len(set(apps)):
            return took
        patience = min(settle, HOPELESS_SECONDS) if in_vain else settle
        stuck = [app for app, since in failing.items() if now - since >= patience]
        if stuck or now - started >= timeout:
            late = stuck or [app for app in apps if app not in took]
            raise SyncError(*_report(api, late, found, said, now - started))
        if now - nudged >= NUDGE_SECONDS:
            nudged = now
            _nudge(api, [app for app in apps if app not in took], found, revision)
        time.sleep(POLL_SECONDS)


def _applications(api: KubeApi) -> dict[str, Json]:
    if api.resource(API_VERSION, "Application") is None:
        raise BallastError("the cluster has no Argo CD", fix="provision the platform: make up")
    items = api.list(API_VERSION, "Application", ARGOCD_NAMESPACE)
    return {str(mapping(item.get("metadata")).get("name")): item for item in items}


def _verdict(api: KubeApi, application: Json | None, revision: str | None) -> Verdict:
    verdict = judge(application, revision)
    if verdict.done and application is not None and (reason := unfinished(api, application)):
        return Verdict(done=False, failed=False, reason=reason)
    return verdict


def _failing(failing: dict[str, float], app: str, verdict: Verdict, now: float) -> dict[str, float]:
    rest = {name: since for name, since in failing.items() if name != app}
    return {**rest, app: failing.get(app, now)} if verdict.failed else rest


def _nudge(api: KubeApi, apps: Sequence[str], found: dict[str, Json], revision: str | None) -> None:
    for app in apps:
        if app in found:
            status = mapping(found[app].get("status"))
            if revision and mapping(status.get("sync")).get("revision") != revision:
                _refresh(api, "Application", app, "argocd.argoproj.io/refresh", "normal")
        elif api.get(API_VERSION, "ApplicationSet", GENERATOR, ARGOCD_NAMESPACE) is not None:
            note = "argocd.argoproj.io/application-set-refresh"
            _refresh(api, "ApplicationSet", GENERATOR, note, "true")
        elif ROOT in found:
            _refresh(api, "Application", ROOT, "argocd.argoproj.io/refresh", "normal")


def _refresh(api: KubeApi, kind: str, name: str, note: str, value: str) -> None:
    body = {"metadata": {"annotations": {note: value}}}
    api.patch(API_VERSION, kind, name, ARGOCD_NAMESPACE, body)


def _report(
    api: KubeApi, apps: Sequence[str], found: dict[str, Json], said: dict[str, str], seconds: float
) -> tuple[str, str]:
    lines: list[str] = []
    for app in apps:
        lines.append(f"{app} {said[app]} (after {seconds:.0f} s)")
        lines += [f"  {line}" for line in explain(api, found.get(app))]
    fix = f"kubectl -n {ARGOCD_NAMESPACE} describe application {apps[0]}; a new commit syncs again"
    return "\n".join(lines), fix
