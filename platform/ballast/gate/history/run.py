"""The history of one gate run: the client beside the load, then its effects and the verdict."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from ballast.gate.history.check import check
from ballast.gate.history.client import ClientPlan
from ballast.gate.history.effects import write_effects, write_tallies
from ballast.gate.history.findings import Findings
from ballast.gate.history.judge import HISTORY_CHECK, judge_history
from ballast.gate.history.operations import History, Operation, read_history
from ballast.gate.history.reading import EffectReader, Shown
from ballast.gate.readback import Readback
from ballast.gate.samples import sha256_of
from ballast.gate.tokens import Identity, mint
from ballast.gate.verdict import Outcome, Verdict

USERS: Final = 12
# Four operations a minute leave the rest of the gateway's 10 for reading the effects back.
INTERVAL_SECONDS: Final = 15.0
STOP_SECONDS: Final = 60.0
POLL_SECONDS: Final = 2.0

Progress = Callable[[str], None]


@dataclass(frozen=True)
class HistoryRun:
    """What one run needs; every file of it lies in `folder`."""

    name: str
    folder: Path
    url: str
    seed: int
    identity: Identity
    interval: float = INTERVAL_SECONDS

    @property
    def history(self) -> Path:
        """Operations, one row each, complete lines at any time."""
        return self.folder / "history.csv"

    @property
    def effects(self) -> Path:
        """Effects as they were read back."""
        return self.folder / "effects.csv"

    @property
    def tallies(self) -> Path:
        """Counts of services that show no single effects."""
        return self.folder / "tallies.csv"

    @cached_property
    def users(self) -> list[str]:
        """The client's own users, strangers to the load."""
        return [f"gate-{self.name}-ledger-{place}" for place in range(USERS)]

    @cached_property
    def tokens(self) -> list[str]:
        """A token for each user."""
        return [mint(self.identity, user) for user in self.users]

    def start(self) -> subprocess.Popen[bytes]:
        """Start the client in its own process group; its tokens lie in no named file."""
        plan = ClientPlan(
            url=self.url,
            history=self.history,
            seed=self.seed,
            users=self.users,
            interval=self.interval,
        )
        plan_file = self.folder / "client.json"
        plan_file.write_text(plan.model_dump_json(indent=1))
        command = [sys.executable, "-m", "ballast.gate.history.client", str(plan_file)]
        with (self.folder / "client.log").open("wb") as log, TemporaryFile() as tokens:
            tokens.write(json.dumps(self.tokens).encode())
            tokens.seek(0)
            return subprocess.Popen(
                command, stdin=tokens, stdout=log, stderr=log, start_new_session=True
            )

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        """Let the client come to its end; one that does not is killed and judged so."""
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def verdict(
        self, deadline: float, late_after: float, progress: Progress = lambda _: None
    ) -> Verdict:
        """Read effects back until nothing is missing or `deadline` seconds passed, and judge them.

        An effect over `late_after` seconds after its answer is late.
        """
        if not self.history.exists():
            reason = f"the client left no history: see {self.folder / 'client.log'}"
            return Verdict(HISTORY_CHECK, Outcome.VACUOUS, reason)
        history = read_history(self.history)
        progress(f"matching {len(history.operations)} operations with the effects of services")
        findings = self._settle(history, deadline, late_after, progress)
        verdict = judge_history(findings, history.due)
        for path in (self.history, self.effects, self.tallies):
            verdict.figures[f"{path.stem}_sha256"] = sha256_of(path)
        return verdict

    def _settle(
        self, history: History, deadline: float, late_after: float, progress: Progress
    ) -> Findings:
        reader = EffectReader(Readback(self.url, self.tokens), self.users)
        known = _tasks_by_user(history.operations)
        end = time.monotonic() + deadline
        shown: dict[str, Shown] = {}
        waiting = self.users
        with reader.readback.client() as http, ThreadPoolExecutor(USERS) as readers:

            def read(user: str) -> Shown:
                return reader.read(http, self.users.index(user), known.get(user, []))

            while True:
                shown |= dict(zip(waiting, readers.map(read, waiting), strict=True))
                effects = [effect for each in shown.values() for effect in each.effects]
                tallies = [tally for each in shown.values() for tally in each.tallies]
                findings = check(history.operations, effects, within=late_after, tallies=tallies)
                waiting = sorted(findings.missing)
                if not waiting or time.monotonic() > end:
                    break
                progress(f"effects of {len(waiting)} users of the client are to come")
                time.sleep(POLL_SECONDS)
        write_effects(self.effects, effects)
        write_tallies(self.tallies, tallies)
        return findings


def _tasks_by_user(operations: list[Operation]) -> dict[str, list[str]]:
    tasks: dict[str, dict[str, None]] = {}
    for operation in operations:
        if operation.task:
            tasks.setdefault(operation.user, {})[operation.task] = None
    return {user: list(found) for user, found in tasks.items()}
