"""Which errors are worth a repeat."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from todo_shared.errors import NotFoundError, UnavailableError
from todo_shared.failures import is_refused_login, is_transient, sqlstate


class _DriverError(Exception):
    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.sqlstate = state


@pytest.mark.parametrize(
    "error",
    [
        OSError("refused"),
        TimeoutError(),
        UnavailableError("x"),
        asyncpg.InterfaceError("closed"),
        asyncpg.AdminShutdownError("x"),
        asyncpg.DeadlockDetectedError("x"),
        asyncpg.SerializationError("x"),
        asyncpg.TooManyConnectionsError("x"),
        asyncpg.InvalidPasswordError("x"),
        DBAPIError("s", {}, _DriverError("08006")),
        DBAPIError("s", {}, _DriverError("x"), connection_invalidated=True),
    ],
)
def test_what_passes_by_itself_is_tried_again(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        NotFoundError("x"),
        asyncpg.UniqueViolationError("x"),
        IntegrityError("s", {}, _DriverError("23505")),
    ],
)
def test_what_would_fail_again_is_not(error: Exception) -> None:
    assert not is_transient(error)


def test_a_refused_login_asks_for_new_credentials() -> None:
    assert is_refused_login(asyncpg.InvalidPasswordError("x"))
    assert not is_refused_login(asyncpg.DeadlockDetectedError("x"))


def test_other_errors_have_no_state() -> None:
    assert sqlstate(ValueError()) == ""
