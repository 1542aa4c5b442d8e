"""Start the stand-in for `pulumi-resource-kubernetes`: `python -m ballast.airgap.provider`."""

import signal
import sys
from concurrent import futures
from types import FrameType

_THREADS = 64
_MESSAGE_BYTES = 400 << 20


def main(arguments: list[str]) -> None:
    """Serve on a free local port, print it, and end on the engine's signal."""
    from ballast.airgap import bare_sdk

    bare_sdk.install()
    # Only now: these import Pulumi's messages, which must not drag in the whole SDK.
    import grpc
    from pulumi.runtime.proto import provider_pb2_grpc

    from ballast.airgap.server import StandInProvider

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

    def end(number: int, frame: FrameType | None) -> None:
        # The engine keeps plugins out of the terminal's process group, so this is its farewell
        # and not a Ctrl-C in the middle of a run.
        provider.cancelled.set()
        server.stop(grace=0.2)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server.start()
    print(port, flush=True)
    server.wait_for_termination()
    provider.close()


if __name__ == "__main__":
    main(sys.argv[1:])
