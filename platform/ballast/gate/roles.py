"""Who signs off promotions, and which environment asks for whom: gitops/gate/roles.yaml."""

from typing import Annotated, Final, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from securesystemslib.signer import (
    Key,  # pyright: ignore[reportPrivateImportUsage]
    SSlibKey,  # pyright: ignore[reportPrivateImportUsage]
)

from ballast.errors import BallastError
from ballast.gate.admission import GUARDED
from ballast.gate.permit import Sentence, reasons
from ballast.gate.record_store import Repository

ROLES: Final = "gitops/gate/roles.yaml"
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
Ed25519 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Holder(_Frozen):
    """A person in a role, with the public half of the key that the person alone has."""

    person: Sentence
    public: Ed25519

    @property
    def key(self) -> Key:
        """The key that the person's sign-offs are checked against."""
        return public_key(self.public)


class Roles(_Frozen):
    """The file roles.yaml; people write it, in the checkout.

    `environments` names the roles whose sign-off an environment needs, `hotfix` those that a hotfix
    needs in their place, `roles` who holds each.
    """

    environments: dict[Literal["staging", "prod"], tuple[RoleName, ...]]
    hotfix: Annotated[tuple[RoleName, ...], Field(min_length=1)]
    roles: dict[RoleName, tuple[Holder, ...]]

    @model_validator(mode="after")
    def _names_what_it_asks_for(self) -> Self:
        if silent := sorted(set(GUARDED) - set(self.environments)):
            raise ValueError(f"it does not say whom {', '.join(silent)} asks for")
        asked = {*self.hotfix, *(role for roles in self.environments.values() for role in roles)}
        if unknown := sorted(asked - set(self.roles)):
            raise ValueError(f"it asks for {', '.join(unknown)}, which is no role of it")
        return self

    def needed(self, environment: str, *, hotfix: bool) -> tuple[str, ...]:
        """The roles whose sign-off a promotion into an environment needs."""
        by_name = {str(name): roles for name, roles in self.environments.items()}
        asked = by_name.get(environment, ())
        return self.hotfix if hotfix and asked else asked

    def held_by(self, key_id: str) -> dict[str, str]:
        """The person by each role that a key may sign for."""
        return {
            role: holder.person
            for role, holders in self.roles.items()
            for holder in holders
            if holder.key.keyid == key_id
        }

    @property
    def keys(self) -> list[Key]:
        """Every holder's key, once."""
        found = {h.key.keyid: h.key for holders in self.roles.values() for h in holders}
        return list(found.values())


def public_key(public: str) -> Key:
    """An Ed25519 key by the hexadecimal text of its public half."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)))


def roles_in(git: Repository) -> Roles:
    """The roles in Git. BallastError without the file: nobody would know whom to ask."""
    if ROLES not in git.list_files(ROLES.rpartition("/")[0]):
        raise BallastError(
            f"{ROLES} is not in Git, so nobody says who must sign off", "Restore it, then: make up."
        )
    try:
        return Roles.model_validate(yaml.safe_load(git.read_file(ROLES)))
    except (yaml.YAMLError, ValidationError) as error:
        said = reasons(error) if isinstance(error, ValidationError) else str(error)
        raise BallastError(
            f"{ROLES} cannot be read: {said}", "Mend it in Git: nothing is promoted until then."
        ) from error
