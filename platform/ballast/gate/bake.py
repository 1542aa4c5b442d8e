"""The watch over a release that has just begun to serve: sound for long enough, or back."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballast.errors import BallastError
from ballast.gate.figures import FEWEST, STALE_SECONDS
from ballast.gate.vitals import Look
from ballast.kubeapi.shape import mapping
from ballast.paths import state_dir

BAKE_SECONDS: Final = 60.0  # four scrapes, and the fast window full
SHORTEST_SECONDS: Final = 40.0  # less cannot hold the requests that a verdict rests on
LONGEST_SECONDS: Final = 480.0  # with the rest within the ten minutes that a step may take
WEAK_SECONDS: Final = 20.0
SPARE_SECONDS: Final = 120.0  # what weak and blind moments may add to a watch
EVERY_SECONDS: Final = 1.0
Progress = Callable[[str], None]


class TrippedError(BallastError):
    """The release is to go back; the message says why."""


@dataclass
class Journal:
    """How long a commit has been watched and found sound, so that a killed watch goes on."""

    commit: str
    folder: Path | None = None

    @property
    def path(self) -> Path:
        """The file of this commit."""
        return (self.folder or state_dir() / "gate" / "watches") / f"{self.commit}.json"

    def read(self) -> float:
        """Seconds of sound watching; 0 when there were none or nobody can read them."""
        try:
            seconds = mapping(json.loads(self.path.read_text())).get("seconds")
        except (OSError, ValueError):
            return 0.0
        return float(seconds) if isinstance(seconds, int | float) else 0.0

    def write(self, seconds: float) -> None:
        """Keep it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps({"commit": self.commit, "seconds": seconds}))
        partial.replace(self.path)

    def end(self) -> None:
        """The watch is over."""
        self.path.unlink(missing_ok=True)


def bake(
    look: Callable[[], Look],
    seconds: float,
    journal: Journal,
    progress: Progress = lambda _: None,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """Look until `seconds` of sound looks have passed; returns the requests that they rest on.

    Only sound time counts, so what is weak or unknown in the end is no pass. Raises TrippedError
    when something is sick, is weak for 20 s, is unknown for 60 s, or rests on too few requests.
    """
    watched = journal.read()
    if watched:
        progress(f"bake: {watched:.0f} of {seconds:.0f} s were watched before, going on")
    start = last = now()
    weak_since = blind_since = None
    seen = Look()
    while watched < seconds or seen.events < FEWEST:
        seen = look()
        moment = now()
        if seen.sick:
            raise TrippedError("; ".join(seen.sick))
        weak_since = (weak_since or moment) if seen.weak else None
        blind_since = (blind_since or moment) if seen.unknown else None
        if weak_since and moment - weak_since >= WEAK_SECONDS:
            raise TrippedError("; ".join(seen.weak))
        if blind_since and moment - blind_since >= STALE_SECONDS:
            raise TrippedError(f"nobody can say how it is: {'; '.join(seen.unknown)}")
        if seen.sound:
            watched += moment - last
            journal.write(watched)
        last = moment
        if moment - start > seconds + SPARE_SECONDS:
            raise TrippedError(_undecided(watched, seconds, seen))
        sleep(EVERY_SECONDS)
    journal.end()
    progress(f"bake: {watched:.0f} s without a sign of harm, {seen.events:.0f} requests")
    return seen.events


def check_bake(seconds: float) -> None:
    """BallastError when a promotion cannot be watched for so long."""
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise BallastError(
            f"a promotion cannot be watched for {seconds:g} s",
            f"Give --bake {SHORTEST_SECONDS:g} to {LONGEST_SECONDS:g}; `ballast watch` may follow.",
        )


def _undecided(watched: float, seconds: float, seen: Look) -> str:
    now = "; ".join((*seen.weak, *seen.unknown)) or "nothing was wrong"
    return (
        f"it stays undecided: {watched:.0f} of {seconds:.0f} s were sound, {seen.events:.0f} of "
        f"{FEWEST} requests were counted, and now {now}"
    )
