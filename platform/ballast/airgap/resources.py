"""Creating, updating, reading and deleting one Kubernetes object."""

import hashlib
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import grpc

from ballast.airgap.awaiting import Say, await_gone, await_ready, patience
from ballast.airgap.connection import Connection
from ballast.airgap.failures import InvalidError, NotReadyError, RpcError, is_unreachable
from ballast.airgap.objects import (
    DEFINITION,
    PATCH_FORCE,
    PROPAGATION,
    SECRET_FIELDS,
    SKIP_AWAIT,
    GroupKind,
    ObjectId,
    annotation,
    group_kind,
    is_core_secret,
    is_true,
    metadata,
    split_token,
    wire_form,
)
from ballast.airgap.projection import imported_inputs, refreshed_inputs
from ballast.airgap.state import FIELD_MANAGER, outputs_of, predicted_outputs, recorded_object
from ballast.airgap.values import UNKNOWN, has_unknown, plain_bag, secret
from ballast.kubeapi import KubeApi, KubeApiError
from ballast.kubeapi.discovery import ApiResource
from ballast.kubeapi.errors import UNREACHABLE
from ballast.kubeapi.shape import Json, mappings

_ARRIVAL_SECONDS = 60.0
_OWNERS = {"apps", "batch"}
_UNDECIDED = {UNREACHABLE, 504}
_DEFINITIONS_AT_ONCE = 4


@dataclass(frozen=True)
class Result:
    """What a call hands back to the engine: the id and the outputs."""

    id: str
    outputs: Json


@dataclass(frozen=True)
class Order:
    """One create or update as the engine asks for it; `timeout` in seconds, 0 when not given."""

    urn: str
    inputs: Json
    preview: bool
    timeout: float
    say: Say
    plain: Json = field(default_factory=dict[str, object])

    @classmethod
    def of(cls, urn: str, inputs: Json, preview: bool, timeout: float, say: Say) -> "Order":
        """An order with its plain inputs worked out once."""
        return cls(urn, inputs, preview, timeout, say, plain_bag(inputs))


