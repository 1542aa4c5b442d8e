"""The decision: OPA evaluates policies/rego in its own server process."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from opa_client.opa import OpaClient

from ballast.errors import BallastError
from ballast.gate.plan import Plan
from ballast.gate.policy import policy_files
from ballast.gate.signing import Opened
from ballast.kubeapi.shape import mapping, sequence
from ballast.release import Release

PACKAGE: Final = "ballast.promotion"
READY_SECONDS: Final = 15.0


@dataclass(frozen=True)
class Decision:
    """Whether the release may move, and every reason why not, as sentences."""

    allow: bool
    reasons: tuple[str, ...]


def decision_input(
    candidate: Release,
    record: Opened | None,
    plan: Plan,
    *,
    facts: Mapping[str, Any],
    samples_sha256: str | None = None,
    now: datetime | None = None,
) -> dict[str, Any]:
    """What the policy is asked; `samples_sha256` is of the raw samples, where they are at hand.

    `facts` are what Git, Prometheus and people add: freezes, blocked, budgets, hotfix, arrival,
    sign_offs.
    """
    asked: dict[str, Any] = {
        "candidate": {
            "environment": plan.source,
            "target": plan.target,
            "revision": candidate.revision,
            "images": {name: image.model_dump() for name, image in candidate.images.items()},
        },
        "record": record.statement if record else None,
        "signature": {
            "verified": bool(record and record.verified),
            "reason": record.reason if record else "there is none",
        },
        "required": plan.checks,
        "baseline": plan.baseline_images,
        "configuration": plan.configuration,
        "now": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
    }
    return asked | dict(facts) | ({"samples": {"sha256": samples_sha256}} if samples_sha256 else {})


def decide(binary: Path, policy: Path, asked: Mapping[str, Any]) -> Decision:
    """Ask OPA about the policy in a folder.

    An answer that is no decision raises BallastError: no answer is no permission.
    """
    with opa_server(binary, [policy / name for name in policy_files(policy, ".")]) as client:
        answer = mapping(cast("Any", client).query_rule(dict(asked), PACKAGE, "decision"))
    result = mapping(answer.get("result"))
    allow, reasons = result.get("allow"), sequence(result.get("reasons"))
    if not isinstance(allow, bool) or allow == bool(reasons):
        raise BallastError(f"OPA gave no decision but {result or answer!r}", "Check policies/rego.")
    return Decision(allow, tuple(str(reason) for reason in reasons))


def reasons_of(binary: Path, policy: Path, rule: str, asked: Mapping[str, Any]) -> tuple[str, ...]:
    """The members of one set of reasons, such as `sign_off_denied`; BallastError when it is none.

    It is for a refusal before a costly run; only `decide` permits.
    """
    with opa_server(binary, [policy / name for name in policy_files(policy, ".")]) as client:
        answer = mapping(cast("Any", client).query_rule(dict(asked), PACKAGE, rule))
    if not isinstance(answer.get("result"), list):
        raise BallastError(f"OPA has no rule {rule}: {answer!r}", "Check policies/rego.")
    return tuple(sorted(str(reason) for reason in sequence(answer["result"])))


@contextmanager
def opa_server(binary: Path, policies: Sequence[Path]) -> Generator[OpaClient]:
    """A running OPA server with policies on a free port of 127.0.0.1; it ends with the block."""
    port = _free_port()
    command = [
        str(binary), "run", "--server", "--addr", f"127.0.0.1:{port}", "--log-level", "error",
        "--disable-telemetry", *map(str, policies),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as log, _no_proxy():
        process = subprocess.Popen(command, stdout=log, stderr=log)
        client = OpaClient(host="127.0.0.1", port=port, timeout=10.0)
        try:
            _wait_ready(process, client)
            yield client
        except Exception as error:
            if process.poll() is None or isinstance(error, BallastError):
                raise
            log.seek(0)
            said = log.read().decode(errors="replace").strip()
            raise BallastError(f"the OPA server ended: {said}", "See `opa run --help`.") from error
        finally:
            client.close_connection()
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_ready(process: subprocess.Popen[bytes], client: OpaClient) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _healthy(client):
        if process.poll() is not None:
            raise BallastError(f"the OPA server ended with code {process.returncode}")
        if time.monotonic() > deadline:
            raise BallastError(f"the OPA server did not answer within {READY_SECONDS:.0f} s")
        time.sleep(0.05)


def _healthy(client: OpaClient) -> bool:
    try:
        return bool(client.check_health())
    except Exception:  # the client raises whatever its HTTP library raises while the port is shut
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _no_proxy() -> Generator[None]:
    # The client's HTTP library follows the environment, and no proxy can reach our loopback.
    kept = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    for name, value in kept.items():
        os.environ[name] = ",".join(part for part in (value, "127.0.0.1") if part)
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
