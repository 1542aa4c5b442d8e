"""The phases of a long command, each with its seconds, shown live and kept as JSON."""

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass
class Phase:
    """One named step: seconds of wall time from the start of the run, and what it did."""

    name: str
    started: float
    seconds: float = 0.0
    detail: str = ""
    failed: bool = False


@dataclass
class Timeline:
    """Collects phases; phases may overlap, the total is wall time."""

    console: Console
    start: float = field(default_factory=time.monotonic)
    phases: list[Phase] = field(default_factory=list[Phase])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.start

    def say(self, text: str) -> None:
        """Print one line stamped with the seconds since the start."""
        self.console.print(f"[dim]{self.total:6.1f}s[/dim] {text}", highlight=False)

    @contextmanager
    def phase(self, name: str) -> Generator[Phase]:
        """Time a step; a failure inside is recorded and goes on to the caller."""
        phase = Phase(name, self.total)
        with self._lock:
            self.phases.append(phase)
        self.say(f"[cyan]…[/cyan] {name}")
        began = time.monotonic()
        try:
            yield phase
        except BaseException:
            phase.failed = True
            raise
        finally:
            phase.seconds = time.monotonic() - began
            mark = "[red]✗[/red]" if phase.failed else "[green]✓[/green]"
            detail = f" [dim]{phase.detail}[/dim]" if phase.detail else ""
            self.say(f"{mark} {name} {phase.seconds:.1f}s{detail}")

    def table(self) -> Table:
        """The summary: start, seconds and detail of each phase, then the total."""
        table = Table(title="Where the time went", title_justify="left")
        for heading, justify in (("phase", "left"), ("at", "right"), ("s", "right")):
            table.add_column(heading, justify="right" if justify == "right" else "left")
        table.add_column("what")
        for phase in self.phases:
            table.add_row(phase.name, f"{phase.started:.1f}", f"{phase.seconds:.1f}", phase.detail)
        table.add_section()
        table.add_row("total", "", f"{self.total:.1f}", "")
        return table

    def save(self, path: Path) -> None:
        """Write the phases as JSON for benchmarks and reports."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(
                {"total": round(self.total, 2), "phases": [asdict(p) for p in self.phases]},
                indent=1,
            )
        )
