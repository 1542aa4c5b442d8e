"""The promotion's ports on the running platform."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer  # pyright: ignore[reportPrivateImportUsage]

from ballast import release
from ballast.argo import Newcomers, wait_synced
from ballast.errors import BallastError
from ballast.gate.admission_writer import admitted_by, publish
from ballast.gate.bake import Journal, bake
from ballast.gate.budget import Prometheus, budgets
from ballast.gate.execute import Finished, RunSite, execute
from ballast.gate.plan import Plan
from ballast.gate.platform_signer import platform_signer
from ballast.gate.promote import Ports
from ballast.gate.record_store import Repository
from ballast.gate.smoke import smoke
from ballast.gate.tokens import identity_of
from ballast.gate.watching import Watching
from ballast.gitserver import Change, GitServer
from ballast.kubeapi import KubeApi
from ballast.names import ENVIRONMENT_NAMESPACES, GATEWAY_PORTS, PROMETHEUS_PORT
from ballast.paths import state_dir
from ballast.release import Held
from ballast.slo.model import Slo
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


def run_site(api: KubeApi, environment: str, beside: str | None = None) -> RunSite:
    """Where a run against an environment goes, `beside` the one whose release is compared."""
    return RunSite(
        url=gateway_url(environment),
        namespace=ENVIRONMENT_NAMESPACES[environment],
        kubeconfig=kubeconfig_path(),
        identity=identity_of(api, environment),
        prometheus=f"http://127.0.0.1:{PROMETHEUS_PORT}",
        old=(gateway_url(beside), identity_of(api, beside)) if beside else None,
    )


def gateway_url(environment: str) -> str:
    """The environment's gateway on this machine."""
    return f"http://127.0.0.1:{GATEWAY_PORTS[environment]}"


def live_ports(progress: Progress = lambda _: None) -> Ports:
    """Git server, pods, OPA, Argo CD and gateways of the running platform."""
    api = KubeApi.from_kubeconfig(kubeconfig_path())
    git = GitServer(api)

    def signer() -> Signer:
        return platform_signer(api, git)

    def run(plan: Plan) -> Finished:
        beside = plan.target if plan.baseline else None
        return execute(plan, run_site(api, plan.source, beside), progress, signer=signer)

    def left(slos: list[Slo], environment: str) -> list[dict[str, Any]]:
        return budgets(Prometheus(), slos, environment)

    def admit(environment: str, git: Repository, also: Sequence[Held]) -> None:
        publish(api, admitted_by(git, environment, also))

    def sync(environment: str, commit: str) -> None:
        since = git.change(commit, release.path_of(environment)).at
        newcomers = Newcomers(api, ENVIRONMENT_NAMESPACES[environment], since)
        names = [f"todo-{environment}"]
        wait_synced(api, names, commit, SYNC_SECONDS, progress, hopeless=newcomers.hopeless)

    def smoke_test(environment: str) -> None:
        smoke(gateway_url(environment), identity_of(api, environment))

    def bake_release(environment: str, commit: Change, seconds: float) -> None:
        with Watching(
            api,
            Prometheus(),
            environment,
            gateway_url(environment),
            identity_of(api, environment),
            committed=commit.at,
        ) as watching:
            bake(watching.look, seconds, Journal(commit.commit), progress)

    return Ports(
        git=git,
        pods=api,
        opa=lambda: ensure_binaries(["opa"])["opa"],
        run=run,
        budgets=left,
        admit=admit,
        sync=sync,
        smoke=smoke_test,
        signer=signer,
        bake=bake_release,
    )
