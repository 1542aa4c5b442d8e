"""The provider as the engine starts it: a process, a port on stdout, and gRPC."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from ballast.airgap.values import decode, encode

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


def urn(token: str, name: str) -> str:
    """A resource's URN in the test stack."""
    return f"urn:pulumi:test::airgap::{token}::{name}"


class Provider:
    """The calls of the engine, with dicts in and dicts out."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.stub = provider_pb2_grpc.ResourceProviderStub(channel)

    def configure(self, **arguments: Any) -> Any:
        return self.stub.Configure(
            provider_pb2.ConfigureRequest(args=encode(arguments), acceptSecrets=True)
        )

    def check(self, token: str, news: Any, olds: Any = None, name: str = "it") -> Any:
        return self.stub.Check(
            provider_pb2.CheckRequest(
                urn=urn(token, name),
                name=name,
                type=token,
                news=encode(news),
                olds=encode(olds or {}),
                randomSeed=b"seed",
            )
        )

    def checked(self, token: str, news: Any, name: str = "it") -> Any:
        """Inputs after Check, which must find no fault."""
        answer = self.check(token, news, name=name)
        assert not answer.failures, answer.failures
        return decode(answer.inputs)

    def diff(self, token: str, identifier: str, old: Any, new: Any, state: Any = None) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=identifier,
                urn=urn(token, "it"),
                type=token,
                olds=encode(state or old),
                old_inputs=encode(old),
                news=encode(new),
            )
        )

    def create(
        self,
        token: str,
        inputs: Any,
        preview: bool = False,
        timeout: float = 60,
        name: str = "it",
    ) -> tuple[str, Any]:
        answer = self.stub.Create(
            provider_pb2.CreateRequest(
                urn=urn(token, name),
                name=name,
                type=token,
                properties=encode(inputs),
                preview=preview,
                timeout=timeout,
            )
        )
        return answer.id, decode(answer.properties)

    def update(
        self, token: str, identifier: str, state: Any, new: Any, preview: bool = False
    ) -> Any:
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                id=identifier,
                urn=urn(token, "it"),
                type=token,
                olds=encode(state),
                old_inputs=encode(state.get("__inputs") or {}),
                news=encode(new),
                preview=preview,
                timeout=60,
            )
        )
        return decode(answer.properties)

    def read(self, token: str, identifier: str, inputs: Any, state: Any) -> Any:
        return self.stub.Read(
            provider_pb2.ReadRequest(
                id=identifier,
                urn=urn(token, "it"),
                type=token,
                inputs=encode(inputs),
                properties=encode(state),
            )
        )

    def delete(self, token: str, identifier: str, state: Any, inputs: Any, seconds: float) -> Any:
        return self.stub.Delete(
            provider_pb2.DeleteRequest(
                id=identifier,
                urn=urn(token, "it"),
                type=token,
                properties=encode(state),
                old_inputs=encode(inputs),
                timeout=seconds,
            )
        )

    def invoke(self, token: str, arguments: Any) -> Any:
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=encode(arguments)))
        return decode(getattr(answer, "return"))

    def plugin_info(self) -> Any:
        return self.stub.GetPluginInfo(Empty())


@contextmanager
def started(folder: Path, **environment: str) -> Iterator[Provider]:
    """Start the provider in `folder`; it must end by itself on the engine's signal."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ballast.airgap.provider"],
        stdout=subprocess.PIPE,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Provider(channel)
    finally:
        process.terminate()
        process.wait(timeout=60)


def init_failure(error: grpc.RpcError) -> provider_pb2.ErrorResourceInitFailed:
    """The state and reasons packed into a failed create or update."""
    packed = dict(error.trailing_metadata())["grpc-status-details-bin"]
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(packed).details[0].Unpack(detail)
    return detail
