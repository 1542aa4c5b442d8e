"""The real Pulumi engine with the stand-ins: a program of 30 resources, all its life."""

import base64
import os
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from apiserver import ApiServer

from ballast.engine.embedded import ensure_passphrase
from ballast.engine.outcome import EngineError
from ballast.engine.stack import Engine
from ballast.kubeapi import KubeApi
from ballast.supply import build

PROJECT = Path(__file__).parent / "project"
SECRETS = [f"hunter2-{number}" for number in range(8)] + ["hunter3", "hunter4", "hunter5"]

Make = Callable[[str], Engine]


@pytest.fixture(scope="module")
def make(
    control_plane: ApiServer, helm_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Make:
    """Makes a stack of the test program; what it leaves goes with the control plane."""
    pulumi = build.ensure_binaries(["pulumi"])["pulumi"]

    def make(namespace: str) -> Engine:
        folder = tmp_path_factory.mktemp(namespace)
        root = shutil.copytree(PROJECT, folder / "repository")
        definition = root / "definition.yaml"  # cluster-wide, so one of its own for each stack
        definition.write_text(definition.read_text().replace("ballast.dev", namespace))
        return Engine(
            stack="test",
            pulumi=pulumi,
            helm=helm_binary,
            home=folder,
            passphrase_file=ensure_passphrase(folder / "passphrase"),
            env={
                "TEST_NAMESPACE": namespace,
                "TEST_KUBECONFIG": str(control_plane.kubeconfig),
                "TEST_REPLICAS": "0",
            },
            root=root,
        )

    return make


@pytest.fixture(scope="module")
def engine(make: Make) -> Engine:
    """A stack that is up."""
    engine = make("engine-runs")
    engine.up()
    return engine


def test_a_second_up_changes_nothing(engine: Engine) -> None:
    outcome = engine.up()
    assert not outcome.changed, outcome.summary
    assert outcome.counts["same"] >= 34


def test_outputs_hide_secrets_until_asked(engine: Engine) -> None:
    assert engine.outputs()["password"] == "[secret]"
    assert engine.outputs(show_secrets=True)["password"] == "hunter5"


def test_no_secret_is_written_in_clear(engine: Engine, control_plane: ApiServer) -> None:
    key = control_plane.kubeconfig.read_text().partition("client-key-data: ")[2].split()[0]
    secrets = [text.encode() for text in [*SECRETS, key]]
    written = [path for path in engine.home.rglob("*") if path.is_file() and _is_ours(engine, path)]
    assert engine.home / "test-up.events" in written
    assert engine.backend / ".pulumi" / "stacks" / "ballast" / "test.json" in written
    for path in written:
        content = path.read_bytes()
        for text in secrets:
            assert text not in content, path
            assert base64.b64encode(text) not in content, path


def test_the_tracked_stack_file_stays_as_it_is(engine: Engine) -> None:
    tracked = (engine.root / "Pulumi.test.yaml").read_text()
    assert tracked == (PROJECT / "Pulumi.test.yaml").read_text()


def test_an_edit_is_previewed_made_and_only_that(engine: Engine, api: KubeApi) -> None:
    tracked = engine.root / "Pulumi.test.yaml"
    tracked.write_text(tracked.read_text().replace('"1"', '"2"'))
    assert engine.preview().counts["update"] == 1
    assert _data(api, "settings-0") == {"edit": "1"}
    assert engine.up().counts["update"] == 1
    assert _data(api, "settings-0") == {"edit": "2"}
    shutil.copy(PROJECT / "Pulumi.test.yaml", engine.root)
    assert engine.up().counts["update"] == 1


def test_a_key_set_on_this_machine_is_encrypted_and_private(engine: Engine) -> None:
    engine.set_config("ballast:token", "hunter6", secret=True)
    assert not engine.up().changed
    private = (engine.home / "project" / "Pulumi.test.yaml").read_text()
    assert "ballast:token" in private
    assert "hunter6" not in private
    assert "token" not in (engine.root / "Pulumi.test.yaml").read_text()


def test_refresh_takes_in_a_manual_edit_and_a_deletion(engine: Engine, api: KubeApi) -> None:
    assert not engine.refresh().changed
    api.patch("v1", "ConfigMap", "settings-1", "engine-runs", {"metadata": {"labels": {"a": "b"}}})
    api.delete("v1", "ServiceAccount", "account-1", "engine-runs")
    counts = engine.refresh().counts
    assert (counts.get("delete"), counts.get("update", 0)) == (1, 0)
    assert engine.up().counts.get("create") == 1


def test_a_field_taken_over_by_hand_stops_the_run(engine: Engine, api: KubeApi) -> None:
    api.patch("v1", "ConfigMap", "settings-2", "engine-runs", {"data": {"edit": "by hand"}})
    assert engine.refresh().counts["update"] == 1
    with pytest.raises(EngineError, match="patchForce"):
        engine.up()
    forced = replace(engine, env={**engine.env, "PULUMI_K8S_ENABLE_PATCH_FORCE": "true"})
    forced.up()
    assert _data(api, "settings-2") == {"edit": "same"}


def test_a_failed_release_is_kept_and_mended(engine: Engine) -> None:
    broken = replace(engine, env={**engine.env, "TEST_REPLICAS": "1"})
    with pytest.raises(EngineError, match="0 of 1 replicas"):
        broken.up()
    assert engine.up().counts["update"] == 1


def test_a_killed_run_goes_on(make: Make, api: KubeApi) -> None:
    engine = make("engine-killed")
    seen = threading.Event()

    def kill_at_first_object(line: str) -> None:
        if "ConfigMap" in line and "creating" in line and not seen.is_set():
            seen.set()
            for lock in engine.backend.glob(".pulumi/locks/**/*.json"):
                os.kill(int(lock.read_text().partition('"pid":')[2].split(",")[0]), signal.SIGKILL)

    with pytest.raises(EngineError):
        engine.up(kill_at_first_object)
    assert seen.is_set()
    engine.up()
    assert not engine.up().changed
    assert api.get("v1", "ConfigMap", "settings-11", "engine-killed")


def test_destroy_leaves_nothing(make: Make, api: KubeApi) -> None:
    engine = make("engine-destroyed")
    engine.up()
    engine.destroy()
    assert api.get("v1", "Namespace", "engine-destroyed") is None
    definitions = api.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    assert not [d for d in definitions if "engine-destroyed" in d["metadata"]["name"]]


def _is_ours(engine: Engine, path: Path) -> bool:
    """What a run writes: neither the program's source nor the engine's executable."""
    return not path.is_relative_to(engine.root) and path.parent.name != "bin"


def _data(api: KubeApi, name: str) -> object:
    found = api.get("v1", "ConfigMap", name, "engine-runs")
    assert found is not None
    return found["data"]
