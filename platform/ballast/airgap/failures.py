"""How a call of the engine fails, and how that is told to the engine."""

from typing import NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from ballast.airgap.values import encode
from ballast.errors import BallastError
from ballast.kubeapi import KubeApiError
from ballast.kubeapi.errors import UNREACHABLE
from ballast.kubeapi.shape import Json

# INTERNAL, UNKNOWN and DATA_LOSS tell the engine that the resource may or may not have changed,
# which leaves a pending operation behind; none of them is used for a plain refusal.
_REFUSED = grpc.StatusCode.FAILED_PRECONDITION
_BY_STATUS = {
    UNREACHABLE: grpc.StatusCode.UNAVAILABLE,
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.PERMISSION_DENIED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    409: grpc.StatusCode.ABORTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
}


class RpcError(BallastError):
    """A call that failed without leaving anything half done."""

    def __init__(self, message: str, fix: str = "", code: grpc.StatusCode = _REFUSED) -> None:
        super().__init__(message, fix)
        self.code = code


class InvalidError(RpcError):
    """The inputs can never work as they stand."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message, fix, grpc.StatusCode.INVALID_ARGUMENT)


class NotReadyError(BallastError):
    """The object exists but never became ready; the engine keeps it, with these reasons."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons
        self.id = ""
        self.inputs: Json = {}
        self.state: Json = {}

    def about(self, identifier: str, inputs: Json, state: Json) -> "NotReadyError":
        """The same failure with what must be written to the state."""
        self.id, self.inputs, self.state = identifier, inputs, state
        return self


def abort(context: grpc.ServicerContext, error: BallastError) -> NoReturn:
    """End a call with the status the engine expects for this failure."""
    if isinstance(error, NotReadyError):
        _abort_with_state(context, error)
    message = f"{error}. {error.fix}".rstrip(". ") if error.fix else str(error)
    context.abort(_code(error), message)


def _code(error: BallastError) -> grpc.StatusCode:
    if isinstance(error, RpcError):
        return error.code
    if isinstance(error, KubeApiError):
        return _BY_STATUS.get(error.status, _REFUSED)
    return _REFUSED


def _abort_with_state(context: grpc.ServicerContext, error: NotReadyError) -> NoReturn:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id,
        properties=encode(error.state),
        inputs=encode(error.inputs),
        reasons=error.reasons,
    )
    message = "the resource was created but did not become ready"
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=message)
    packed = status.details.add()
    packed.Pack(detail)  # pyright: ignore[reportUnknownMemberType]
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, message)


def is_unreachable(error: BallastError) -> bool:
    """Whether the API server gave no answer at all."""
    return isinstance(error, KubeApiError) and error.status == UNREACHABLE
