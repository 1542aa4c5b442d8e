"""The certificate of a sidecar expires and nobody renews it. Proof: a handshake from outside gets a
certificate whose time is over; after the fault it gets another one.

Dapr's sentry hands out certificates for as long as its Configuration says, which it reads when it
starts. The broker's own certificates are out of reach: their authority has forgotten its key.
"""

import contextlib
import datetime
import os
import signal
import socket
import ssl
import time
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.fault import Facts, Fault, one_container
from ballast.gate.faults.peer import declared_port
from ballast.gate.order import Site
from ballast.gate.pods import PodState, pods_of
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping
from ballast.names import DAPR_NAMESPACE
from ballast.node.containers import network_of, processes_of

CONFIGURATION: Final = ("dapr.io/v1alpha1", "Configuration", "daprsystem", DAPR_NAMESPACE)
SENTRY: Final = ("apps/v1", "Deployment", "dapr-sentry", DAPR_NAMESPACE)
LIFETIME_SECONDS: Final = 15
# A sidecar renews at half of the time that a certificate states, which begins earlier by this much.
SKEW_SECONDS: Final = 1
SHORT: Final = {
    "workloadCertTTL": f"{LIFETIME_SECONDS}s", "allowedClockSkew": f"{SKEW_SECONDS}s",
}  # fmt: skip
LONG_SECONDS: Final = 3600.0
HANDSHAKE_SECONDS: Final = 2.0


def _prepare(site: Site) -> Facts:
    facts = one_container(site)
    pod = mapping(site.api.get("v1", "Pod", facts["pod"], site.target.namespace))
    return {
        **facts,
        "address": str(mapping(pod.get("status")).get("podIP", "")),
        "port": declared_port(pod),
        "mtls": _mtls(site.api),
        "replicas": _replicas(site.api),
    }


def _inject(site: Site, facts: Facts) -> Facts:
    api = site.api
    if left(facts) is None:
        raise BallastError(f"{facts['pod']} presents no certificate before the fault")
    at = time.time()
    try:
        _patch(api, CONFIGURATION, {"mtls": SHORT})
        _restart_sentry(api, site.order.patience)
        for pid in processes_of(facts["uid"], facts["id"]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        short = eventually(
            lambda: 0 < (left(facts) or 0) <= LIFETIME_SECONDS, site.order.patience, 0.2
        )
        _patch(api, SENTRY, {"replicas": 0})
        expired = short and eventually(lambda: _expired(facts), LIFETIME_SECONDS * 2.0, 0.2)
        proven_at = time.time()
        time.sleep(site.entry.seconds or 0)
        still = _expired(facts)
    finally:
        _restore(api, facts, site.order.patience)
    until = time.time()
    return {
        "at": at,
        "until": until,
        "proven_at": proven_at,
        "expired": expired,
        "expired_to_the_end": still,
        "renewed": eventually(lambda: (left(facts) or 0) > LONG_SECONDS, site.order.patience),
        "valid_again_after_s": round(time.time() - until, 1),
    }


def _doubt(facts: Facts, _: FaultProof) -> str:
    if not facts.get("expired"):
        return f"the certificate of {facts['pod']} did not expire"
    if not facts["expired_to_the_end"]:
        return f"the certificate of {facts['pod']} was renewed during the fault"
    return ""


def left(facts: Facts) -> float | None:
    """Seconds for which the certificate that a pod presents is valid, below 0 when it is over.

    None when it presents none. Whoever asks without a certificate of its own is turned away, but
    only after the server has shown who it is.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["h2"])
    address = (facts["address"], facts["port"])
    with network_of(processes_of(facts["uid"])) as inside:
        if not inside:
            return None
        try:
            with (
                socket.create_connection(address, HANDSHAKE_SECONDS) as plain,
                context.wrap_socket(plain) as connected,
            ):
                shown = connected.getpeercert(binary_form=True)
        except OSError:
            return None
    if not shown:
        return None
    end = x509.load_der_x509_certificate(shown).not_valid_after_utc
    return (end - datetime.datetime.now(datetime.UTC)).total_seconds()


def _expired(facts: Facts) -> bool:
    seconds = left(facts)
    return seconds is not None and seconds < 0


def _undo(kubeconfig: Path, facts: Facts) -> None:
    with KubeApi.from_kubeconfig(kubeconfig) as api:
        if _mtls(api) != facts["mtls"] or _replicas(api) != facts["replicas"]:
            _restore(api, facts, LIFETIME_SECONDS)


def _restore(api: KubeApi, facts: Facts, patience: float) -> None:
    """Sentry as it was; a sidecar renews by itself at its next try, every ten seconds."""
    _patch(api, CONFIGURATION, {"mtls": facts["mtls"]})
    _patch(api, SENTRY, {"replicas": facts["replicas"]})
    _restart_sentry(api, patience)
    if _mtls(api) != facts["mtls"] or _replicas(api) != facts["replicas"]:
        raise BallastError(
            "Dapr's certificates are still made for seconds",
            f"kubectl -n {DAPR_NAMESPACE} edit configuration daprsystem; delete the sentry pod.",
        )


def _mtls(api: KubeApi) -> dict[str, Any]:
    found = mapping(mapping(api.get(*CONFIGURATION)).get("spec")).get("mtls")
    if not found:
        raise BallastError(f"Configuration {DAPR_NAMESPACE}/daprsystem says nothing of mTLS")
    return mapping(found)


def _replicas(api: KubeApi) -> int:
    return int(mapping(mapping(api.get(*SENTRY)).get("spec")).get("replicas") or 0)


def _patch(api: KubeApi, place: tuple[str, str, str, str], spec: dict[str, Any]) -> None:
    api.patch(*place, {"spec": spec})


def _restart_sentry(api: KubeApi, patience: float) -> None:
    """End its pods and wait until others serve: it reads its Configuration only then."""
    old = {pod.uid for pod in _sentries(api)}
    for pod in _sentries(api):
        api.delete("v1", "Pod", pod.name, DAPR_NAMESPACE, uid=pod.uid, grace_seconds=0)
    if not eventually(
        lambda: any(pod.serves and pod.uid not in old for pod in _sentries(api)), patience
    ):
        raise BallastError(
            f"no new pod of sentry serves after {patience:.0f} s",
            f"kubectl -n {DAPR_NAMESPACE} get pods",
        )


def _sentries(api: KubeApi) -> list[PodState]:
    return pods_of(api, DAPR_NAMESPACE, "app=dapr-sentry")


FAULT: Final = Fault(
    "Let the certificate of {container} of one pod of {target} expire",
    _prepare, _inject, _doubt, _undo,
)  # fmt: skip
