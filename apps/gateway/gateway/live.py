"""Live notifications: one stream outside, many short calls inside.

A call through the sidecar ends after a few seconds, and so cannot carry a stream.
"""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pydantic import ValidationError

from gateway.downstream import Downstream
from gateway.errors import TooManyAttemptsError
from gateway.metrics import STREAMS
from todo_shared.errors import UnavailableError
from todo_shared.models import NewNotifications

_PATH: Final = "/notifications/new"
_TRY_AGAIN_SECONDS: Final = 30


class OpenStreams:
    """The open streams of this replica: so many a user, and so many in all."""

    def __init__(self, per_user: int, most: int) -> None:
        self._per_user = per_user
        self._most = most
        self._open: Counter[str] = Counter()

    @contextmanager
    def admitted(self, user_id: str) -> Generator[None]:
        """Count one while the block runs; raises TooManyAttemptsError, UnavailableError."""
        if self._open[user_id] >= self._per_user:
            raise TooManyAttemptsError("too many streams are open, close one", _TRY_AGAIN_SECONDS)
        if self._open.total() >= self._most:
            raise UnavailableError("too many streams are open, try again later")
        self._open[user_id] += 1
        STREAMS.set(self._open.total())
        try:
            yield
        finally:
            self._open[user_id] -= 1
            if not self._open[user_id]:
                del self._open[user_id]
            STREAMS.set(self._open.total())


@dataclass(frozen=True, slots=True)
class LiveNotifications:
    """Where new notifications come from. A call waits `wait`, a stream lasts `longest` seconds."""

    service: Downstream
    streams: OpenStreams
    wait: float
    longest: float

    async def after(self, user_id: str, last: int | None, wait: float) -> NewNotifications:
        """What came after the number `last`, waited for up to `wait` seconds.

        Without a number only that of the newest. Raises UnavailableError.
        """
        query = {} if last is None else {"after": str(last), "wait": f"{wait:.3f}"}
        answer = await self.service.forward(user_id, "GET", _PATH, query=query)
        if answer.status_code != HTTPStatus.OK:
            raise UnavailableError("notifications are not available now")
        try:
            return NewNotifications.model_validate_json(bytes(answer.body))
        except ValidationError as error:
            raise UnavailableError("notifications are not available now") from error
