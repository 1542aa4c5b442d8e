"""Start the stand-in for `pulumi-resource-kubernetes`: `python -m ballast.airgap.provider`."""

import gc
import signal
import sys
from concurrent import futures
from types import FrameType

_THREADS = 64
# Importing makes many objects that stay: looking through them again and again is wasted time.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000
_MESSAGE_BYTES = 400 << 20


def main(arguments: list[str]) -> None:
    """Serve on a free local port, print it, and end on the engine's signal."""
    from ballast.airgap import bare_sdk

    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    bare_sdk.install()
    _accept_deep_messages()
    # Only now: these import Pulumi's messages, which must not drag in the whole SDK.
    import grpc
    from pulumi.runtime.proto import provider_pb2_grpc

    from ballast.airgap import deep_messages
    from ballast.airgap.engine_watch import when_orphaned
    from ballast.airgap.server import StandInProvider

    deep_messages.allow()
    provider = StandInProvider()
    if arguments and ":" in arguments[-1]:
        provider.log.attach(arguments[-1])
    server = grpc.server(
        futures.ThreadPoolExecutor(_THREADS),
        options=[
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MESSAGE_BYTES),
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")

    def end() -> None:
        provider.cancelled.set()
        server.stop(grace=0.2)

    def on_signal(number: int, frame: FrameType | None) -> None:
        # The engine keeps plugins out of the terminal's process group, so this is its farewell
        # and not a Ctrl-C in the middle of a run.
        end()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    when_orphaned(end)
    server.start()
    print(port, flush=True)
    server.wait_for_termination()
    provider.close()


def _accept_deep_messages() -> None:
    """Lift the decoder's limit of 100 nested messages: a schema 34 levels deep needs more.

    Argo CD's ApplicationSet is one. Decoders without the switch have no such limit.
    """
    try:
        from google._upb import _message  # pyright: ignore
    except ImportError:
        return
    _message.SetAllowOversizeProtos(True)  # pyright: ignore


if __name__ == "__main__":
    main(sys.argv[1:])
