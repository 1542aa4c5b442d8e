"""Telling what is being built, for how long already, and for how long it is expected to take."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text


class Progress(Protocol):
    """Receives the events of a build; called from any thread. Seconds everywhere."""

    def begin(self, task: str, expected: float | None) -> None:
        """A task starts; `expected` is None when nothing is known."""
        ...

    def step(self, task: str, detail: str) -> None:
        """The task is at `detail` now."""
        ...

    def finish(self, task: str, outcome: str, seconds: float) -> None:
        """The task ended; `outcome` is a word such as built, fetched or failed."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line."""
        ...


class Silent:
    """Tells nobody."""

    def begin(self, task: str, expected: float | None) -> None:
        """Nothing is shown."""

    def step(self, task: str, detail: str) -> None:
        """Nothing is shown."""

    def finish(self, task: str, outcome: str, seconds: float) -> None:
        """Nothing is shown."""

    def note(self, text: str) -> None:
        """Nothing is shown."""


class Lines:
    """One line a start and an end, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def begin(self, task: str, expected: float | None) -> None:
        """Print what starts."""
        self._say(f"{task}: started" + (f", about {expected:.0f} s" if expected else ""))

    def step(self, task: str, detail: str) -> None:
        """Not shown: a log is no place for what changes."""

    def finish(self, task: str, outcome: str, seconds: float) -> None:
        """Print how it ended."""
        self._say(f"{task}: {outcome} in {seconds:.1f} s")

    def note(self, text: str) -> None:
        """Print it."""
        self._say(text)

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)


class Screen:
    """Live lines on a terminal: finished tasks stay above, running ones move."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._running: dict[str, tuple[float, float | None, str]] = {}
        self._spinner = Spinner("dots")
        self._lock = threading.Lock()

    def begin(self, task: str, expected: float | None) -> None:
        """Show the task as running."""
        with self._lock:
            self._running[task] = (time.monotonic(), expected, "")

    def step(self, task: str, detail: str) -> None:
        """Show where the task is."""
        with self._lock:
            if task in self._running:
                since, expected, _ = self._running[task]
                self._running[task] = (since, expected, detail)

    def finish(self, task: str, outcome: str, seconds: float) -> None:
        """Move the task up among the finished ones."""
        with self._lock:
            self._running.pop(task, None)
        style = "red" if outcome == "failed" else "green"
        self._console.print(Text.assemble((f"{outcome:>8} ", style), f"{task}  {seconds:.1f} s"))

    def note(self, text: str) -> None:
        """Print it above the running tasks."""
        self._console.print(Text(text, style="yellow"))

    def __rich__(self) -> RenderableType:
        with self._lock:
            rows = [(task, *state) for task, state in self._running.items()]
        table = Table.grid(padding=(0, 1))
        for task, since, expected, detail in rows:
            elapsed = f"{time.monotonic() - since:.0f} s"
            about = f"of about {expected:.0f} s" if expected else ""
            table.add_row(self._spinner, task, elapsed, about, Text(detail, style="dim"))
        return Group(table) if rows else Text("")


@contextmanager
def terminal_progress(console: Console | None = None) -> Generator[Progress]:
    """Progress for whoever runs a command: live on a terminal, lines elsewhere (standard error)."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield Lines(console)
        return
    screen = Screen(console)
    with Live(screen, console=console, refresh_per_second=8, transient=True):
        yield screen
