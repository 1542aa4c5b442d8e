"""Sign-offs: a person in a role has looked at a release and lets it into an environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, model_validator
from securesystemslib.signer import Signer  # pyright: ignore[reportPrivateImportUsage]

from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.evidence import STATEMENT
from ballast.gate.permit import Sentence, whole_seconds
from ballast.gate.record_store import subjects_of
from ballast.gate.roles import ROLES, RoleName, Roles
from ballast.kubeapi.shape import mapping
from ballast.release import Held, Revision

PREDICATE: Final = "https://ballast.dev/sign-off/v1"
SUFFIX: Final = ".sign-off.json"
VALID_FOR: Final = timedelta(hours=24)
BEFORE: Final = {"staging": "dev", "prod": "staging"}


class SignOff(BaseModel):
    """The predicate: who lets which revision into which environment, in which role, until when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: RoleName
    person: Sentence
    revision: Revision
    target: str
    made: AwareDatetime
    until: AwareDatetime

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if not self.made < self.until <= self.made + VALID_FOR:
            raise ValueError("a sign-off ends after it was made and within 24 h")
        return self


def give(
    candidate: Held, target: str, role: str, *, roles: Roles, signer: Signer, now: datetime
) -> tuple[SignOff, str]:
    """A sign-off of the candidate and its envelope, signed with the person's own key.

    BallastError with the line for roles.yaml when the key does not hold the role there.
    """
    key = signer.public_key
    if role not in roles.roles:
        raise BallastError(f"{role} is no role", f"One of: {', '.join(roles.roles)}; see {ROLES}.")
    person = roles.held_by(key.keyid).get(role)
    if person is None:
        line = f'{{person: YOUR NAME, public: "{key.keyval["public"]}"}}'
        raise BallastError(
            f"the key {key.keyid[:16]} does not hold the role {role}",
            f"Use --key FILE, or have this line reviewed into {role} of {ROLES}: {line}",
        )
    made = whole_seconds(now)
    given = SignOff(
        role=role,
        person=person,
        revision=candidate.revision,
        target=target,
        made=made,
        until=made + VALID_FOR,
    )
    statement = {
        "_type": STATEMENT,
        "subject": [
            {"name": i.repository, "digest": {"sha256": i.digest.removeprefix("sha256:")}}
            for i in candidate.images.values()
        ],
        "predicateType": PREDICATE,
        "predicate": given.model_dump(mode="json"),
    }
    return given, signing.sign(statement, signer)


@dataclass(frozen=True)
class Judged:
    """One envelope: what it says when the person's key and role are sound, else its flaw."""

    given: SignOff | None
    digests: Mapping[str, str]
    flaw: str = ""

    def flaw_for(self, target: str, digests: Mapping[str, str], at: datetime) -> str:
        """Why it did not let these digests into an environment at a time; empty when it did."""
        if self.given is None:
            return self.flaw
        if self.given.target != target:
            return f"it is for {self.given.target}, not for {target}"
        if dict(self.digests) != dict(digests):
            return "it is for other digests"
        if not self.given.made <= at < self.given.until:
            return f"it counted from {self.given.made.isoformat()} for 24 h at most"
        return ""


def judge_sign_off(text: str, roles: Roles) -> Judged:
    """Check an envelope against the keys and roles of roles.yaml, offline."""
    opened = signing.open_envelope(text, roles.keys)
    digests = subjects_of(opened.statement)
    if not opened.verified:
        return Judged(None, digests, f"it cannot be trusted, {opened.reason}")
    if opened.statement.get("predicateType") != PREDICATE:
        return Judged(None, digests, "it is no sign-off")
    try:
        given = SignOff.model_validate(mapping(opened.statement.get("predicate")))
    except ValidationError as error:
        return Judged(None, digests, f"{error.error_count()} of its facts are wrong")
    if roles.held_by(opened.key_id).get(given.role) != given.person:
        return Judged(None, digests, f"its key is not that of {given.person} as {given.role}")
    return Judged(given, digests)
