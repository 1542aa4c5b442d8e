"""`make up` as a straight line: build, boot, provision, sync, prove."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from rich.console import Console

from ballast import argo, doctor, engine, gitserver, names
from ballast.bringup import endpoints, releases, smoke
from ballast.bringup.timeline import Timeline
from ballast.kubeapi import KubeApi
from ballast.node import lifecycle as node
from ballast.paths import repository_root, state_dir
from ballast.supply import build, charts, debian, images

NODE_BINARIES = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "netpol",
)
ENVIRONMENTS = ("dev", "staging")


@dataclass(frozen=True)
class Summary:
    """What a finished bring-up reports: URLs by name and whether anything changed."""

    urls: dict[str, str]
    changed: bool
    timeline: Timeline


def bring_up(console: Console) -> Summary:
    """Take this machine from whatever state it is in to a proven platform.

    Safe to run again after a crash or Ctrl-C: each step looks at what is there first.
    """
    timeline = Timeline(console)
    with timeline.phase("doctor"):
        doctor.require()
    with ThreadPoolExecutor(4, thread_name_prefix="up") as pool:
        supply = build.build_in_background(progress=timeline.say)
        host_root = pool.submit(debian.ensure_host_root, "node")
        with timeline.phase("node binaries"):
            binaries = supply.wait(NODE_BINARIES)
        with timeline.phase("node"):
            node.up(binaries, host_root.result(), progress=timeline.say)
        with timeline.phase("remaining binaries"):
            supply.wait()
        with timeline.phase("images") as phase:
            built = images.ensure_images(progress=timeline.say)
            phase.detail = f"{len(built)} images"
        imported = pool.submit(node.import_images, list(built.values()))
        with timeline.phase("charts"):
            charts.materialise(repository_root() / ".ballast" / "charts")
        with timeline.phase("import"):
            imported.result()
        addons: Future[None] = pool.submit(node.apply_addons)
        with timeline.phase("pulumi up") as phase:
            stack = engine.embedded(state_dir())
            result = stack.up(timeline.say)
            phase.detail = result.summary
        addons.result()
    api = KubeApi.from_kubeconfig(node.kubeconfig())
    with timeline.phase("ports"):
        urls = endpoints.open_ports(api)
    with timeline.phase("git"):
        server = gitserver.GitServer(api)
        revision = server.seed(repository_root())
        revision = releases.release_built_images(server, built) or revision
    with timeline.phase("argo cd"):
        argo.wait_synced(api, [f"todo-{name}" for name in ENVIRONMENTS], revision)
    with timeline.phase("first task"):
        smoke.prove(api, "dev")
    timeline.save(state_dir() / "last-up.json")
    return Summary(urls=urls, changed=result.changed, timeline=timeline)


__all__ = ["NODE_BINARIES", "Summary", "bring_up", "names"]
