"""What people said of a release before its promotion: what OPA is told, and what is committed."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ballast.gate import signing
from ballast.gate.opa import decision_input, reasons_of
from ballast.gate.plan import Plan
from ballast.gate.record_store import FOLDER, Signed
from ballast.gate.refusal import refusal
from ballast.gate.roles import Roles
from ballast.gate.sign_off import SUFFIX, SignOff, judge_sign_off
from ballast.release import Release


@dataclass(frozen=True)
class Signatories:
    """The roles that a target asks for, and the envelopes that were given for a candidate."""

    roles: Roles
    given: Sequence[str]
    candidate: Release
    target: str
    hotfix: bool

    @property
    def needed(self) -> tuple[str, ...]:
        """The roles that must sign off."""
        return self.roles.needed(self.target, hotfix=self.hotfix)

    @property
    def asked(self) -> dict[str, Any]:
        """What policies/rego/sign_off.rego reads: who is asked, who holds what, what was given."""
        roles = self.roles
        opened = [signing.open_envelope(text, roles.keys) for text in self.given]
        return {
            "needs": {name: list(asked) for name, asked in roles.environments.items()},
            "hotfix": list(roles.hotfix),
            "holders": {key.keyid: roles.held_by(key.keyid) for key in roles.keys},
            "given": [
                {
                    "statement": one.statement,
                    "signature": {
                        "verified": one.verified,
                        "reason": one.reason,
                        "key": one.key_id,
                    },
                }
                for one in opened
            ],
        }

    def check(self, opa: Path, policy: Path, plan: Plan, hotfix: Mapping[str, Any] | None) -> None:
        """Ask OPA about the sign-offs alone, before a run; BallastError where one is missing."""
        facts = {"sign_offs": self.asked, "hotfix": hotfix}
        asked = decision_input(self.candidate, None, plan, facts=facts)
        if missing := reasons_of(opa, policy, "sign_off_denied", asked):
            raise refusal(self.target, missing, None)

    def carried(self, run: str, now: datetime) -> dict[str, Signed]:
        """The sign-offs that the promotion rests on, by role, as they are committed with it."""
        digests = {image.repository: image.digest for image in self.candidate.images.values()}
        found: dict[str, Signed] = {}
        for text in self.given:
            judged = judge_sign_off(text, self.roles)
            one = judged.given
            if one and one.role in self.needed and not judged.flaw_for(self.target, digests, now):
                found[one.role] = signed_sign_off(run, one, text, judged.digests)
        return found


def signed_sign_off(run: str, given: SignOff, envelope: str, digests: Mapping[str, str]) -> Signed:
    """A sign-off as it is committed with the evidence of a run."""
    path = f"{FOLDER}/{given.target}/{run}-{given.role}{SUFFIX}"
    return Signed(path, envelope, entry_of(path, given, envelope, digests))


def entry_of(
    path: str, given: SignOff, envelope: str, digests: Mapping[str, str]
) -> dict[str, Any]:
    """The entry of a sign-off in the index."""
    return {
        "file": path,
        "sha256": hashlib.sha256(envelope.encode()).hexdigest(),
        "target": given.target,
        "subjects": dict(digests),
        "sign_off": given.role,
        "by": given.person,
        "end": given.made.isoformat(),
        "expires": given.until.isoformat(),
    }
