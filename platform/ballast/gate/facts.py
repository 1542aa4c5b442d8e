"""What the decision needs beside the record: restrictions, budgets, and how the release arrived."""

from collections.abc import Callable, Sequence
from typing import Any

from securesystemslib.signer import Key  # pyright: ignore[reportPrivateImportUsage]

from ballast.gate import restrictions
from ballast.gate.evidence import PREDICATE
from ballast.gate.plan import Plan
from ballast.gate.record_store import FOLDER, Repository, envelopes, subjects_of
from ballast.gate.signing import Opened, open_envelope
from ballast.kubeapi.shape import mapping
from ballast.release import Release
from ballast.slo.model import Slo, load_slos

Budgets = Callable[[list[Slo], str], list[dict[str, Any]]]


def gather(
    git: Repository, budgets: Budgets, candidate: Release, plan: Plan, trusted: Sequence[Key]
) -> dict[str, Any]:
    """Facts for the policy by the names that it reads; what cannot be read raises BallastError."""
    frozen = restrictions.freezes(git).model_dump(mode="json")["freezes"]
    blocked = restrictions.blocked(git).model_dump(mode="json")["blocked"]
    judged = [slo for slo in load_slos() if slo.name in plan.slos]
    return {
        "freezes": frozen,
        "blocked": blocked,
        "budgets": budgets(judged, plan.target),
        "arrival": asked(arrival(git, plan.source, candidate, trusted)),
    }


def asked(opened: Opened | None) -> dict[str, Any] | None:
    """An opened envelope as the policy reads it."""
    if opened is None:
        return None
    signature = {"verified": opened.verified, "reason": opened.reason}
    return {"statement": opened.statement, "signature": signature}


def arrival(
    git: Repository, environment: str, candidate: Release, trusted: Sequence[Key]
) -> Opened | None:
    """The newest record that opened an environment to the candidate's digests.

    A trusted one is preferred, so that a forged file cannot hide it.
    """
    images = {image.repository: image.digest for image in candidate.images.values()}
    found = [
        opened
        for text in envelopes(git.read_folder(f"{FOLDER}/{environment}")).values()
        if (opened := open_envelope(text, list(trusted))).statement.get("predicateType")
        == PREDICATE
        and subjects_of(opened.statement) == images
    ]
    return max(found, key=lambda opened: (opened.verified, _end(opened)), default=None)


def _end(opened: Opened) -> str:
    gate = mapping(mapping(opened.statement.get("predicate")).get("gate"))
    return str(gate.get("end", ""))
