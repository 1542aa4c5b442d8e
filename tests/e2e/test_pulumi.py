"""The real engine on the running platform: nothing to do the second time, drift is undone."""

import pytest

from ballast import engine
from ballast.engine import Engine
from ballast.kubeapi import KubeApi
from ballast.paths import state_dir

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
DEPLOYMENT = ("apps/v1", "Deployment", "alert-sink", "monitoring")


@pytest.fixture(scope="module")
def stack() -> Engine:
    return engine.embedded(state_dir())


def test_a_second_up_changes_nothing(stack: Engine) -> None:
    assert not stack.up().changed


def test_refresh_sees_a_manual_edit_and_up_undoes_it(stack: Engine, api: KubeApi) -> None:
    api_version, kind, name, namespace = DEPLOYMENT
    path = api.path(api_version, kind, name, namespace)
    api.request(
        "PATCH", path, {"spec": {"replicas": 0}}, content_type="application/merge-patch+json"
    )
    assert stack.preview(refresh=True).changed
    stack.refresh()
    stack.up()
    found = api.get(api_version, kind, name, namespace)
    assert found is not None
    assert found["spec"]["replicas"] == 1


def test_no_secret_stands_in_clear_in_the_state(stack: Engine, api: KubeApi) -> None:
    import base64

    secret = api.get("v1", "Secret", "postgres-superuser", "database")
    assert secret is not None
    encoded = secret["data"]["password"]
    clear = base64.b64decode(encoded).decode()
    states = [p for p in stack.backend.rglob("*") if p.is_file()]
    assert states
    for path in states:
        text = path.read_text(errors="replace")
        assert clear not in text, path
        assert encoded not in text, path
