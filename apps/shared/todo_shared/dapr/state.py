"""The state store behind the sidecar: values by key, changed only by who saw the last one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote

from pydantic_core import from_json, to_json

from todo_shared.dapr.client import Sidecar, SidecarError, SidecarResponse

ABSENT: Final = ""
# PostgreSQL's component says this, without a code, when a key that must be new exists.
_EXISTS: Final = b"no item was updated"
_MISMATCH: Final = b"possible etag mismatch"


class StateError(SidecarError):
    """The store refused; the message says which call and why."""


class StateConflictError(StateError):
    """Somebody else changed the value, or made the key, since it was read; nothing was changed."""


@dataclass(frozen=True, slots=True)
class StoredValue:
    """A JSON text, and the mark of this version of it."""

    value: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Upsert:
    """Write the JSON text `value`: over the version `etag`, over anything (None), or only when
    there is nothing yet (ABSENT). It is gone after `ttl_seconds`.

    The sidecar reads numbers as 64-bit floats: integers beyond 2**53 belong into strings.
    """

    key: str
    value: bytes
    etag: str | None = None
    ttl_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove `key`: its version `etag`, or whatever is there (None)."""

    key: str
    etag: str | None = None


class StateStore(Protocol):
    """What a service needs of a state store."""

    async def get(self, key: str) -> StoredValue | None:
        """The value of `key`, None when there is none."""
        ...

    async def transact(self, operations: Sequence[Upsert | Delete]) -> None:
        """All of `operations` or none of them; raises StateConflictError, StateError."""
        ...


def state_key(entity: str, user_id: str, key: str) -> str:
    """`entity:user_id:key`, in which a strange user id cannot reach the keys of another one."""
    return f"{entity}:{quote(user_id, safe='@')}:{quote(key, safe='@')}"


class DaprStateService:
    """StateStore over one state component. Every call raises SidecarUnavailableError when the
    sidecar did not answer within `seconds`: a write may have happened all the same.
    """

    def __init__(self, sidecar: Sidecar, store: str, seconds: float = 3.0) -> None:
        self._sidecar = sidecar
        self._path = f"/v1.0/state/{quote(store, safe='')}"
        self._seconds = seconds

    async def get(self, key: str) -> StoredValue | None:
        """The value of `key` as last written, None when there is none. Raises StateError."""
        answer = await self._call("GET", f"/{quote(key, safe='')}?consistency=strong")
        if answer.status == 204:
            return None
        return StoredValue(answer.body, answer.etag)

    async def get_many(self, keys: Sequence[str]) -> dict[str, StoredValue]:
        """The values of those of `keys` that have one, in one call. Raises StateError.

        They are the same JSON, but not the same bytes, as `get` answers.
        """
        answer = await self._call("POST", "/bulk", to_json({"keys": list(keys)}))
        found: dict[str, StoredValue] = {}
        for entry in from_json(answer.body):
            if entry.get("error"):
                raise StateError(f"{entry['key']}: {entry['error']}")
            if entry.get("etag"):
                found[entry["key"]] = StoredValue(to_json(entry.get("data")), entry["etag"])
        return found

    async def save(
        self, key: str, value: bytes, *, etag: str | None = None, ttl_seconds: int | None = None
    ) -> None:
        """Write one value (see Upsert); raises StateConflictError, StateError."""
        operation = Upsert(key, value, etag, ttl_seconds)
        await self._call("POST", "", b"[" + _request(operation) + b"]")

    async def delete(self, key: str, etag: str | None = None) -> None:
        """Remove one value (see Delete); raises StateConflictError, StateError."""
        await self.transact([Delete(key, etag)])

    async def transact(self, operations: Sequence[Upsert | Delete]) -> None:
        """All of `operations` or none of them; raises StateConflictError, StateError."""
        each = (
            to_json({"operation": "upsert" if isinstance(operation, Upsert) else "delete"})[:-1]
            + b',"request":'
            + _request(operation)
            + b"}"
            for operation in operations
        )
        await self._call("POST", "/transaction", b'{"operations":[' + b",".join(each) + b"]}")

    async def _call(self, method: str, path: str, body: bytes = b"") -> SidecarResponse:
        answer = await self._sidecar.call(
            method,
            self._path + path,
            seconds=self._seconds,
            body=body,
            headers={"content-type": "application/json"} if body else None,
        )
        if answer.status < 300:
            return answer
        text = answer.body[:300].decode(errors="replace")
        failure = f"{method} {self._path}{path}: the sidecar answered {answer.status}: {text}"
        if answer.status == 409 or _MISMATCH in answer.body or _EXISTS in answer.body:
            raise StateConflictError(failure)
        raise StateError(failure)


def _request(operation: Upsert | Delete) -> bytes:
    head: dict[str, Any] = {"key": operation.key, "options": {"consistency": "strong"}}
    if operation.etag is not None:
        head["options"]["concurrency"] = "first-write"
        if operation.etag != ABSENT:
            head["etag"] = operation.etag
    if isinstance(operation, Delete):
        return to_json(head)
    if operation.ttl_seconds is not None:
        head["metadata"] = {"ttlInSeconds": str(operation.ttl_seconds)}
    return to_json(head)[:-1] + b',"value":' + operation.value + b"}"
