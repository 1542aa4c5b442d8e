"""helm.v3.Release: a local chart installed through the helm program."""

from dataclasses import dataclass

from pulumi.runtime.proto import provider_pb2

from ballast.airgap.awaiting import Say
from ballast.airgap.charts import chart_digest, local_chart, value_arguments, values_text
from ballast.airgap.check import Checked, autoname
from ballast.airgap.connection import Connection
from ballast.airgap.diagnosis import explain
from ballast.airgap.difference import Difference
from ballast.airgap.failures import InvalidError, NotReadyError
from ballast.airgap.helm import Helm, HelmFailedError
from ballast.airgap.objects import ObjectId, known, metadata
from ballast.airgap.property_paths import Change, Path, compare
from ballast.airgap.readiness import assess
from ballast.airgap.release_records import PENDING, ReleaseRecord, newest_record
from ballast.airgap.values import UNKNOWN, has_unknown, plain_bag
from ballast.errors import BallastError
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json

TOKEN = "kubernetes:helm.sh/v3:Release"  # noqa: S105 - a Pulumi type token
DIGEST = "__chartDigest"
_TIMEOUT_SECONDS = 300
_REASONS = 16

_SWITCHES = {
    "createNamespace": "--create-namespace",
    "atomic": "--atomic",
    "skipCrds": "--skip-crds",
    "dependencyUpdate": "--dependency-update",
    "takeOwnership": "--take-ownership",
    "disableCRDHooks": "--no-hooks",
    "disableWebhooks": "--no-hooks",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "forceUpdate": "--force",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
    "cleanupOnFail": "--cleanup-on-fail",
    "waitForJobs": "--wait-for-jobs",
}
_REFUSED = ("allowNullValues", "devel", "keyring", "postrender", "recreatePods", "verify")


@dataclass(frozen=True)
class ReleaseOrder:
    """One install or upgrade as the engine asks for it; `timeout` in seconds, 0 when not given."""

    inputs: Json
    preview: bool
    timeout: float
    say: Say


