"""The sidecar: the only door to other services and to the broker."""

from todo_shared.dapr.client import Sidecar, SidecarError, SidecarResponse, SidecarUnavailableError
from todo_shared.dapr.invocation import DaprServiceInvocation
from todo_shared.dapr.pubsub import DaprPubSubService, PublishError

__all__ = [
    "DaprPubSubService",
    "DaprServiceInvocation",
    "PublishError",
    "Sidecar",
    "SidecarError",
    "SidecarResponse",
    "SidecarUnavailableError",
]
