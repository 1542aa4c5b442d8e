"""One stack of the repository's Pulumi program, run through the pulumi command."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ballast.airgap import install
from ballast.engine.debug_log import keep_log_off
from ballast.engine.outcome import EngineError, Outcome, failure, read_outcome
from ballast.engine.process import Completed, run
from ballast.engine.recovery import clear_stale_locks, has_pending, without_pending
from ballast.engine.stack_file import refresh_copy, remember_local
from ballast.kubeapi.shape import Json, mapping
from ballast.paths import repository_root

PROJECT: Final = "ballast"

OnLine = Callable[[str], None]


def _silent(line: str) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Engine:
    """A stack whose state lies in `home`; `env` adds to the environment of every run.

    `home` holds the file backend, Pulumi's own folder with the plugins, the private copy of the
    stack's configuration, and the event log of the last run of each verb. Every failure is an
    EngineError.
    """

    stack: str
    pulumi: Path
    helm: Path
    home: Path
    passphrase_file: Path
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    project: str = PROJECT
    root: Path = field(default_factory=repository_root)

    @property
    def pulumi_home(self) -> Path:
        """Pulumi's own folder: plugins and credentials."""
        return self.home / "home"

    @property
    def backend(self) -> Path:
        """Folder of the file backend."""
        return self.home / "state"

    def up(self, on_line: OnLine = _silent) -> Outcome:
        """Bring the stack to what the program says; a second run changes nothing."""
        return self._change("up", ["--skip-preview"], on_line)

    def preview(
        self, on_line: OnLine = _silent, *, policy_pack: Path | None = None, refresh: bool = False
    ) -> Outcome:
        """What `up` would do."""
        options = ["--policy-pack", str(policy_pack)] if policy_pack else []
        return self._change("preview", [*options, *(["--refresh"] if refresh else [])], on_line)

    def refresh(self, on_line: OnLine = _silent) -> Outcome:
        """Take into the state what was changed by hand."""
        return self._change("refresh", ["--skip-preview"], on_line)

    def destroy(self, on_line: OnLine = _silent) -> Outcome:
        """Remove everything the stack made."""
        return self._change("destroy", ["--skip-preview"], on_line)

    def outputs(self, *, show_secrets: bool = False) -> Json:
        """Outputs of the last run; secrets as "[secret]" unless asked for."""
        self._prepare()
        options = ["--show-secrets"] if show_secrets else []
        text = self._quiet("stack", "output", "--json", *options)
        return mapping(json.loads(text))

    def set_config(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set a key on this machine only; the tracked stack file stays as it is."""
        self._prepare()
        self._quiet("config", "set", key, "--secret" if secret else "--plaintext", "--", value)
        remember_local(self._stack_file, key if ":" in key else f"{self.project}:{key}")

    @property
    def _scratch(self) -> Path:
        """A project of the same name without a program, for commands that concern only state:
        the engine writes the stack file beside the project file it finds."""
        return self.home / "project"

    @property
    def _stack_file(self) -> Path:
        return self._scratch / f"Pulumi.{self.stack}.yaml"

    def _prepare(self) -> None:
        if not self.passphrase_file.exists():
            raise EngineError(
                f"the passphrase file {self.passphrase_file} is missing",
                "restore it: without it the secrets in the state cannot be read",
            )
        for folder in (self.backend, self.pulumi_home, self._scratch):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        install.install(self.pulumi_home)
        keep_log_off(self.pulumi_home)
        (self._scratch / "Pulumi.yaml").write_text(f"name: {self.project}\nruntime: python\n")
        refresh_copy(self.root / f"Pulumi.{self.stack}.yaml", self._stack_file)
        stacks = self.backend / ".pulumi" / "stacks" / self.project
        if not any(stacks.glob(f"{self.stack}.json*")):
            self._quiet("stack", "init", f"organization/{self.project}/{self.stack}", stack=False)

    def _recover(self, on_line: OnLine) -> None:
        cleared = clear_stale_locks(self.backend, self.project, self.stack)
        if not cleared and not has_pending(self.backend, self.project, self.stack):
            return
        on_line("the last run did not end properly; going on from where it stopped")
        cleaned = without_pending(mapping(json.loads(self._quiet("stack", "export"))))
        if cleaned is not None:
            with tempfile.NamedTemporaryFile("w", suffix=".json", dir=self.home) as file:
                json.dump(cleaned, file)
                file.flush()
                self._quiet("stack", "import", "--file", file.name)

    def _change(self, verb: str, options: list[str], on_line: OnLine) -> Outcome:
        self._prepare()
        self._recover(on_line)
        log = self.home / f"{self.stack}-{verb}.events"
        log.unlink(missing_ok=True)
        command = [verb, "--config-file", str(self._stack_file), "--event-log", str(log)]
        command += ["--non-interactive", "--color", "never", *options]
        if verb != "preview":
            command.append("--yes")
        done = self._run(self.root, [*command, "--stack", self.stack], on_line)
        outcome = read_outcome(log)
        if done.code != 0:
            raise failure(verb, self.stack, outcome, done.output)
        return outcome

    def _quiet(self, *arguments: str, stack: bool = True) -> str:
        target = ["--stack", self.stack] if stack else []
        head, tail = list(arguments), list[str]()
        if "--" in head:
            at = head.index("--")
            head, tail = head[:at], head[at:]
        done = self._run(self._scratch, [*head, *target, "--non-interactive", *tail], _silent)
        if done.code != 0:
            raise failure(arguments[0], self.stack, Outcome(), done.output)
        return done.output

    def _run(self, folder: Path, arguments: list[str], on_line: OnLine) -> Completed:
        program = install.place_engine(self.pulumi_home, self.pulumi)
        return run([str(program), *arguments], folder, self._environment(), on_line)

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")
        }
        return {
            **inherited,
            "PULUMI_HOME": str(self.pulumi_home),
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.passphrase_file),
            "PULUMI_DEBUG_COMMANDS": "true",  # --event-log is offered only then
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "BALLAST_HELM": str(self.helm),
            "GOGC": os.environ.get(
                "GOGC", "400"
            ),  # memory for time: a fifth of a run is collection
            **self.env,
        }
