"""Run the whole program under mocks and keep every registration: no CLI, no cluster, no cloud."""

import asyncio
import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from google.protobuf import json_format
from pulumi.runtime import mocks, settings

from ballast.clusters import build_access
from ballast.clusters.access import CLUSTER_TYPE
from ballast.paths import repository_root
from ballast.platform import Platform
from ballast.settings import KINDS, load_settings
from ballast.supply.charts import ensure_charts

# Pulumi's mocks ask the main thread for a loop, where asynchronous tests leave none; its outputs
# outlive a recording and must stay on the loop that they began on.
LOOP = asyncio.new_event_loop()

# The key by which Pulumi marks a secret in a message.
SIGNATURE = "4dabf18193072939515e22adb298388d"
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "c",
    "clusters": [
        {"name": "c", "cluster": {"server": "https://c", "certificate-authority-data": "Q0E="}}
    ],
    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    "users": [{"name": "u", "user": {}}],
}


@dataclass(frozen=True)
class Registration:
    """One RegisterResource request, as the engine would see it."""

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    custom: bool
    protect: bool
    provider: str
    version: str
    dependencies: frozenset[str]
    ignore_changes: tuple[str, ...]
    options: dict[str, Any] = field(compare=False)


class CloudMocks(pulumi.runtime.Mocks):
    """Outputs that a cloud would add, where the program reads them."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        outputs = dict(args.inputs)
        match args.typ:
            case "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition":
                # Nobody reads them back, and they are most of the bytes.
                del outputs["spec"]
            case "digitalocean:index/kubernetesCluster:KubernetesCluster":
                outputs["endpoint"] = "https://doks.example.com"
                outputs["kubeConfigs"] = [{"clusterCaCertificate": "Q0E="}]
            case "gcp:container/cluster:Cluster":
                config = {"dnsEndpointConfig": {"endpoint": "gke.example.com"}}
                outputs["controlPlaneEndpointsConfig"] = config
            case "gcp:serviceaccount/account:Account":
                outputs["email"] = "nodes@example.com"
            case "azure-native:containerservice:ManagedCluster":
                outputs["name"] = args.inputs["resourceName"]
                # A list going in, a mapping coming out.
                outputs["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {}}
            case _ if args.typ.startswith("azure-native:"):
                outputs["name"] = args.name
            case _:
                pass
        return f"{args.name}-id", outputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        match args.token:
            case "command:local:run":
                return {"stdout": json.dumps(KUBECONFIG), "stderr": "", "assetPaths": []}
            case "gcp:organizations/getProject:getProject":
                return {"number": "123456"}
            case "azure-native:containerservice:listManagedClusterUserCredentials":
                text = base64.b64encode(json.dumps(KUBECONFIG).encode()).decode()
                return {"kubeconfigs": [{"name": "clusterUser", "value": text}]}
            case _:
                return {}


class Recorder(mocks.MockMonitor):
    """A monitor that keeps each raw request; the mocks see neither parent nor dependencies."""

    def __init__(self) -> None:
        super().__init__(CloudMocks())
        self.registrations: list[Registration] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name gRPC calls
        if request.type != "pulumi:pulumi:Stack":
            self.registrations.append(
                Registration(
                    type=request.type,
                    name=request.name,
                    parent=request.parent,
                    inputs=json_format.MessageToDict(request.object),
                    custom=request.custom,
                    protect=request.protect,
                    provider=request.provider,
                    version=request.version,
                    dependencies=frozenset(request.dependencies),
                    ignore_changes=tuple(request.ignoreChanges),
                    options={"deleteBeforeReplace": request.deleteBeforeReplace},
                )
            )
        return super().RegisterResource(request)


@dataclass(frozen=True)
class Recording:
    """Everything that one stack registers."""

    stack: str
    registrations: tuple[Registration, ...]

    def of_type(self, type_: str) -> list[Registration]:
        """Registrations of one type."""
        return [r for r in self.registrations if r.type == type_]

    def platform(self) -> list[Registration]:
        """What must be the same everywhere: all but the cluster and what it is made of."""
        return [
            made
            for made in self.registrations
            if CLUSTER_TYPE not in re.split(r"\$|::", f"{made.parent}::{made.type}")
        ]


def plain(value: Any) -> Any:
    """Inputs with their secret wrappers taken off."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            return plain(value.get("value"))
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def stack_config(stack: str) -> dict[str, str]:
    """The flat config of Pulumi.<stack>.yaml, as the engine hands it over."""
    text = (repository_root() / f"Pulumi.{stack}.yaml").read_text()
    config: Mapping[str, Any] = yaml.safe_load(text)["config"]
    return {key: str(value) for key, value in config.items()}


def record(stack: str, config: Mapping[str, str], *, preview: bool = False) -> Recording:
    """Run the program for `stack` and return what it registered."""
    recorder = Recorder()
    asyncio.set_event_loop(LOOP)
    # Else the root Stack of the run before stays the parent of everything.
    settings.reset_options()
    mocks.set_mocks(recorder.mocks, "ballast", stack, preview, monitor=recorder)

    def program() -> None:
        loaded = load_settings(stack, config)
        Platform("platform", loaded, build_access(loaded))

    run: Callable[[], None] = pulumi.runtime.test(program)
    run()
    return Recording(stack, tuple(recorder.registrations))


@pytest.fixture(scope="session", autouse=True)
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Charts on disk, a kubeconfig for the embedded stack, and no f-string of an Output."""
    ensure_charts()
    path: Path = tmp_path_factory.mktemp("node") / "admin.kubeconfig"
    path.write_text(json.dumps(KUBECONFIG))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BALLAST_KUBECONFIG", str(path))
        patch.setenv("PULUMI_ERROR_OUTPUT_STRING", "true")
        yield


@pytest.fixture(scope="session")
def recordings(_prepared: None) -> dict[str, Recording]:
    """All five stacks from their own files, with the same environments: which of them exist on a
    stack is not a question of parity."""
    same = {"ballast:environments": '["dev", "staging"]'}
    return {stack: record(stack, stack_config(stack) | same) for stack in KINDS}


@pytest.fixture(scope="session")
def previewed(_prepared: None) -> Recording:
    """Stack doks with all it asks for, previewed before its cluster exists."""
    return record("doks", stack_config("doks"), preview=True)


@pytest.fixture(scope="session")
def unwrapped() -> Callable[[Any], Any]:
    """`plain`."""
    return plain
