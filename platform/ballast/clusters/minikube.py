"""A Minikube profile of our own, with a kubeconfig of its own: ~/.kube/config is never touched."""

from typing import Final

import pulumi
from pulumi_command import local

from ballast.clusters.access import CLUSTER_TYPE, COMPACT, ClusterAccess, ClusterFacts
from ballast.settings import MinikubeSettings

PROFILE: Final = "ballast"
# The program's working folder is platform/, and an absolute path would differ on every machine.
_ENVIRONMENT: Final = {"KUBECONFIG": "../.ballast/minikube.kubeconfig"}

FACTS: Final = ClusterFacts(
    kind="minikube",
    storage_class="standard",
    storage=COMPACT,
    broker="redpanda",
    broker_replicas=1,
    registry_path="",
)


def build(settings: MinikubeSettings) -> ClusterAccess:
    """Start the profile, or converge a stopped one, and read its kubeconfig on every run."""
    component = pulumi.ComponentResource(CLUSTER_TYPE, settings.stack)
    start = (
        f"minikube start -p {PROFILE} --driver={settings.driver} --cpus={settings.cpus} "
        f"--memory={settings.memory_mib}mb --kubernetes-version={settings.kubernetes_version} "
        "--cni=calico --addons=metrics-server --keep-context --wait=all"
    )
    # A changed trigger replaces; without delete-before-replace the new profile, which has the
    # same name, would be started and then deleted. No update: it would run `create` twice.
    cluster = local.Command(
        "minikube",
        create=start,
        delete=f"minikube delete -p {PROFILE}",
        environment=_ENVIRONMENT,
        triggers=[settings.kubernetes_version, settings.driver],
        opts=pulumi.ResourceOptions(
            parent=component,
            delete_before_replace=True,
            ignore_changes=["create"],
            custom_timeouts=pulumi.CustomTimeouts(create="20m", delete="5m"),
        ),
    )
    # Read by a function, not a second Command: the API port changes when the profile restarts.
    context = local.run_output(
        command=f"minikube -p {PROFILE} update-context >/dev/null && "
        f"kubectl config view --minify --flatten --context {PROFILE}",
        environment=_ENVIRONMENT,
        logging=local.Logging.NONE,
        opts=pulumi.InvokeOutputOptions(depends_on=[cluster]),
    )
    component.register_outputs({})
    return ClusterAccess(
        kubeconfig=pulumi.Output.secret(context.stdout),
        identifier=f"ballast-{settings.stack}",
        facts=FACTS,
        cluster=cluster,
    )
