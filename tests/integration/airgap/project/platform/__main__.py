"""A program of 30 simple resources, one definition with its object, and one Helm release."""

import os
import secrets
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s

namespace = os.environ["TEST_NAMESPACE"]
kubeconfig = Path(os.environ["TEST_KUBECONFIG"]).read_text()
edit = pulumi.Config("ballast").require("edit")

provider = k8s.Provider(
    "cluster",
    kubeconfig=pulumi.Output.secret(kubeconfig),
    cluster_identifier="test",
    enable_config_map_mutable=True,
    enable_secret_mutable=True,
)
place = k8s.core.v1.Namespace(
    "place", metadata={"name": namespace}, opts=pulumi.ResourceOptions(provider=provider)
)


def inside(**more: object) -> pulumi.ResourceOptions:
    """Options of everything in the namespace."""
    return pulumi.ResourceOptions(provider=provider, depends_on=[place], **more)


def named(name: str) -> dict[str, str]:
    """Metadata of an object in the namespace."""
    return {"name": name, "namespace": namespace}


for number in range(12):
    k8s.core.v1.ConfigMap(
        f"settings-{number}",
        metadata=named(f"settings-{number}"),
        data={"edit": edit if number == 0 else "same"},
        opts=inside(),
    )
for number in range(8):
    k8s.core.v1.Secret(
        f"login-{number}",
        metadata=named(f"login-{number}"),
        string_data={"password": f"hunter2-{number}"},
        opts=inside(),
    )
for number in range(7):
    k8s.core.v1.ServiceAccount(
        f"account-{number}", metadata=named(f"account-{number}"), opts=inside()
    )
k8s.core.v1.Secret(
    "once",
    metadata=named("once"),
    string_data={"password": secrets.token_hex(8)},
    opts=inside(ignore_changes=["stringData.password"]),
)
service = k8s.core.v1.Service(
    "names",
    metadata=named("names"),
    spec={"clusterIP": "None", "selector": {"app": "x"}, "ports": [{"port": 80}]},
    opts=inside(),
)
definition = k8s.yaml.ConfigFile("definition", file="../definition.yaml", opts=inside())
k8s.apiextensions.CustomResource(
    "widget",
    api_version=f"test.{namespace}/v1",
    kind="Widget",
    metadata=named("widget"),
    spec={"token": pulumi.Output.secret("hunter3")},
    opts=inside(),
)
k8s.helm.v3.Release(
    "web",
    name="web",
    namespace=namespace,
    chart="../chart",
    values={"token": pulumi.Output.secret("hunter4"), "replicas": int(os.environ["TEST_REPLICAS"])},
    timeout=15,
    opts=inside(),
)
pulumi.export("uid", place.metadata["uid"])
pulumi.export("password", pulumi.Output.secret("hunter5"))
