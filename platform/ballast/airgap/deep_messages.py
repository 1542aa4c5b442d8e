"""Letting messages be nested as deep as a CustomResourceDefinition's schema.

One level of a property bag is three levels of protobuf. The parser stops at 100, which the larger
definitions (Argo CD's ApplicationSet) exceed; the engine, written in Go, has no such limit.
"""

from google.protobuf.internal import api_implementation


def allow() -> None:
    """Lift the limit for this process."""
    if api_implementation.Type() == "upb":
        from google._upb import _message  # the public package has no door to this switch

        _message.SetAllowOversizeProtos(True)  # pyright: ignore[reportUnknownMemberType]
