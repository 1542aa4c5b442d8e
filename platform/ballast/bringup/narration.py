"""A build's events, told as lines of the bring-up's timeline."""

from ballast.bringup.timeline import Timeline

WORTH_A_LINE = 1.0
"""Seconds: what was there already, or took less, is not worth a reader's time."""


class Narration:
    """Receives the supply's progress and prints what a person waits for."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def begin(self, task: str, expected: float | None) -> None:
        """Say what starts when it is expected to take a while."""
        if expected is None or expected >= WORTH_A_LINE:
            about = f", about {expected:.0f} s" if expected else ""
            self._timeline.say(f"building {task}{about}")

    def step(self, task: str, detail: str) -> None:
        """Not told: the timeline keeps what happened, not what moves."""

    def finish(self, task: str, outcome: str, seconds: float) -> None:
        """Say how a task ended."""
        if seconds >= WORTH_A_LINE:
            self._timeline.say(f"{task} {outcome} in {seconds:.0f} s")

    def note(self, text: str) -> None:
        """Pass a remark on."""
        self._timeline.say(text)
