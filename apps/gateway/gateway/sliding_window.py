"""At most so many requests in any stretch of a window: an exact sliding log in Redis.

Each counted request is one member of a sorted set, scored with the time of the Redis server; only
members younger than the window count. Refused requests are not counted. A set holds at most `limit`
members and vanishes one window after the last of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from gateway.counters import Counters

_MICROSECONDS: Final = 1_000_000
# KEYS: one log for each rule. ARGV: the new member, then limit and window (microseconds) of each.
# Answers 1 or 0, then for each rule how many count now, and how long until there is room for more.
_TAKE: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local allowed = 1
local used = {}
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - ARGV[2 * i + 1])
  used[i] = redis.call('ZCARD', key)
  if used[i] >= tonumber(ARGV[2 * i]) then allowed = 0 end
end
local answer = {allowed}
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[2 * i])
  if allowed == 1 then
    redis.call('ZADD', key, now, ARGV[1])
    redis.call('PEXPIRE', key, math.ceil(ARGV[2 * i + 1] / 1000))
    used[i] = used[i] + 1
  end
  local rank = math.max(used[i] - limit, 0)
  local next = redis.call('ZRANGE', key, rank, rank, 'WITHSCORES')[2]
  answer[2 * i] = used[i]
  answer[2 * i + 1] = next and next + ARGV[2 * i + 1] - now or 0
end
return answer
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `limit` requests of one subject in any `seconds`."""

    name: str
    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subject stands under `rule`: how many requests are left, and when there is one more."""

    rule: Rule
    remaining: int
    reset_seconds: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the request may go on, and the standing under the rule that is nearest its end."""

    allowed: bool
    standing: Standing


class SlidingWindow:
    """Counts requests by rule and subject."""

    def __init__(self, counters: Counters) -> None:
        self._take = counters.script(_TAKE)

    async def take(self, rules: Sequence[Rule], subject: str) -> Decision:
        """Count one request of `subject` under all `rules`, or under none when one refuses it.

        Raises CountersUnavailableError.
        """
        # The braces keep the keys of one subject together in a cluster of Redis servers.
        keys = [f"rate:{{{subject}}}:{rule.name}" for rule in rules]
        values: list[int | str] = [uuid4().hex]
        for rule in rules:
            values += [rule.limit, rule.seconds * _MICROSECONDS]
        answer: list[Any] = await self._take(keys, values)
        allowed = bool(answer[0])
        standings = [
            Standing(rule, max(rule.limit - int(used), 0), math.ceil(int(wait) / _MICROSECONDS))
            for rule, used, wait in zip(rules, answer[1::2], answer[2::2], strict=True)
        ]
        # Of the exhausted rules the one that lasts longest, else the one with least left.
        return Decision(allowed, min(standings, key=lambda s: (s.remaining, -s.reset_seconds)))