class Resources:
    """The operations on objects; `replacing` holds ids whose replacement is under way."""

    def __init__(
        self,
        cluster: Connection,
        cancelled: threading.Event,
    ) -> None:
        self._cluster = cluster
        self._cancelled = cancelled
        self._definitions = threading.BoundedSemaphore(_DEFINITIONS_AT_ONCE)
        self.replacing: set[str] = set()

    def create(self, order: Order) -> Result:
        """Make the object; an object that an interrupted run of the same resource made is kept."""
        obj, manager = order.plain, field_manager(order.urn)
        if order.preview and (has_unknown(obj) or self._cluster.is_undecided()):
            return Result("", predicted_outputs(obj, order.inputs))
        api = self._cluster.api()
        end = time.monotonic() + min(order.timeout or _ARRIVAL_SECONDS, _ARRIVAL_SECONDS)
        found = self._served(api, order, end)
        if found is None:
            return Result("", predicted_outputs(obj, order.inputs))
        target = _identify(obj, found, api)
        existing = api.get(found.api_version, found.kind, target.name, target.namespace)
        if existing is not None:
            ours = _is_managed_by(existing, manager) or str(target) in self.replacing
            if order.preview and ours:
                return Result(str(target), predicted_outputs(obj, order.inputs))
            if not ours and not self._cluster.settings().upsert:
                raise RpcError(
                    f"{found.kind} {target} already exists and is not of this stack",
                    "import it (`pulumi import`), delete it, or set upsertExistingObjects",
                    grpc.StatusCode.ALREADY_EXISTS,
                )
        if order.preview and self._place_is_missing(api, target):
            return Result(str(target), predicted_outputs(obj, order.inputs))
        with self._turn(group_kind(obj)):
            live = self._apply(api, order, found, target, manager, end)
            if order.preview:
                return Result(str(target), predicted_outputs(live, order.inputs))
            return Result(str(target), self._awaited(api, order, target, live, manager))

    def update(self, identifier: str, state: Json, order: Order) -> Result:
        """Bring the object to its new declaration, as the field manager that owns it."""
        if order.preview and (has_unknown(order.plain) or self._cluster.is_undecided()):
            return Result(identifier, predicted_outputs(order.plain, order.inputs))
        api = self._cluster.api()
        manager = str(state.get(FIELD_MANAGER) or field_manager(order.urn))
        found = self._served(api, order, time.monotonic())
        if found is None:
            return Result(identifier, predicted_outputs(order.plain, order.inputs))
        target = ObjectId.parse(identifier)
        live = self._apply(api, order, found, target, manager, time.monotonic())
        if order.preview:
            return Result(identifier, predicted_outputs(live, order.inputs))
        return Result(identifier, self._awaited(api, order, target, live, manager))

    def read(
        self, urn: str, token: str, identifier: str, inputs: Json, state: Json
    ) -> tuple[Json, Json] | None:
        """Inputs and outputs that describe the live object; None when it is gone."""
        declared = plain_bag(inputs)
        version, kind = _kind_of(declared, token)
        target, api = ObjectId.parse(identifier), self._cluster.api()
        live = api.get(version, kind, target.name, target.namespace)
        if live is None:
            return None
        if inputs:
            shown = refreshed_inputs(inputs, live, recorded_object(state))
        else:
            shown = imported_inputs(live)
        if is_core_secret(live):
            for name in SECRET_FIELDS:
                if shown.get(name) is not None:
                    shown[name] = secret(shown[name])
        manager = str(state.get(FIELD_MANAGER) or field_manager(urn))
        return shown, outputs_of(live, shown, manager)

    def delete(self, token: str, identifier: str, declared: Json, timeout: float) -> None:
        """Delete and wait until the object is gone; returns at once when it already is."""
        version, kind = _kind_of(declared, token)
        target = ObjectId.parse(identifier)
        try:
            api = self._cluster.api()
            live = api.get(version, kind, target.name, target.namespace)
        except KubeApiError as error:
            if is_unreachable(error) and self._cluster.settings().delete_unreachable:
                return
            raise
        if live is None:
            return
        with self._turn(group_kind(live)):
            self._delete_live(api, live, declared, timeout)
        if group_kind(live) == DEFINITION:
            api.discovery.forget()

    def _delete_live(self, api: KubeApi, live: Json, declared: Json, timeout: float) -> None:
        version, kind = str(live["apiVersion"]), str(live["kind"])
        about = metadata(live)
        target, uid = ObjectId(about.get("namespace"), str(about["name"])), str(about.get("uid"))
        asked = annotation(declared, PROPAGATION)
        owns = group_kind(live).group in _OWNERS
        propagation = asked.capitalize() or ("Foreground" if owns else "Background")
        try:
            deleted = api.delete(
                version, kind, target.name, target.namespace, uid=uid, propagation=propagation
            )
        except KubeApiError as error:
            if error.status not in _UNDECIDED:
                raise
            deleted = True  # a server too busy to answer may well have done it: look
        if deleted and not is_true(annotation(declared, SKIP_AWAIT)):

            def look() -> Json | None:
                return api.get(version, kind, target.name, target.namespace)

            await_gone(look, target, uid, patience(timeout, declared), self._cancelled)

    def _turn(self, about: GroupKind) -> AbstractContextManager[object]:
        """Few definitions at a time: each makes the server rebuild the schema of everything."""
        return self._definitions if about == DEFINITION else nullcontext()

    def _served(self, api: KubeApi, order: Order, end: float) -> ApiResource | None:
        """How the kind is addressed; waits for a definition that is on its way in this run."""
        version, kind = str(order.plain["apiVersion"]), str(order.plain["kind"])
        while True:
            found = api.resource(version, kind)
            if found is not None or order.preview:
                return found
            if time.monotonic() >= end or self._cancelled.is_set():
                raise RpcError(
                    f"the cluster serves no {kind} in {version}",
                    "install its CustomResourceDefinition first and let this resource depend on it",
                )
            order.say(f"waiting for the CustomResourceDefinition of {kind}")
            self._cancelled.wait(0.3)

    def _place_is_missing(self, api: KubeApi, target: ObjectId) -> bool:
        """Whether the namespace is made (or made anew) in the same run."""
        if target.namespace is None:
            return False
        place = api.get("v1", "Namespace", target.namespace)
        return place is None or metadata(place).get("deletionTimestamp") is not None

    def _apply(  # noqa: PLR0917 - the order, where it goes, as whom, until when
        self,
        api: KubeApi,
        order: Order,
        found: ApiResource,
        target: ObjectId,
        manager: str,
        end: float,
    ) -> Json:
        obj = wire_form(order.inputs, found.namespaced)
        about = obj.setdefault("metadata", {})
        about["name"] = target.name
        if target.namespace:
            about["namespace"] = target.namespace
        forced = self._cluster.settings().patch_force or is_true(
            annotation(order.plain, PATCH_FORCE)
        )
        while True:
            try:
                return api.apply(obj, manager, force=forced, dry_run=order.preview)
            except KubeApiError as error:
                if not order.preview and time.monotonic() < end and _may_pass(error):
                    order.say(f"trying again: {error}")
                    self._cancelled.wait(1.0)
                    if not self._cancelled.is_set():
                        continue
                raise _explained(error, f"{found.kind} {target}") from error

    def _awaited(
        self, api: KubeApi, order: Order, target: ObjectId, live: Json, manager: str
    ) -> Json:
        if not is_true(annotation(order.plain, SKIP_AWAIT)):
            seconds = patience(order.timeout, order.plain)
            try:
                live = await_ready(api, live, seconds, self._cancelled, order.say)
            except NotReadyError as failure:
                now = api.get(live["apiVersion"], live["kind"], target.name, target.namespace)
                state = outputs_of(now or live, order.inputs, manager)
                raise failure.about(str(target), order.inputs, state) from failure
        if group_kind(live) == DEFINITION:
            api.discovery.forget()
        return outputs_of(live, order.inputs, manager)


