"""The verbs on Kubernetes objects that the rest of Ballast uses."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from ballast.kubeapi.discovery import ApiResource, Discovery, group_path
from ballast.kubeapi.errors import KubeApiError, WaitTimeoutError
from ballast.kubeapi.kubeconfig import Endpoint, load_kubeconfig
from ballast.kubeapi.pods import PodTarget, run_in_pod
from ballast.kubeapi.shape import Json, mapping, mappings
from ballast.kubeapi.transport import Transport

_APPLY = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"


class KubeApi:
    """Thread-safe access to one cluster as one user; every refusal is a KubeApiError."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        deadline: float = 30.0,
        on_warning: Callable[[str], None] | None = None,
    ) -> None:
        """`deadline`, in seconds, bounds the retries of one request."""
        self.endpoint = endpoint
        self.transport = Transport(endpoint, deadline, on_warning)
        self.discovery = Discovery(self.transport)

    @classmethod
    def from_kubeconfig(
        cls,
        path_or_text: str | Path,
        context: str | None = None,
        *,
        deadline: float = 30.0,
        on_warning: Callable[[str], None] | None = None,
    ) -> Self:
        """Open the cluster of a kubeconfig; BallastError when the kubeconfig is not usable."""
        endpoint = load_kubeconfig(path_or_text, context)
        return cls(endpoint, deadline=deadline, on_warning=on_warning)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close pooled connections."""
        self.transport.close()

    @property
    def namespace(self) -> str:
        """Namespace used where none is given."""
        return self.endpoint.namespace

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        content_type: str = "application/json",
        **params: str,
    ) -> Json:
        """Any request on a raw API path; keyword arguments are query parameters."""
        return self.transport.json(method, path, body, content_type, params)

    def text(self, path: str, **params: str) -> str:
        """GET a path that answers in plain text (`/readyz`, pod logs)."""
        return self.transport.exchange("GET", path, params=params).text

    def resource(self, api_version: str, kind: str) -> ApiResource | None:
        """How a kind is addressed, or None when the cluster does not serve it."""
        return self.discovery.find(api_version, kind)

    def path(
        self, api_version: str, kind: str, name: str | None = None, namespace: str | None = None
    ) -> str:
        """URL path of an object or, without `name`, of its collection in a namespace."""
        found = self.resource(api_version, kind)
        if found is None:
            raise KubeApiError(
                404,
                f"the cluster serves no {kind} in {api_version}",
                fix="install the CustomResourceDefinition first",
            )
        scope = f"/namespaces/{namespace or self.namespace}" if found.namespaced else ""
        tail = f"/{name}" if name else ""
        return f"{group_path(api_version)}{scope}/{found.plural}{tail}"

    def get(
        self, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> Json | None:
        """The object, or None when it, or its kind, does not exist."""
        if self.resource(api_version, kind) is None:
            return None
        try:
            return self.request("GET", self.path(api_version, kind, name, namespace))
        except KubeApiError as error:
            if error.status == 404:
                return None
            raise

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> list[Json]:
        """All objects of a kind, in one namespace or, without it, in the whole cluster."""
        found = self.resource(api_version, kind)
        if found is None:
            raise KubeApiError(404, f"the cluster serves no {kind} in {api_version}")
        scope = f"/namespaces/{namespace}" if namespace and found.namespaced else ""
        params: dict[str, str] = {"limit": "500"}
        if label_selector:
            params["labelSelector"] = label_selector
        if field_selector:
            params["fieldSelector"] = field_selector
        items: list[Json] = []
        while True:
            page = self.request("GET", f"{group_path(api_version)}{scope}/{found.plural}", **params)
            for item in mappings(page.get("items")):
                # Items of a list come without them, and callers hand items on as objects.
                items.append({"apiVersion": api_version, "kind": kind, **item})
            more = mapping(page.get("metadata")).get("continue")
            if not more:
                return items
            params["continue"] = str(more)

    def create(self, obj: Mapping[str, object]) -> Json:
        """POST a new object; KubeApiError 409 when it exists."""
        api_version, kind, _, namespace = identity(obj)
        path = self.path(api_version, kind, None, namespace)
        return self.request("POST", path, obj)

    def apply(
        self,
        obj: Mapping[str, object],
        field_manager: str,
        force: bool = True,
        dry_run: bool = False,
    ) -> Json:
        """Server-side apply; with `force` fields owned by other managers are taken over."""
        api_version, kind, name, namespace = identity(obj)
        params = {"fieldManager": field_manager, "force": str(force).lower()}
        if dry_run:
            params["dryRun"] = "All"
        path = self.path(api_version, kind, name, namespace)
        return self.request("PATCH", path, obj, _APPLY, **params)

    def patch(  # noqa: PLR0917 - one order for all verbs: kind, name, place
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None,
        body: object,
        content_type: str = MERGE_PATCH,
    ) -> Json:
        """Merge patch (or another patch type) of an existing object."""
        path = self.path(api_version, kind, name, namespace)
        return self.request("PATCH", path, body, content_type)

    def delete(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        propagation: str = "Background",
        grace_seconds: int | None = None,
    ) -> bool:
        """Ask for deletion; False when there was nothing to delete (or another `uid`)."""
        if self.resource(api_version, kind) is None:
            return False
        options: Json = {"propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        try:
            self.request("DELETE", self.path(api_version, kind, name, namespace), options)
        except KubeApiError as error:
            if error.status == 404 or (error.status == 409 and uid):
                return False
            raise
        return True

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str | None = None,
        tail: int = 50,
        previous: bool = False,
    ) -> str:
        """Last `tail` lines of a container's log."""
        params = {"tailLines": str(tail)}
        if container:
            params["container"] = container
        if previous:
            params["previous"] = "true"
        return self.text(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", **params)

    def exec(  # noqa: PLR0917 - one order for all verbs: kind, name, place
        self,
        namespace: str,
        pod: str,
        command: Sequence[str],
        container: str | None = None,
        stdin: bytes | None = None,
        timeout: float = 60.0,
    ) -> str:
        """Run a command in a pod and return its stdout; PodCommandError when it fails."""
        target = PodTarget(namespace, pod, container)
        return run_in_pod(self.transport, target, command, stdin, timeout)

    def wait(  # noqa: PLR0917 - one order for all verbs: kind, name, place
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None,
        ready: Callable[[Json], bool],
        timeout: float,
    ) -> Json:
        """Poll until `ready` holds for the object; WaitTimeoutError after `timeout` seconds."""
        end, pause, last = time.monotonic() + timeout, 0.1, None
        while True:
            last = self.get(api_version, kind, name, namespace)
            if last is not None and ready(last):
                return last
            if time.monotonic() > end:
                state = "does not exist" if last is None else "is not ready"
                where = f"{namespace}/{name}" if namespace else name
                raise WaitTimeoutError(f"{kind} {where} {state} after {timeout:.0f} s", last)
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)


def identity(obj: Mapping[str, object]) -> tuple[str, str, str | None, str | None]:
    """apiVersion, kind, name and namespace of an object; KubeApiError 400 when they lack."""
    fields = mapping(obj.get("metadata"))
    if not obj.get("apiVersion") or not obj.get("kind"):
        raise KubeApiError(400, "an object needs apiVersion and kind")
    name, namespace = fields.get("name"), fields.get("namespace")
    return (
        str(obj["apiVersion"]),
        str(obj["kind"]),
        str(name) if name else None,
        str(namespace) if namespace else None,
    )
