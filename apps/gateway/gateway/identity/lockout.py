"""Failed logins of one account: after a few of them nobody gets in for a while."""

from typing import Final

from gateway.counters import Counters, CountersUnavailableError
from gateway.errors import TooManyAttemptsError
from gateway.identity.tokens import digest
from gateway.metrics import LOGINS
from todo_shared.errors import UnavailableError

# An attempt counts as failed until it has succeeded, so that many at the same time gain nothing.
# KEYS: the count. ARGV: limit and milliseconds. Answers how long the account is locked, or 0.
_RESERVE: Final = """
local failures = tonumber(redis.call('GET', KEYS[1]) or '0')
if failures >= tonumber(ARGV[1]) then
  return math.max(redis.call('PTTL', KEYS[1]), 1)
end
redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0
"""
_CLEAR: Final = "return redis.call('DEL', KEYS[1])"


class Lockout:
    """Locks an address for `seconds` after `limit` failures, whether it has an account or not."""

    def __init__(self, counters: Counters, limit: int, seconds: int) -> None:
        self._reserve = counters.script(_RESERVE)
        self._clear = counters.script(_CLEAR)
        self._limit = limit
        self._seconds = seconds

    async def attempt(self, email: str) -> None:
        """Count an attempt; raises TooManyAttemptsError when locked, UnavailableError."""
        try:
            wait = int(await self._reserve([_key(email)], [self._limit, self._seconds * 1000]))
        except CountersUnavailableError as error:
            raise UnavailableError("logins cannot be counted now") from error
        if wait:
            LOGINS.labels("locked").inc()
            raise TooManyAttemptsError("too many failed logins", -(-wait // 1000))

    async def succeeded(self, email: str) -> None:
        """Forget the failures; when Redis is away they are forgotten later, by themselves."""
        try:
            await self._clear([_key(email)], [])
        except CountersUnavailableError:
            return


def _key(email: str) -> str:
    return f"login-failures:{digest(email)}"
