"""The promotion's ports on the running platform."""

from collections.abc import Callable
from pathlib import Path

from ballast.argo import wait_synced
from ballast.errors import BallastError
from ballast.gate.execute import Finished, RunSite, execute
from ballast.gate.plan import Plan
from ballast.gate.promote import Ports
from ballast.gate.smoke import smoke
from ballast.gate.tokens import identity_of
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.names import ENVIRONMENT_NAMESPACES, GATEWAY_PORTS
from ballast.paths import state_dir
from ballast.supply.build import ensure_binaries

SYNC_SECONDS = 300.0
Progress = Callable[[str], None]


def kubeconfig_path() -> Path:
    """Administrator's kubeconfig of the running platform; BallastError when it is not up."""
    path = state_dir() / "node" / "admin.kubeconfig"
    if not path.exists():
        raise BallastError("the platform is not up: there is no kubeconfig", "Run: make up")
    return path


def known(environment: str) -> str:
    """The name itself; BallastError naming the environments when it is none of them."""
    if environment not in ENVIRONMENT_NAMESPACES:
        raise BallastError(
            f"{environment} is no environment", f"One of: {', '.join(ENVIRONMENT_NAMESPACES)}."
        )
    return environment


def run_site(api: KubeApi, environment: str) -> RunSite:
    """Where a run against an environment goes."""
    return RunSite(
        url=gateway_url(environment),
        namespace=ENVIRONMENT_NAMESPACES[environment],
        kubeconfig=kubeconfig_path(),
        identity=identity_of(api, environment),
    )


def gateway_url(environment: str) -> str:
    """The environment's gateway on this machine."""
    return f"http://127.0.0.1:{GATEWAY_PORTS[environment]}"


def live_ports(progress: Progress = lambda _: None) -> Ports:
    """Git server, pods, OPA, Argo CD and gateways of the running platform."""
    api = KubeApi.from_kubeconfig(kubeconfig_path())

    def run(plan: Plan) -> Finished:
        return execute(plan, run_site(api, plan.source), progress)

    def sync(environment: str, commit: str) -> None:
        wait_synced(api, [f"todo-{environment}"], commit, SYNC_SECONDS, progress)

    def smoke_test(environment: str) -> None:
        smoke(gateway_url(environment), identity_of(api, environment))

    return Ports(
        git=GitServer(api),
        pods=api,
        opa=lambda: ensure_binaries(["opa"])["opa"],
        run=run,
        sync=sync,
        smoke=smoke_test,
    )
