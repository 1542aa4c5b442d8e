"""What is stored about an account, and under which keys."""

from datetime import datetime
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gateway.identity.tokens import digest
from gateway.roles import Role
from todo_shared.dapr import StateStore, state_key


class Record(BaseModel):
    """Base of stored records; a newer replica may have added fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def stored(self) -> bytes:
        """The JSON text of the record."""
        return self.model_dump_json().encode()


class UserRecord(Record):
    """One account; `events` counts the events about it, from 1."""

    user_id: str
    email: str = Field(repr=False)
    password_hash: str = Field(repr=False)
    role: Role
    created_at: AwareDatetime
    events: int


class EmailRecord(Record):
    """Whose an e-mail address is. Its key holds a hash, so that keys can be logged."""

    user_id: str


class FamilyRecord(Record):
    """The one refresh token of a family that is still good, as a hash, and until when."""

    current: str = Field(repr=False)
    expires_at: AwareDatetime

    def holds(self, secret: str, now: datetime) -> bool:
        """Whether `secret` belongs to the token that is still good."""
        return self.current == digest(secret) and now < self.expires_at


R = TypeVar("R", bound=Record)


def user_key(user_id: str) -> str:
    """The key of an account."""
    return state_key("user", user_id, user_id)


def email_key(email: str) -> str:
    """The key that makes an address unique."""
    name = digest(email)
    return state_key("user-email", name, name)


async def read(store: StateStore, key: str, kind: type[R]) -> tuple[R, str] | None:
    """The record under `key` and its version; raises what the store raises."""
    found = await store.get(key)
    return None if found is None else (kind.model_validate_json(found.value), found.etag)
