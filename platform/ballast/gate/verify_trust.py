"""Checking who is trusted in a clone: the chain of keys, and the sign-offs of people."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from securesystemslib.signer import Key  # pyright: ignore[reportPrivateImportUsage]

from ballast.errors import BallastError
from ballast.gate.custody import standings
from ballast.gate.finding import Finding, end_of
from ballast.gate.judgement import judge
from ballast.gate.permit import Kind, Permit
from ballast.gate.record_store import Repository, envelopes, keys_by_path
from ballast.gate.roles import ROLES, Roles, roles_in
from ballast.gate.sign_off import SUFFIX, judge_sign_off
from ballast.gate.signatories import entry_of
from ballast.release import Held


def key_findings(evidence: Mapping[str, str]) -> list[Finding]:
    """A finding for each committed key; more than one without a key that vouches is false."""
    known = keys_by_path(evidence)
    found = standings([*known.values()])
    first = sum(one.first for one in found)
    return [
        Finding(path, False, f"{first} keys have none that vouches for them, one may: {one.said}")
        if one.first and first > 1
        else Finding(path, one.trusted, one.said)
        for path, one in zip(known, found, strict=True)
    ]


def roles_or_finding(git: Repository) -> tuple[Roles | None, list[Finding]]:
    """The roles of a clone, or why nobody knows them."""
    try:
        return roles_in(git), []
    except BallastError as error:
        return None, [Finding(ROLES, False, str(error))]


def sign_off_findings(
    evidence: Mapping[str, str],
    index: Mapping[str, Mapping[str, Any]],
    roles: Roles | None,
    now: datetime,
) -> list[Finding]:
    """A finding for each sign-off in the evidence."""
    return [
        _sign_off(path, text, index.get(path), roles, now)
        for path, text in sorted(evidence.items())
        if path.endswith(SUFFIX) and roles
    ]


def _sign_off(
    path: str, text: str, entry: Mapping[str, Any] | None, roles: Roles, now: datetime
) -> Finding:
    if entry is None:
        return Finding(path, False, "the index does not have it")
    if entry.get("sha256") != hashlib.sha256(text.encode()).hexdigest():
        return Finding(path, False, "its SHA-256 is not that of the index")
    judged = judge_sign_off(text, roles)
    given = judged.given
    if given is None:
        return Finding(path, False, judged.flaw)
    if dict(entry) != entry_of(path, given, text, judged.digests):
        return Finding(path, False, "its entry in the index says something else")
    said = f"{given.person} as {given.role} let {given.revision} into {given.target}"
    return Finding(path, True, f"{said}; {end_of(given.until, now)}")


def sign_off_flaw(
    permit: Permit, digests: Mapping[str, str], evidence: Mapping[str, str], roles: Roles | None
) -> str:
    """Why a promotion did not have the sign-offs that it names; empty when it had them."""
    for role, path in (permit.sign_offs or {}).items():
        if roles is None or path not in evidence:
            return f"the sign-off of {role} cannot be checked: {path} or {ROLES} is absent"
        judged = judge_sign_off(evidence[path], roles)
        flaw = judged.flaw_for(permit.target, digests, permit.made)
        if judged.given and judged.given.role != role:
            flaw = f"it is one of {judged.given.role}"
        if flaw:
            return f"the sign-off of {role} does not count: {flaw}"
    return ""


def unsigned(
    held: Held,
    environment: str,
    evidence: Mapping[str, str],
    *,
    keys: Sequence[Key],
    roles: Roles,
    now: datetime,
) -> str:
    """Whose sign-off the promotion of a declared release lacks by the roles of today.

    Empty when it lacks none, and for a first release, which nobody promoted.
    """
    images = {image.repository: image.digest for image in held.images.values()}
    lacking: list[set[str]] = []
    for path in envelopes(evidence):
        judged = judge(path, evidence, keys, environment, now)
        permit = judged.permit
        if permit is None or permit.kind not in (Kind.PROMOTION, Kind.HOTFIX):
            continue
        if images.items() <= judged.digests.items():
            needed = roles.needed(environment, hotfix=permit.kind is Kind.HOTFIX)
            lacking.append(set(needed) - set(permit.sign_offs or {}))
    fewest = min(lacking, key=len, default=set[str]())
    return f"no promotion of it has the sign-off of {', '.join(sorted(fewest))}" if fewest else ""
