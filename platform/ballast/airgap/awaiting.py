"""Waiting for an object to become ready, or to be gone."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

import grpc

from ballast.airgap.diagnosis import explain
from ballast.airgap.failures import NotReadyError, RpcError
from ballast.airgap.objects import TIMEOUT_SECONDS, ObjectId, annotation, metadata
from ballast.airgap.readiness import Verdict, assess
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json

DEFAULT_SECONDS = 600.0
_SLOWEST_POLL = 1.0


class Say(Protocol):
    """How progress reaches the person in front of the terminal."""

    def __call__(self, message: str) -> None:
        """Show one passing line."""
        ...


def patience(requested: float, obj: Json) -> float:
    """Seconds to wait: the resource's custom timeout, its annotation, or ten minutes."""
    text = annotation(obj, TIMEOUT_SECONDS)
    return requested or (float(text) if text.replace(".", "", 1).isdigit() else DEFAULT_SECONDS)


def await_ready(
    api: KubeApi, live: Json, seconds: float, cancelled: threading.Event, say: Say
) -> Json:
    """The object once it is ready; NotReadyError with reasons when it fails or time is up."""
    kind, name = str(live["kind"]), str(metadata(live)["name"])
    namespace = metadata(live).get("namespace")
    end, pause, told = time.monotonic() + seconds, 0.05, ""
    while True:
        verdict = assess(live, api)
        if verdict.ready:
            return live
        if verdict.failed or time.monotonic() > end or cancelled.is_set():
            head = f"{kind} {name} {_outcome(verdict, seconds, cancelled)}: {verdict.reason}"
            raise NotReadyError([head, *explain(api, live)])
        if verdict.reason != told:
            told = verdict.reason
            say(told)
        cancelled.wait(pause)
        pause = min(pause * 1.5, _SLOWEST_POLL)
        found = api.get(str(live["apiVersion"]), kind, name, namespace)
        if found is None:
            raise NotReadyError([f"{kind} {name} was deleted while it was waited for"])
        live = found


def _outcome(verdict: Verdict, seconds: float, cancelled: threading.Event) -> str:
    if cancelled.is_set():
        return "was not ready yet when the run was cancelled"
    return "failed" if verdict.failed else f"is not ready after {seconds:.0f} s"


def await_gone(
    look: Callable[[], Json | None],
    what: ObjectId,
    uid: str,
    seconds: float,
    cancelled: threading.Event,
) -> None:
    """Return once the object with this uid is gone; RpcError names its finalizers otherwise."""
    end, pause = time.monotonic() + seconds, 0.03
    while True:
        found = look()
        if found is None or metadata(found).get("uid") != uid:
            return
        if time.monotonic() > end or cancelled.is_set():
            held = ", ".join(metadata(found).get("finalizers") or []) or "none"
            raise RpcError(
                f"{found['kind']} {what} is still there after {seconds:.0f} s (finalizers: {held})",
                "see that the controller which owns the finalizer runs",
                grpc.StatusCode.DEADLINE_EXCEEDED,
            )
        cancelled.wait(pause)
        pause = min(pause * 1.5, _SLOWEST_POLL)