def field_manager(urn: str) -> str:
    """The owner name of a resource's fields. Made from the URN, so that a run which was killed
    between making an object and noting it down recognises the object as its own."""
    return f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def _is_managed_by(obj: Json, manager: str) -> bool:
    entries = mappings(metadata(obj).get("managedFields"))
    return any(entry.get("manager") == manager for entry in entries)


def _identify(obj: Json, found: ApiResource, api: KubeApi) -> ObjectId:
    about = metadata(obj)
    if not about.get("name") or about.get("name") == UNKNOWN:
        raise InvalidError(f"{found.kind} without metadata.name", "give it a name")
    namespace = str(about.get("namespace") or api.namespace) if found.namespaced else None
    return ObjectId(namespace, str(about["name"]))


def _kind_of(declared: Json, token: str) -> tuple[str, str]:
    if declared.get("kind") and declared.get("apiVersion"):
        return str(declared["apiVersion"]), str(declared["kind"])
    return split_token(token)


def _may_pass(error: KubeApiError) -> bool:
    """Refusals that end by themselves while a stack comes up: no namespace yet, or a webhook
    whose pod is still starting."""
    missing = error.status == 404 and "namespaces" in error.message
    return missing or (error.status == 500 and "webhook" in error.message)


def _explained(error: KubeApiError, what: str) -> RpcError | KubeApiError:
    if error.status == 409:
        return RpcError(
            f"{what}: another manager owns fields that this change sets: {error.message}",
            'set the annotation pulumi.com/patchForce: "true" to take them over,'
            " or declare what the other manager wants",
            grpc.StatusCode.ABORTED,
        )
    if error.status in {400, 422}:
        return InvalidError(
            f"{what} is refused by the API server: {error.message}",
            "correct the field; one that cannot be changed in place needs"
            " `pulumi up --replace <urn>`, which deletes the object first",
        )
    return KubeApiError(error.status, f"{what}: {error.message}", error.causes, error.fix)
