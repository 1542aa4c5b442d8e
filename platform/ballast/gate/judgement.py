"""Whether one envelope is a sound permit for an environment, and if not, why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError
from securesystemslib.signer import Key  # pyright: ignore[reportPrivateImportUsage]

from ballast.gate.evidence import PREDICATE as RECORD
from ballast.gate.permit import PREDICATE, Kind, Permit, parse
from ballast.gate.record_store import subjects_of
from ballast.gate.signing import Opened, open_envelope
from ballast.kubeapi.shape import mapping

ALONE: Final = "a run of the gate alone lets nothing in, a promotion must decide on it"


@dataclass(frozen=True)
class Judged:
    """One envelope: its permit when it is sound, else why it lets nothing in."""

    path: str
    digests: Mapping[str, str]
    permit: Permit | None
    flaw: str = ""


class _FlawError(Exception):
    """Why an envelope lets nothing in."""


def judge(
    path: str, evidence: Mapping[str, str], keys: Sequence[Key], environment: str, now: datetime
) -> Judged:
    """Check one envelope as a permit for an environment; its end is for the caller to look at."""
    opened = open_envelope(evidence[path], list(keys))
    digests = subjects_of(opened.statement)
    try:
        found = _permit(opened)
        _check_place(found, environment, now)
        if found.basis:
            _check_basis(found, evidence.get(found.basis), digests, keys)
    except _FlawError as flaw:
        return Judged(path, digests, None, str(flaw))
    return Judged(path, digests, found)


def _permit(opened: Opened) -> Permit:
    kind = opened.statement.get("predicateType")
    if not opened.verified:
        raise _FlawError(f"the evidence cannot be trusted, {opened.reason}")
    if kind != PREDICATE:
        raise _FlawError(ALONE if kind == RECORD else "it is no permit")
    try:
        return parse(mapping(opened.statement.get("predicate")))
    except ValidationError as error:
        wrong = f"it is no permit: {error.error_count()} of its facts are wrong"
        raise _FlawError(wrong) from error


def _check_place(permit: Permit, environment: str, now: datetime) -> None:
    if permit.target != environment:
        raise _FlawError(f"the permit is for {permit.target}, not for {environment}")
    if permit.made > now:
        raise _FlawError(f"the permit was made at {permit.made.isoformat()}, in the future")


def _check_basis(
    permit: Permit, text: str | None, digests: Mapping[str, str], keys: Sequence[Key]
) -> None:
    if text is None:
        raise _FlawError(f"its record {permit.basis} is absent")
    record = open_envelope(text, list(keys))
    if not record.verified:
        raise _FlawError(f"its record cannot be trusted, {record.reason}")
    if subjects_of(record.statement) != digests:
        raise _FlawError("its record is for other digests")
    predicate = mapping(record.statement.get("predicate"))
    gate: dict[str, Any] = mapping(predicate.get("gate"))
    if (gate.get("environment"), gate.get("target")) != (permit.source, permit.target):
        raise _FlawError(f"its record opens {gate.get('target')} from {gate.get('environment')}")
    try:
        expires = datetime.fromisoformat(str(gate.get("expires")))
        expired = expires <= permit.made
    except (ValueError, TypeError) as error:
        raise _FlawError("its record does not say when it expires") from error
    if expired:
        raise _FlawError("its record had expired when it was given")
    if permit.kind is Kind.PROMOTION and predicate.get("result") != "PASSED":
        raise _FlawError("its record did not pass")
    if permit.kind is Kind.PROMOTION and permit.until > expires:
        raise _FlawError("it ends later than its record")
