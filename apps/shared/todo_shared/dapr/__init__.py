"""The sidecar: the only door to other services and to the broker."""

from todo_shared.dapr.bindings import (
    BindingError,
    BindingRefusedError,
    BindingUnavailableError,
    DaprBindings,
)
from todo_shared.dapr.client import Sidecar, SidecarError, SidecarResponse, SidecarUnavailableError
from todo_shared.dapr.invocation import DaprServiceInvocation
from todo_shared.dapr.pubsub import DaprPubSubService, PublishError
from todo_shared.dapr.state import (
    ABSENT,
    DaprStateService,
    Delete,
    StateConflictError,
    StateError,
    StateStore,
    StoredValue,
    Upsert,
    state_key,
)

__all__ = [
    "ABSENT",
    "BindingError",
    "BindingRefusedError",
    "BindingUnavailableError",
    "DaprBindings",
    "DaprPubSubService",
    "DaprServiceInvocation",
    "DaprStateService",
    "Delete",
    "PublishError",
    "Sidecar",
    "SidecarError",
    "SidecarResponse",
    "SidecarUnavailableError",
    "StateConflictError",
    "StateError",
    "StateStore",
    "StoredValue",
    "Upsert",
    "state_key",
]
