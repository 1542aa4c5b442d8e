"""The edge of the embedded node: which release an environment's port leads to."""

from ballast.bluegreen.place import Green
from ballast.errors import BallastError
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping
from ballast.node import exposing
from ballast.node import lifecycle as node
from ballast.node.layout import Layout

GATEWAY_PORT = 8004


def leads_to_green(api: KubeApi, green: Green) -> bool:
    """Whether the environment's port leads to the second release."""
    now = exposing.wanted_forwards(Layout.default()).get(green.port)
    return now is not None and now == _gateway(api, green.namespace)


def lead(api: KubeApi, green: Green, *, to_green: bool) -> None:
    """Point the environment's port; connections that are open stay where they are.

    Raises BallastError when the release to go to has no gateway.
    """
    namespace = green.namespace if to_green else green.blue
    _forward({green.port: _known_gateway(api, namespace)})


def open_test_port(api: KubeApi, green: Green) -> str:
    """URL on this machine that leads to the second release alone."""
    _forward({green.test_port: _known_gateway(api, green.namespace)})
    return f"http://127.0.0.1:{green.test_port}"


def close_test_port(green: Green) -> None:
    """Nothing leads there any more."""
    _forward({}, without=green.test_port)


def _forward(changed: dict[int, exposing.Target], without: int | None = None) -> None:
    kept = exposing.wanted_forwards(Layout.default())
    node.expose({port: to for port, to in (kept | changed).items() if port != without})


def _known_gateway(api: KubeApi, namespace: str) -> exposing.Target:
    found = _gateway(api, namespace)
    if found is None:
        raise BallastError(
            f"there is no gateway in {namespace}", "Open the release first: ballast green open ENV."
        )
    return found


def _gateway(api: KubeApi, namespace: str) -> exposing.Target | None:
    service = mapping(api.get("v1", "Service", "api-gateway", namespace))
    address = mapping(service.get("spec")).get("clusterIP")
    return (str(address), GATEWAY_PORT) if address else None
