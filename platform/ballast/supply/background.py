"""Building while the caller already uses what is ready."""

import atexit
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self

from ballast.supply.build import BinarySupply
from ballast.supply.lock import load_lock
from ballast.supply.progress import Progress, Silent

_BESIDE_THE_NODE = 5


def build_in_background(
    names: Iterable[str], *, progress: Progress | None = None
) -> "BackgroundBuild":
    """Start making the named binaries; they become ready in the lock's order."""
    supply = BinarySupply(load_lock(), progress=progress or Silent(), niceness=_BESIDE_THE_NODE)
    return BackgroundBuild(supply, names)


class BackgroundBuild:
    """A build in a thread of its own. As a context manager it stops when the block is left."""

    def __init__(self, supply: BinarySupply, names: Iterable[str]) -> None:
        self._supply = supply
        self._names = list(supply.lock.select(names))
        self._futures: dict[str, Future[Path]] = {name: Future() for name in self._names}
        supply.ready = lambda name, path: self._futures[name].set_result(path)
        # A daemon, so that an exception in the main thread ends the program; the compiler itself
        # is stopped by cancel(), which the exit of the interpreter calls too.
        self._thread = threading.Thread(target=self._run, name="ballast-supply", daemon=True)
        atexit.register(self.cancel)
        self._thread.start()

    def wait(self, names: Iterable[str] | None = None) -> dict[str, Path]:
        """Block until these (or all) are ready. Raises what the build raised."""
        return {n: self._futures[n].result() for n in (self._names if names is None else names)}

    def ready(self, names: Iterable[str]) -> bool:
        """Whether these can be used now."""
        futures = [self._futures[name] for name in names]
        return all(future.done() and future.exception() is None for future in futures)

    def future(self, name: str) -> Future[Path]:
        """The promise of one binary."""
        return self._futures[name]

    def done(self) -> bool:
        """Whether the build has ended, well or not."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Stop the compiler and wait until it is gone; compiled packages are kept."""
        self._supply.cancelled.set()
        self._thread.join(timeout=15)
        atexit.unregister(self.cancel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cancel()

    def _run(self) -> None:
        try:
            self._supply.ensure(self._names)
        except BaseException as error:
            for future in self._futures.values():
                if not future.done():
                    future.set_exception(error)