class Releases:
    """The operations on Helm releases."""

    def __init__(
        self,
        cluster: Connection,
    ) -> None:
        self._cluster = cluster

    def check(self, request: provider_pb2.CheckRequest, news: Json, olds: Json) -> Checked:
        """Name the release, and refuse options and charts that do not work offline."""
        inputs = {name: value for name, value in news.items() if value is not None}
        plain = plain_bag(inputs)
        failures = [
            (name, f"the offline stand-in does not support {name}")
            for name in _REFUSED
            if plain.get(name)
        ]
        if plain.get("chart") != UNKNOWN:
            try:
                local_chart(plain)
            except InvalidError as error:
                failures.append(("chart", f"{error}; {error.fix}"))
        if not plain.get("name"):
            inputs["name"] = plain_bag(olds).get("name") or autoname(request)
        if not plain.get("namespace"):
            inputs["namespace"] = self._cluster.namespace()
        return Checked(inputs, tuple(failures))

    def diff(self, old: Json, new: Json, state: Json) -> Difference:
        """Compare plain inputs and the chart's contents; starts no program, asks no cluster."""
        changes: dict[Path, Change] = compare(old, new)
        recorded = state.get(DIGEST)
        if recorded and recorded != _digest(new):
            changes.setdefault(("chart",), "UPDATE")
        replaces = frozenset(
            (name,) for name in ("name", "namespace") if (name,) in changes and known(new.get(name))
        )
        # Cluster-wide objects carry the old release's mark: it must go before the new one comes.
        return Difference(changes, replaces, delete_first=bool(replaces))

    def put(self, order: ReleaseOrder) -> tuple[str, Json]:
        """Install or upgrade; a release that failed is kept in the state with its reasons."""
        plain = plain_bag(order.inputs)
        target = ObjectId(str(plain["namespace"]), str(plain["name"]))
        if order.preview:
            unknown = {"status": UNKNOWN, "resourceNames": UNKNOWN, DIGEST: UNKNOWN}
            identifier = "" if has_unknown([target.namespace, target.name]) else str(target)
            return identifier, {**order.inputs, **unknown}
        api, helm = self._cluster.api(), self._cluster.helm()
        self._clear_interrupted(api, target, order.say)
        try:
            helm.on_cluster(_upgrade(helm, plain, target, order.timeout), values_text(plain))
        except HelmFailedError as failure:
            record = newest_record(api, str(target.namespace), target.name)
            if record is None:
                raise
            state = _outputs(record, target, order.inputs, plain)
            reasons = [str(failure), *self._why(api, record, target)][:_REASONS]
            raise NotReadyError(reasons).about(str(target), order.inputs, state) from failure
        record = newest_record(api, str(target.namespace), target.name)
        if record is None:
            raise InvalidError(f"helm reported success but release {target} left no record")
        return str(target), _outputs(record, target, order.inputs, plain)

    def read(self, identifier: str, inputs: Json, state: Json) -> tuple[Json, Json] | None:
        """Inputs and outputs of the release as the cluster records it; None when it is gone."""
        target = ObjectId.parse(identifier)
        record = newest_record(self._cluster.api(), str(target.namespace), target.name)
        if record is None:
            return None
        shown = inputs or {
            "name": target.name,
            "namespace": target.namespace,
            "chart": record.chart.get("name"),
            "version": record.chart.get("version"),
        }
        declared = plain_bag(shown)
        if not declared.get("valueYamlFiles") and record.values != (declared.get("values") or {}):
            shown = {**shown, "values": record.values}
        outputs = _outputs(record, target, shown, declared)
        if DIGEST in state:
            outputs[DIGEST] = state[DIGEST]  # what is installed, not what lies on the disk now
        return shown, outputs

    def delete(self, identifier: str, timeout: float) -> None:
        """Uninstall and wait; an absent release is fine."""
        target = ObjectId.parse(identifier)
        if newest_record(self._cluster.api(), str(target.namespace), target.name) is None:
            return
        verb = ["uninstall", target.name, "-n", str(target.namespace), "--wait"]
        verb += ["--ignore-not-found", "--timeout", f"{int(timeout or _TIMEOUT_SECONDS)}s"]
        self._cluster.helm().on_cluster(verb)

    def _clear_interrupted(self, api: KubeApi, target: ObjectId, say: Say) -> None:
        """Helm locks a release by its pending record; a killed run leaves it locked for ever.
        The stack's own lock says that no other run is at work, so the record is removed."""
        record = newest_record(api, str(target.namespace), target.name)
        if record is not None and record.status in PENDING:
            say(f"release {target} was interrupted as {record.status}; going on from there")
            api.delete("v1", "Secret", record.secret_name, target.namespace)

    def _why(self, api: KubeApi, record: ReleaseRecord, target: ObjectId) -> list[str]:
        reasons: list[str] = []
        for obj in record.objects():
            try:
                live = api.get(
                    str(obj["apiVersion"]),
                    str(obj["kind"]),
                    str(metadata(obj).get("name")),
                    str(metadata(obj).get("namespace") or target.namespace),
                )
                verdict = assess(live, api) if live is not None else None
            except BallastError as error:
                reasons.append(f"{obj.get('kind')} {metadata(obj).get('name')}: {error}")
                continue
            if live is not None and verdict is not None and not verdict.ready:
                name = metadata(live).get("name")
                reasons += [f"{live.get('kind')} {name}: {verdict.reason}", *explain(api, live)]
        return reasons


def _upgrade(helm: Helm, plain: Json, target: ObjectId, timeout: float) -> list[str]:
    chart = str(local_chart(plain))
    verb = ["upgrade", "--install", target.name, chart, "-n", str(target.namespace)]
    verb += value_arguments(helm, plain)
    verb += sorted({option for name, option in _SWITCHES.items() if plain.get(name)})
    if plain.get("version"):
        verb += ["--version", str(plain["version"])]
    if plain.get("maxHistory"):
        verb += ["--history-max", str(plain["maxHistory"])]
    if plain.get("description"):
        verb += ["--description", str(plain["description"])]
    if not plain.get("skipAwait"):
        verb.append("--wait")
    seconds = int(timeout or plain.get("timeout") or _TIMEOUT_SECONDS)
    return [*verb, "--timeout", f"{seconds}s"]


def _digest(plain: Json) -> str:
    return "" if plain.get("chart") == UNKNOWN else chart_digest(local_chart(plain))


def _outputs(record: ReleaseRecord, target: ObjectId, inputs: Json, plain: Json) -> Json:
    return {
        **inputs,
        "resourceNames": record.resource_names(str(target.namespace)),
        "status": {
            "name": target.name,
            "namespace": target.namespace,
            "revision": record.revision,
            "status": record.status,
            "chart": record.chart.get("name"),
            "version": record.chart.get("version"),
            "appVersion": record.chart.get("appVersion"),
        },
        DIGEST: _digest(plain) if _is_local(plain) else "",
    }


def _is_local(plain: Json) -> bool:
    try:
        local_chart(plain)
    except InvalidError:
        return False
    return True
