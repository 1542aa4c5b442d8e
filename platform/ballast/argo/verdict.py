"""What one reading of an Application says about one revision.

`Synced` and `Healthy` together are not enough: they are also shown while an operation runs, after a
failed render (with the last good operation still on show), and for a moment before a new rollout
has been looked at.
"""

from dataclasses import dataclass
from typing import Final

from ballast.kubeapi.shape import Json, mapping, mappings

_UNFINISHED: Final = ("Running", "Terminating")
_FAILED: Final = ("Failed", "Error")


@dataclass(frozen=True)
class Verdict:
    """`done`: finished and healthy. `failed`: will not finish by itself. `reason`: one line."""

    done: bool
    failed: bool
    reason: str


def judge(application: Json | None, revision: str | None) -> Verdict:
    """Whether an Application has brought a revision (None: its newest) to a healthy end."""
    if application is None:
        return _waiting("is not there yet")
    status = mapping(application.get("status"))
    sync = mapping(status.get("sync"))
    at = str(sync.get("revision") or "")
    if revision is not None and at != revision:
        seen = f"has seen {at[:12]}" if at else "has seen no revision"
        return _waiting(_with_conditions(f"{seen}, not {revision[:12]}", status))
    if error := _condition(status):
        return Verdict(done=False, failed=True, reason=error)
    return _operation(application, status, sync, at)


def _operation(application: Json, status: Json, sync: Json, at: str) -> Verdict:
    operation = mapping(status.get("operationState"))
    phase = str(operation.get("phase") or "")
    message = " ".join(str(operation.get("message") or "").split())
    if application.get("operation") or phase in _UNFINISHED:
        return _waiting(f"is syncing: {message or 'started'}")
    if phase in _FAILED and _revision(operation) == at:
        return Verdict(done=False, failed=True, reason=f"sync failed: {message}")
    if sync.get("status") != "Synced":
        return _waiting(f"is {sync.get('status') or 'not compared yet'}")
    health = mapping(status.get("health"))
    if health.get("status") != "Healthy":
        said = f": {health['message']}" if health.get("message") else ""
        return _waiting(f"is {health.get('status') or 'without health'}{said}")
    finished = str(operation.get("finishedAt") or "")
    if finished and str(status.get("reconciledAt") or "") < finished:
        return _waiting("has not been looked at since its sync")
    return Verdict(done=True, failed=False, reason="is Synced and Healthy")


def _revision(operation: Json) -> str:
    result = mapping(operation.get("syncResult"))
    wanted = mapping(mapping(operation.get("operation")).get("sync"))
    return str(result.get("revision") or wanted.get("revision") or "")


def _condition(status: Json) -> str:
    for condition in mappings(status.get("conditions")):
        kind = str(condition.get("type") or "")
        # A SyncError repeats the operation's own message, which is judged with its revision.
        if kind.endswith("Error") and kind != "SyncError":
            return f"{kind}: {' '.join(str(condition.get('message') or '').split())}"
    return ""


def _with_conditions(reason: str, status: Json) -> str:
    error = _condition(status)
    return f"{reason}; {error}" if error else reason


def _waiting(reason: str) -> Verdict:
    return Verdict(done=False, failed=False, reason=reason)
