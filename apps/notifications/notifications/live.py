"""Who watches their notifications live, and waking them when there is a new one."""

import asyncio
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from notifications.metrics import STREAMS
from notifications.repository.signals import Signal, mark_of
from todo_shared.errors import UnavailableError

MAX_STREAMS: Final = 1000


class LiveStreams:
    """The open streams of this replica."""

    def __init__(self, most: int = MAX_STREAMS) -> None:
        self._most = most
        self._open = 0
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def check_room(self) -> None:
        """Raise UnavailableError when this replica has as many streams as it can bear."""
        if self._open >= self._most:
            raise UnavailableError("too many streams are open, try again later")

    @contextmanager
    def watching(self, user_id: str) -> Generator[asyncio.Event]:
        """An event that is set when the user may have something new."""
        mark, bell = mark_of(user_id), asyncio.Event()
        self._bells[mark].add(bell)
        self._open += 1
        STREAMS.set(self._open)
        try:
            yield bell
        finally:
            self._open -= 1
            STREAMS.set(self._open)
            self._bells[mark].discard(bell)
            if not self._bells[mark]:
                del self._bells[mark]

    def heard(self, signal: Signal | None) -> None:
        """Wake those whom the signal names; all of them when it may have been missed."""
        if signal is None:
            woken = [bell for bells in self._bells.values() for bell in bells]
        else:
            woken = list(self._bells.get(signal.mark, ()))
        for bell in woken:
            bell.set()
