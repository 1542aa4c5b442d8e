"""Counting in Redis by atomic scripts, so that all replicas together keep one limit."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.circuit_breaker import CircuitBreaker, CircuitOpenError, CircuitRules

_log = logging.getLogger(__name__)

# Redis is asked on every request: when it is away, one request a second finds that out.
_RULES: Final = CircuitRules(open_seconds=1.0)

# Runs one script on `keys` with `values`; raises CountersUnavailableError.
Script = Callable[[Sequence[str], Sequence[int | str]], Awaitable[Any]]


class CountersUnavailableError(Exception):
    """Redis did not answer; nothing is known about the count."""


class Counters:
    """Scripts in Redis; while Redis is away, calls fail at once instead of waiting."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._breaker = CircuitBreaker("redis", _RULES)

    def script(self, source: str) -> Script:
        """The script of this Lua text: sent once, then called by its hash."""
        registered: Any = self._redis.register_script(source)

        async def run(keys: Sequence[str], values: Sequence[int | str]) -> Any:
            try:
                return await self._breaker.call(lambda: registered(keys=keys, args=values))
            except CircuitOpenError as error:
                raise CountersUnavailableError("Redis failed a moment ago") from error
            except (RedisError, OSError, TimeoutError) as error:
                _log.warning("Redis did not answer: %s", type(error).__name__)
                raise CountersUnavailableError(f"Redis: {type(error).__name__}") from error

        return run

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
