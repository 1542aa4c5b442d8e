"""Checking everything that a clone holds of the gate, without a cluster or a network."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from securesystemslib.signer import Key  # pyright: ignore[reportPrivateImportUsage]

from ballast import release
from ballast.errors import BallastError
from ballast.gate.admission import GUARDED, IN_FORCE, admitted
from ballast.gate.admission_writer import declared
from ballast.gate.evidence import PREDICATE as RECORD
from ballast.gate.finding import Finding, end_of
from ballast.gate.judgement import judge
from ballast.gate.permit import Permit
from ballast.gate.record_store import (
    FOLDER,
    INDEX,
    KEYS,
    Repository,
    committed_keys,
    envelopes,
    index_of,
    signed_permit,
    signed_record,
    subjects_of,
)
from ballast.gate.roles import Roles
from ballast.gate.signing import Opened, open_envelope
from ballast.gate.verify_trust import (
    key_findings,
    roles_or_finding,
    sign_off_findings,
    sign_off_flaw,
    unsigned,
)
from ballast.kubeapi.shape import mapping

_OTHER: Final = "its entry in the index says something else"


def verify_clone(git: Repository, now: datetime | None = None) -> list[Finding]:
    """A finding for each key, each envelope, each missing one, and each guarded release.

    What was valid when it was used stays sound after its end. Raises BallastError when there is
    nothing to verify, because that proves nothing.
    """
    moment = now or datetime.now(UTC)
    evidence = git.read_folder(FOLDER)
    guarded = [name for name in GUARDED if declared(git, name)]
    if not envelopes(evidence) and not guarded:
        raise BallastError(
            "this clone holds neither evidence nor a release that needs any",
            "Clone the platform's own repository: "
            "git clone http://127.0.0.1:18032/ballast.git, then give its folder.",
        )
    keys = committed_keys(evidence)
    found = key_findings(evidence) or [Finding(KEYS, False, "no public key is committed")]
    roles, no_roles = roles_or_finding(git)
    found += no_roles
    try:
        index = {str(entry.get("file")): entry for entry in index_of(evidence)}
    except json.JSONDecodeError as error:
        return [*found, Finding(INDEX, False, f"it is not JSON: {error}")]
    found += [
        Finding(path, False, "the index has it, the clone does not")
        for path in index
        if path not in evidence
    ]
    found += [
        _envelope(path, evidence, index.get(path), keys=keys, roles=roles, now=moment)
        for path in envelopes(evidence)
    ]
    found += sign_off_findings(evidence, index, roles, moment)
    return found + [
        _release(git, name, evidence, keys=keys, roles=roles, now=moment) for name in guarded
    ]


def _envelope(
    path: str,
    evidence: Mapping[str, str],
    entry: Mapping[str, Any] | None,
    *,
    keys: list[Key],
    roles: Roles | None,
    now: datetime,
) -> Finding:
    text = evidence[path]
    opened = open_envelope(text, keys)
    if entry is None:
        return Finding(path, False, "the index does not have it")
    if flaw := _flaw_of_file(text, entry, opened):
        return Finding(path, False, flaw)
    if opened.statement.get("predicateType") == RECORD:
        return _record(path, text, entry, opened.statement, now)
    target = str(mapping(opened.statement.get("predicate")).get("target"))
    judged = judge(path, evidence, keys, target, now)
    if judged.permit is None:
        return Finding(path, False, judged.flaw)
    flaw = _flaw_of_chain(judged.permit, judged.digests, evidence, keys)
    flaw = flaw or sign_off_flaw(judged.permit, judged.digests, evidence, roles)
    if dict(entry) != signed_permit(judged.permit, text, opened.statement).entry:
        flaw = _OTHER
    said = f"{judged.permit.kind} by {judged.permit.by}: {judged.permit.reason}"
    sound = f"{said}; {end_of(judged.permit.until, now)}"
    return Finding(path, not flaw, flaw or sound)


def _flaw_of_file(text: str, entry: Mapping[str, Any], opened: Opened) -> str:
    if entry.get("sha256") != hashlib.sha256(text.encode()).hexdigest():
        return "its SHA-256 is not that of the index"
    return "" if opened.verified else opened.reason


def _record(
    path: str, text: str, entry: Mapping[str, Any], statement: Mapping[str, Any], now: datetime
) -> Finding:
    try:
        same = dict(entry) == signed_record(str(entry.get("target")), text, statement).entry
        gate = mapping(mapping(statement["predicate"])["gate"])
        expires = datetime.fromisoformat(str(gate["expires"]))
        said = f"{entry.get('result')} from {gate['environment']} to {gate['target']}"
    except (KeyError, ValueError) as error:
        return Finding(path, False, f"the record lacks {error}")
    if not same or gate["target"] != entry.get("target"):
        return Finding(path, False, _OTHER)
    return Finding(path, True, f"{said}; {end_of(expires, now)}")


def _flaw_of_chain(
    permit: Permit, digests: Mapping[str, str], evidence: Mapping[str, str], keys: list[Key]
) -> str:
    """Why a promotion had no right to begin where it began; empty when it had."""
    if permit.source in (None, "dev"):
        return ""
    for text in envelopes(evidence).values():
        opened = open_envelope(text, keys)
        gate = mapping(mapping(opened.statement.get("predicate")).get("gate"))
        arrived = opened.verified and gate.get("target") == permit.source
        if arrived and subjects_of(opened.statement) == digests:
            return ""
    return f"no record says how these digests came to {permit.source}"


def _release(
    git: Repository,
    environment: str,
    evidence: Mapping[str, str],
    *,
    keys: list[Key],
    roles: Roles | None,
    now: datetime,
) -> Finding:
    path = release.path_of(environment)
    [held] = declared(git, environment)
    states = admitted(evidence, keys, environment, [held], now).digests
    for service, image in held.images.items():
        state = states.get(image.digest, "covered by no evidence")
        if state != IN_FORCE:
            return Finding(path, False, f"{service} {image.digest} is {state}")
    if roles and (flaw := unsigned(held, environment, evidence, keys=keys, roles=roles, now=now)):
        return Finding(path, False, f"{held.revision}: {flaw}")
    return Finding(path, True, f"{held.revision}: every digest is {IN_FORCE}")
