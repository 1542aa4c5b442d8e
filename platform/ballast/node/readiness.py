"""When the node is ready, as opposed to when it still says so from before its last stop."""

import time
from collections.abc import Callable, Mapping
from typing import Final, cast

from ballast.kubeapi import KubeApi, KubeApiError
from ballast.node import addresses
from ballast.node.clock import seconds_since_1970
from ballast.node.errors import NodeError
from ballast.node.layout import Layout
from ballast.node.liveness import load_identity
from ballast.node.status import NodeStatus, read_status

DEADLINE: Final = 120.0
HOPELESS: Final = 5


def wait_for_node(
    layout: Layout, prepare: Callable[[KubeApi], None], seconds: float = DEADLINE
) -> None:
    """Wait until the API answers, the node reports Ready anew and pods can be made.

    `prepare` is called as soon as the API answers. NodeError after `seconds`, with the
    components that fail and their last log lines.
    """
    identity = load_identity(layout.identity)
    since = identity.started if identity else time.time()
    end = time.monotonic() + seconds

    def node_ready(api: KubeApi) -> bool:
        return node_is_ready(api, since)

    with KubeApi.from_kubeconfig(layout.admin_kubeconfig, deadline=1.0) as api:
        _wait(api, _api_answers, end, "the API server to answer", layout)
        prepare(api)
        _wait(api, node_ready, end, "the node to report Ready", layout)
        _wait(api, _accounts_exist, end, "the default service account", layout)


def _wait(
    api: KubeApi, holds: Callable[[KubeApi], bool], end: float, what: str, layout: Layout
) -> None:
    while not _tolerant(api, holds):
        status = read_status(layout)
        if status.state in {"dead", "stopped"}:
            raise NodeError(
                f"the node died while waiting for {what}: {status.reason}",
                fix=f"see {layout.log}/supervisor.log, then ballast node up",
            )
        if time.monotonic() > end or _hopeless(status):
            raise NodeError(
                f"gave up waiting for {what}{_evidence(layout)}",
                fix=f"ballast node logs <component>; all logs are in {layout.log}",
            )
        time.sleep(0.1)


def _hopeless(status: NodeStatus) -> bool:
    # A program that ended this often within seconds of each start will not recover by itself.
    return any(
        each.state == "backoff"
        and len(each.exits) >= HOPELESS
        and all(e.ran < 2 for e in each.exits)
        for each in status.components
    )


def _tolerant(api: KubeApi, holds: Callable[[KubeApi], bool]) -> bool:
    try:
        return holds(api)
    except KubeApiError:
        # Not up yet, or up without its rules: the deadline decides, and then names the component.
        return False


def _evidence(layout: Layout) -> str:
    lines: list[str] = []
    for component in read_status(layout).components:
        if component.state != "running":
            lines.append(f"\n  {component.name} is in {component.state}")
            for ended in component.exits[-1:]:
                lines.append(f" after {ended.reason}")
                lines.extend(f"\n    {line}" for line in ended.log)
    return "".join(lines)


def api_ready(api: KubeApi) -> bool:
    """Whether the API server answers and calls itself ready."""
    return _tolerant(api, _api_answers)


def _api_answers(api: KubeApi) -> bool:
    return api.text("/readyz") == "ok"


def _accounts_exist(api: KubeApi) -> bool:
    return api.get("v1", "ServiceAccount", "default", "default") is not None


def node_is_ready(api: KubeApi, since: float) -> bool:
    """Whether the node reported Ready after `since` (seconds since 1970)."""
    node = api.get("v1", "Node", addresses.NODE_NAME)
    if node is None:
        return False
    status = cast(Mapping[str, object], node.get("status", {}))
    conditions = cast(list[Mapping[str, str]], status.get("conditions", []))
    return any(
        each["type"] == "Ready"
        and each["status"] == "True"
        # Heartbeats carry whole seconds.
        and seconds_since_1970(each["lastHeartbeatTime"]) >= int(since)
        for each in conditions
    )
