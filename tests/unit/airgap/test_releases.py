"""Helm charts and records, without a cluster."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any, cast

import pytest

from ballast.airgap.charts import chart_digest, local_chart
from ballast.airgap.connection import Connection
from ballast.airgap.failures import InvalidError
from ballast.airgap.release_records import newest_record
from ballast.airgap.releases import DIGEST, Releases
from ballast.kubeapi import KubeApi


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("name: web\nversion: 1.0.0\n")
    (folder / "templates" / "a.yaml").write_text("kind: ConfigMap\n")
    return folder


@pytest.fixture
def releases() -> Releases:
    return Releases(Connection(print))


def test_the_digest_follows_contents_and_names(chart: Path) -> None:
    first = chart_digest(chart)
    assert chart_digest(chart) == first
    (chart / "templates" / "a.yaml").write_text("kind: Secret\n")
    second = chart_digest(chart)
    (chart / "templates" / "a.yaml").rename(chart / "templates" / "b.yaml")
    assert len({first, second, chart_digest(chart)}) == 3


@pytest.mark.parametrize(
    "inputs",
    [
        {"chart": "redis", "repositoryOpts": {"repo": "https://charts.example.com"}},
        {"chart": "oci://charts.example.com/redis"},
        {"chart": "no-such-folder"},
        {},
    ],
)
def test_charts_that_need_the_network_are_refused(inputs: dict[str, Any]) -> None:
    with pytest.raises(InvalidError, match="local charts only"):
        local_chart(inputs)


def test_a_changed_chart_is_an_update(chart: Path, releases: Releases) -> None:
    inputs = {"name": "a", "namespace": "n", "chart": str(chart)}
    state = {DIGEST: chart_digest(chart)}
    assert not releases.diff(inputs, inputs, state).changes
    (chart / "Chart.yaml").write_text("name: web\nversion: 1.0.1\n")
    assert releases.diff(inputs, inputs, state).changes == {("chart",): "UPDATE"}


def test_another_namespace_replaces_the_release(chart: Path, releases: Releases) -> None:
    inputs = {"name": "a", "namespace": "n", "chart": str(chart)}
    found = releases.diff(inputs, {**inputs, "namespace": "m"}, {})
    assert found.replaces == {("namespace",)}
    assert found.delete_first


def test_the_newest_revision_of_a_release_is_read() -> None:
    class Records:
        def list(self, *_: object, **__: object) -> list[Any]:
            return [_record(1, "superseded"), _record(10, "deployed"), _record(9, "superseded")]

    record = newest_record(cast("KubeApi", Records()), "n", "web")
    assert record is not None
    assert (record.revision, record.status) == (10, "deployed")
    assert record.resource_names("n") == {"ConfigMap/v1": ["n/a"]}


def _record(revision: int, status: str) -> dict[str, Any]:
    document = {
        "info": {"status": status},
        "manifest": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    }
    packed = base64.b64encode(gzip.compress(json.dumps(document).encode()))
    return {
        "metadata": {"name": f"r{revision}", "labels": {"version": str(revision)}},
        "data": {"release": base64.b64encode(packed).decode()},
    }
