"""The resource provider protocol: one method per call of the engine, each a few lines."""

# The guard around each method takes its arguments by position, as gRPC gives them.
# pyright: reportIncompatibleMethodOverride=false

import functools
import threading
import traceback
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from ballast.airgap.check import Checked, check_object
from ballast.airgap.connection import Connection
from ballast.airgap.difference import diff_object
from ballast.airgap.engine_log import EngineLog
from ballast.airgap.failures import InvalidError, abort
from ballast.airgap.invokes import invoke
from ballast.airgap.objects import ObjectId
from ballast.airgap.releases import TOKEN as RELEASE
from ballast.airgap.releases import ReleaseOrder, Releases
from ballast.airgap.replacement import Mutability
from ballast.airgap.resources import Order, Resources
from ballast.airgap.settings import compare_settings, hide_credentials, read_settings
from ballast.airgap.values import decode, encode, has_unknown, plain_bag
from ballast.errors import BallastError
from ballast.kubeapi.shape import Json

BUILD_METADATA = "ballast.offline"

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")
_Method = Callable[["StandInProvider", _Request, grpc.ServicerContext], _Response]


def sdk_version() -> str:
    """Version of the installed pulumi-kubernetes package, which this provider stands in for."""
    return version("pulumi-kubernetes")


def _guarded(method: "_Method[_Request, _Response]") -> "_Method[_Request, _Response]":
    """Turn our errors into statuses the engine understands."""

    @functools.wraps(method)
    def call(self: "StandInProvider", request: _Request, context: grpc.ServicerContext) -> Any:
        self.log.speak_about(str(getattr(request, "urn", "")))
        try:
            return method(self, request, context)
        except BallastError as error:
            abort(context, error)
        except Exception as error:
            traceback.print_exc()
            bug = f"the offline stand-in failed in {method.__name__}: {error!r}"
            abort(context, InvalidError(bug, "run again with -v=3 and report the trace"))

    return call


class StandInProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Kubernetes resources for the Pulumi engine, without the official plugin."""

    def __init__(self) -> None:
        self.log = EngineLog()
        self.cancelled = threading.Event()
        self._cluster = Connection(self.log.warning)
        self._objects = Resources(self._cluster, self.cancelled)
        self._releases = Releases(self._cluster)

    def close(self) -> None:
        """Stop waits and remove private files."""
        self.cancelled.set()
        self._cluster.close()

    @_guarded
    def Handshake(  # noqa: N802
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Learn the engine's address and say what we understand."""
        self.log.attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=False,
            accept_outputs=False,
            supports_autonaming_configuration=True,
        )

    @_guarded
    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Empty:  # noqa: N802
        """Learn the engine's address when a debugger started us."""
        self.log.attach(request.address)
        return Empty()

    @_guarded
    def GetPluginInfo(  # noqa: N802
        self, request: Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        """The SDK's version, marked as not being the official plugin."""
        return plugin_pb2.PluginInfo(version=f"{sdk_version()}+{BUILD_METADATA}")

    @_guarded
    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:  # noqa: N802
        """End all waits; calls under way return what they have."""
        self.cancelled.set()
        return Empty()

    @_guarded
    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Judge provider settings; an inline kubeconfig leaves as a secret."""
        inputs = hide_credentials(decode(request.news))
        plain = plain_bag(inputs)
        if not has_unknown(plain):
            read_settings(plain)
        return provider_pb2.CheckResponse(inputs=encode(inputs))

    @_guarded
    def DiffConfig(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Replace the provider only when it now means another cluster."""
        old = decode(request.old_inputs) or decode(request.olds)
        change = compare_settings(old, decode(request.news))
        changes = provider_pb2.DiffResponse
        return provider_pb2.DiffResponse(
            changes=changes.DIFF_SOME if change.changed else changes.DIFF_NONE,
            diffs=change.changed,
            replaces=change.replaces,
        )

    @_guarded
    def Configure(  # noqa: N802
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Take the settings; the cluster itself is contacted when first needed."""
        self._cluster.configure(_configuration(request))
        self.log.debug(f"pulumi-kubernetes {sdk_version()}: Ballast's offline stand-in is at work")
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True,
            supportsPreview=True,
            acceptResources=False,
            acceptOutputs=False,
            supports_autonaming_configuration=True,
        )

    @_guarded
    def Check(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Complete and judge inputs."""
        # Inputs that were completed and judged before: most of the bytes of a run without changes.
        if request.olds.fields and request.news == request.olds:
            return provider_pb2.CheckResponse(inputs=request.news)
        news, olds = decode(request.news), decode(request.olds)
        if request.type == RELEASE:
            checked = self._releases.check(request, news, olds)
        else:
            checked = check_object(request, news, olds, self._cluster.api_if_known())
        return _check_response(checked)

    @_guarded
    def Diff(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Compare inputs; never asks the cluster."""
        known = bool(request.old_inputs.fields)
        if known and request.type != RELEASE and request.old_inputs == request.news:
            return provider_pb2.DiffResponse(
                changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True
            )
        # The state of an object is far larger than its inputs, and seldom needed here.
        old, new = plain_bag(decode(request.old_inputs)), plain_bag(decode(request.news))
        state = plain_bag(decode(request.olds)) if request.type == RELEASE or not old else {}
        old = old or state
        if request.type == RELEASE:
            return self._releases.diff(old, new, state).response()
        difference = diff_object(ObjectId.parse(request.id), old, new, self._mutability())
        if difference.replaces:
            self._objects.replacing.add(request.id)
        return difference.response()

    @_guarded
    def Create(  # noqa: N802
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """Make the object or release, or predict it."""
        inputs = decode(request.properties)
        if request.type == RELEASE:
            identifier, outputs = self._releases.put(
                ReleaseOrder(inputs, request.preview, request.timeout, self.log.passing)
            )
        else:
            result = self._objects.create(
                Order.of(request.urn, inputs, request.preview, request.timeout, self.log.passing)
            )
            identifier, outputs = result.id, result.outputs
        return provider_pb2.CreateResponse(id=identifier, properties=encode(outputs))

    @_guarded
    def Update(  # noqa: N802
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Change the object or release in place, or predict it."""
        inputs = decode(request.news)
        if request.type == RELEASE:
            _, outputs = self._releases.put(
                ReleaseOrder(inputs, request.preview, request.timeout, self.log.passing)
            )
        else:
            order = Order.of(
                request.urn, inputs, request.preview, request.timeout, self.log.passing
            )
            outputs = self._objects.update(
                request.id, plain_bag(decode(request.olds)), order
            ).outputs
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    @_guarded
    def Read(  # noqa: N802
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """Describe what is there; an empty answer means that it is gone."""
        inputs, state = decode(request.inputs), plain_bag(decode(request.properties))
        if request.type == RELEASE:
            found = self._releases.read(request.id, inputs, state)
        else:
            found = self._objects.read(request.urn, request.type, request.id, inputs, state)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id, inputs=encode(found[0]), properties=encode(found[1])
        )

    @_guarded
    def Delete(  # noqa: N802
        self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext
    ) -> Empty:
        """Remove the object or release and wait until it is gone."""
        state = plain_bag(decode(request.properties))
        declared = plain_bag(decode(request.old_inputs)) or state
        if request.type == RELEASE:
            self._releases.delete(request.id, request.timeout)
        else:
            self._objects.delete(request.type, request.id, declared, request.timeout)
        return Empty()

    @_guarded
    def Invoke(  # noqa: N802
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """Run a function."""
        result = invoke(request.tok, plain_bag(decode(request.args)), self._cluster)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(result))
        return response

    @_guarded
    def Construct(  # noqa: N802
        self, request: provider_pb2.ConstructRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConstructResponse:
        """Refuse remote components: the names of their children are the official plugin's own."""
        raise InvalidError(
            f"the offline stand-in cannot build the component {request.type}",
            "use helm.v3.Release, yaml.ConfigFile or yaml.ConfigGroup (version 1) instead",
        )

    def _mutability(self) -> Mutability:
        if self._cluster.is_undecided():
            return Mutability()
        settings = self._cluster.settings()
        return Mutability(settings.config_map_mutable, settings.secret_mutable)


def _configuration(request: provider_pb2.ConfigureRequest) -> Json:
    arguments = plain_bag(decode(request.args))
    if not arguments:
        arguments = {name.rpartition(":")[2]: value for name, value in request.variables.items()}
    return arguments


def _check_response(checked: Checked) -> provider_pb2.CheckResponse:
    return provider_pb2.CheckResponse(
        inputs=encode(checked.inputs),
        failures=[
            provider_pb2.CheckFailure(property=name, reason=reason)
            for name, reason in checked.failures
        ],
    )
