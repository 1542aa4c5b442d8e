"""Names of the second release agree with what the ApplicationSet makes of its folder."""

import pytest

from ballast.bluegreen.place import Green
from ballast.names import ENVIRONMENT_NAMESPACES, GATEWAY_PORTS


@pytest.mark.parametrize(
    ("environment", "namespace", "folder", "application"),
    [
        ("dev", "todo-app-dev-green", "gitops/environments/dev-green", "todo-dev-green"),
        ("prod", "todo-app-green", "gitops/environments/green", "todo-green"),
    ],
)
def test_folder_namespace_and_application_belong_together(
    environment: str, namespace: str, folder: str, application: str
) -> None:
    green = Green(environment)
    assert (green.namespace, green.folder, green.application) == (namespace, folder, application)


def test_the_test_port_is_nobody_else_s() -> None:
    ports = {Green(environment).test_port for environment in ENVIRONMENT_NAMESPACES}
    assert not ports & set(GATEWAY_PORTS.values())
    assert len(ports) == len(ENVIRONMENT_NAMESPACES)
