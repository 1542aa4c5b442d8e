"""The load generator as a child process: Locust with the open-model scenario."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ballast.errors import BallastError
from ballast.gate.schedule import Arrival, Schedule
from ballast.gate.shape import LoadShape
from ballast.paths import repository_root

SCENARIO = "loadtests/todo_open_model.py"
LAST_ANSWERS_SECONDS = 30.0


@dataclass(frozen=True)
class OldRelease:
    """Where the release to compare with answers, a token for each user, pairs of blocks at most."""

    url: str
    tokens: Sequence[str]
    pairs: int


@dataclass(frozen=True)
class LoadRun:
    """What one load run needs; every file of it lies in `folder`."""

    name: str
    folder: Path
    url: str
    seed: int
    shape: LoadShape
    tokens: Sequence[str]
    old: OldRelease | None = None

    @property
    def samples(self) -> Path:
        """Raw samples, one CSV row a request, complete lines at any time."""
        return self.folder / "samples.csv"

    @property
    def cpu(self) -> Path:
        """CPU seconds of the generator, once a second."""
        return self.folder / "generator.csv"

    @property
    def secrets(self) -> Path:
        """Tokens of the users; removed when the load ends."""
        return self.folder / "tokens.json"

    @property
    def schedule(self) -> Schedule:
        """What the generator is to play."""
        return Schedule(
            seed=self.seed,
            segments=self.shape.segments(self.old.pairs if self.old else 0),
            users=len(self.tokens),
            mix=self.shape.mix,
            model=self.shape.arrivals,
        )

    @property
    def old_until(self) -> int | None:
        """The last pair in which the old release was asked, when the comparison ended early."""
        return int(self._ended.read_text()) if self._ended.exists() else None

    @property
    def _decided(self) -> Path:
        return self.folder / "comparison-decided"

    @property
    def _ended(self) -> Path:
        return self.folder / "comparison-ended"

    def end_comparison(self) -> None:
        """Ask the generator to leave out the old release's blocks that have not begun."""
        self._decided.touch()

    def planned(self) -> list[Arrival]:
        """Every request that the generator is to make."""
        return self.schedule.arrivals(self.old_until)

    def files(self) -> dict[str, str]:
        """Files that the generator reads and writes, by what they are for."""
        return {
            "tokens": str(self.secrets),
            "samples": str(self.samples),
            "cpu": str(self.cpu),
            "decided": str(self._decided),
            "ended": str(self._ended),
        }


def start_load(run: LoadRun) -> subprocess.Popen[bytes]:
    """Start the generator in its own process group; it ends by itself after the last answer."""
    descriptor = os.open(run.secrets, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        old = list(run.old.tokens) if run.old else []
        json.dump({"new": list(run.tokens), "old": old}, out)
    plan = run.files() | {
        "run": run.name,
        "schedule": run.schedule.model_dump(mode="json"),
        "urls": {"new": run.url, "old": run.old.url if run.old else ""},
        "reminders_due_at": run.shape.reminders_due_at_seconds,
    }
    (run.folder / "load.json").write_text(json.dumps(plan, indent=1))
    # Ahead of the system under test: a starved generator would be judged instead of the system.
    # Without the right to it, nice warns and runs the command all the same.
    command = [
        "nice", "-n", "-10", sys.executable, "-m", "locust", "--headless",
        "-f", str(repository_root() / SCENARIO),
        "--users", "1", "--spawn-rate", "1", "--host", run.url, "--only-summary",
        "--exit-code-on-error", "0", "--stop-timeout", str(int(LAST_ANSWERS_SECONDS)),
    ]  # fmt: skip
    environment = os.environ | {
        "BALLAST_LOAD_PLAN": str(run.folder / "load.json"),
        "PYTHONPATH": str(repository_root() / "platform"),
    }
    with (run.folder / "locust.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    _put_ahead(process.pid)
    return process


def _put_ahead(session: int) -> None:
    """Give the generator's session its share: with autogroups, nice counts only inside one.

    Without the right to it, or without autogroups, the generator's own lateness tells.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{session}/autogroup").write_text("-10")


def finish_load(run: LoadRun, process: subprocess.Popen[bytes], timeout: float) -> None:
    """Wait for the generator; BallastError with its last words when it broke."""
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired as late:
        raise BallastError(
            f"the load generator did not end within {timeout:.0f} s", f"See {run.folder}."
        ) from late
    finally:
        run.secrets.unlink(missing_ok=True)
    if code != 0 or not run.samples.exists():
        log = (run.folder / "locust.log").read_text(errors="replace").strip().splitlines()
        raise BallastError(
            f"the load generator ended with code {code}: {log[-1] if log else 'it said nothing'}",
            f"See {run.folder / 'locust.log'}.",
        )


def cpu_share(path: Path, start: float, end: float) -> float:
    """Share of one core that the generator used between two Unix times; NaN when unknown."""
    rows = [line.split(",") for line in path.read_text().splitlines()] if path.exists() else []
    inside = [(float(at), float(used)) for at, used in rows if start <= float(at) <= end]
    if len(inside) < 2:
        return float("nan")
    (first, used_before), (last, used_after) = inside[0], inside[-1]
    return (used_after - used_before) / (last - first)
