"""`make up` as a straight line: build, boot, provision, seed, sync, prove."""

import hashlib
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from ballast import argo, doctor, engine
from ballast.bringup import endpoints, releases
from ballast.bringup.baseline import permit_baselines
from ballast.bringup.narration import Narration
from ballast.bringup.outdated_pods import restart_outdated
from ballast.bringup.signing_key import signing_key
from ballast.bringup.timeline import Timeline
from ballast.engine import Outcome
from ballast.gate.admission_writer import admitted_by, guarded, publish
from ballast.gate.live import gateway_url
from ballast.gate.smoke import smoke
from ballast.gate.tokens import identity_of
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.node import lifecycle as node
from ballast.paths import repository_root, state_dir
from ballast.supply.background import BackgroundBuild, build_in_background
from ballast.supply.charts import ensure_charts
from ballast.supply.host_root import ensure_host_root
from ballast.supply.images import (
    BuiltImage,
    app_images,
    ensure_images,
    node_images,
    platform_images,
)
from ballast.supply.lock import load_lock

NODE_BINARIES: Final = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "netpol",
)
APPLICATIONS: Final = ("root", "todo-dev", "todo-staging")


@dataclass(frozen=True)
class Summary:
    """What a finished bring-up reports: URLs by name, and whether anything changed."""

    urls: dict[str, str]
    changed: bool
    timeline: Timeline

    def table(self) -> Table:
        """Where to reach what, all on 127.0.0.1."""
        table = Table(title="Reach it at", title_justify="left", show_header=False)
        for name, url in self.urls.items():
            table.add_row(name, url)
        table.add_row("kubeconfig", str(node.kubeconfig()))
        return table

    def as_json(self) -> dict[str, object]:
        """The same for machines; seconds are wall time."""
        return {
            "changed": self.changed,
            "seconds": round(self.timeline.total, 2),
            "urls": self.urls,
            "kubeconfig": str(node.kubeconfig()),
            "phases": {p.name: round(p.seconds, 2) for p in self.timeline.phases},
        }


def bring_up(console: Console) -> Summary:
    """Take this machine from whatever state it is in to a proven platform.

    Every step looks at what is there first, so it is safe to run again after a crash or Ctrl-C.
    Raises BallastError from the step that could not be done.
    """
    timeline = Timeline(console)
    with timeline.phase("doctor"):
        doctor.require()
    narration = Narration(timeline)
    with ThreadPoolExecutor(2) as pool, build_in_background(_programs(), progress=narration) as go:
        host_root = pool.submit(ensure_host_root, "node", report=timeline.say)
        with timeline.phase("node"):
            node.up(go.wait(NODE_BINARIES), host_root.result(), progress=timeline.say)
        with timeline.phase("node images"):
            needed = _programs_by_image()
            go.wait({program for name in node_images() for program in needed[name]})
            _import(timeline, ensure_images(node_images(), progress=narration))
        addons = pool.submit(node.apply_addons)
        with timeline.phase("images") as phase:
            built = make_images(narration, go, lambda made: _import(timeline, made))
            phase.detail = f"{len(built)}, {sum(i.size for i in built.values()) / 1e6:.0f} MB"
        outcome = _provision(timeline, narration)
        addons.result()
        go.wait()  # what the platform itself does not need
    with KubeApi.from_kubeconfig(node.kubeconfig()) as api:
        with timeline.phase("ports"):
            urls = endpoints.open_ports(api, list(endpoints.PLATFORM))
        revision, released = _release(timeline, api, built)
        with timeline.phase("argo cd"):
            argo.wait_synced(api, APPLICATIONS, revision, timeout=300, progress=timeline.say)
            gateways = [endpoints.gateway(name) for name in releases.ENVIRONMENTS]
            urls |= endpoints.open_ports(api, [*endpoints.PLATFORM, *gateways])
        with timeline.phase("first task") as phase:
            key = hashlib.sha256("".join(sorted(i.digest for i in built.values())).encode())
            took = smoke(gateway_url("dev"), identity_of(api, "dev"), 60, key=key.hexdigest())
            phase.detail = f"delivered after {took.delivered * 1000:.0f} ms, reminded on time"
    timeline.save(state_dir() / "last-up.json")
    return Summary(urls=urls, changed=outcome.changed or released, timeline=timeline)


def _programs() -> list[str]:
    """Every locked binary: all of them go into an image, the node or the engine."""
    return list(load_lock().programs())


def make_images(
    narration: Narration,
    binaries: BackgroundBuild,
    use: Callable[[dict[str, BuiltImage]], None],
) -> dict[str, BuiltImage]:
    """Every image, made and given to `use` as soon as its binaries are there.

    What waits for a network or a disk then does so beside the compiler.
    """
    lock = load_lock()
    order = {program: place for place, program in enumerate(lock.programs())}
    programs = _programs_by_image()
    left = sorted(
        [*platform_images(lock), *app_images(lock)],
        key=lambda name: max((order[program] for program in programs[name]), default=-1),
    )
    built: dict[str, BuiltImage] = {}
    while left:
        binaries.wait(programs[left[0]])
        ready = [name for name in left if binaries.ready(programs[name])]
        made = ensure_images(ready, progress=narration, lock=lock)
        use(made)
        built |= made
        left = [name for name in left if name not in made]
    return built


def _programs_by_image() -> dict[str, tuple[str, ...]]:
    return {image.name: tuple(image.binaries.values()) for image in load_lock().image}


def _import(timeline: Timeline, built: dict[str, BuiltImage]) -> None:
    node.import_images(built.values())
    with KubeApi.from_kubeconfig(node.kubeconfig()) as api:
        for pod in restart_outdated(api, built.values()):
            timeline.say(f"{pod} starts again: its image has changed")


def _provision(timeline: Timeline, narration: Narration) -> Outcome:
    with timeline.phase("charts"):
        ensure_charts(progress=narration)
    with timeline.phase("pulumi up") as phase:
        outcome = engine.embedded(state_dir()).up(_pulumi_lines(timeline))
        phase.detail = outcome.summary
    return outcome


def _pulumi_lines(timeline: Timeline) -> Callable[[str], None]:
    """Of the engine's lines, what was made or failed; its own progress marks say nothing here."""

    def say(line: str) -> None:
        if any(mark in line for mark in (" created ", " updated ", " replaced ", "error", "fail")):
            timeline.say(line.strip().replace("[", "\\["))

    return say


def _release(timeline: Timeline, api: KubeApi, built: dict[str, BuiltImage]) -> tuple[str, bool]:
    """Seed Git from this checkout and release its images to dev: the commit, whether it is new."""
    images = releases.service_images(built)
    label = _revision()
    with timeline.phase("git") as phase:
        server = GitServer(api)
        server.access.ensure_repository()
        before = server.head()
        server.seed(repository_root(), releases.first_release(images, label), progress=timeline.say)
        changed = releases.bring_up_to_date(server, images, label)
        signer = signing_key(api, server, timeline.say)
        for environment in permit_baselines(server, changed, signer):
            timeline.say(f"{environment} begins with a release that no gate has proven")
        for environment in guarded(api):
            publish(api, admitted_by(server, environment))
        commit = server.head() or ""
        phase.detail = f"{commit[:12]}{', no change' if commit == before else ', new'}"
    return commit, commit != before


def _revision() -> str:
    command = ["git", "-C", str(repository_root()), "rev-parse", "--short=12", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unversioned"
