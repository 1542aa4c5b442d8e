"""The pinned go command in an environment built from scratch."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ballast.errors import BallastError
from ballast.supply.go_failure import GoBuildError, explain_go_failure

# What a host may decide: how to reach the network and where temporary files go. Everything else
# (GOFLAGS, GONOSUMDB, GOPRIVATE, GOAMD64, CC, ...) would change or weaken the build.
PASSED_THROUGH = (
    "PATH", "HOME", "USER", "LANG",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
    "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
)  # fmt: skip


class BuildCancelledError(BallastError):
    """The build was stopped before it ended; what was compiled is kept."""


@dataclass(frozen=True)
class GoTool:
    """`go` of one toolchain; `cache` holds its module and build caches."""

    goroot: Path
    cache: Path
    host: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def executable(self) -> Path:
        """Path of the go command."""
        return self.goroot / "bin" / "go"

    @property
    def module_cache(self) -> Path:
        """GOMODCACHE."""
        return self.cache / "mod"

    def environment(self) -> dict[str, str]:
        """All variables that go sees."""
        fixed = {
            "GOROOT": str(self.goroot),
            "GOMODCACHE": str(self.module_cache),
            "GOCACHE": str(self.cache / "build"),
            "GOTMPDIR": str(self.cache / "tmp"),
            "GOPATH": str(self.cache / "path"),
            "GOENV": "off",
            "GOFLAGS": "-mod=mod",
            "GOWORK": "off",
            "GOTOOLCHAIN": "local",
            "GOTELEMETRY": "off",
            "GOOS": "linux",
            "GOARCH": "amd64",
            "GOAMD64": "v1",
            "CGO_ENABLED": "0",
            # No collection of garbage in compilers that end in seconds: 15 % less time for the
            # same bytes. Go runs one for each core; together they hold a quarter of the memory.
            "GOGC": "off",
            "GOMEMLIMIT": str(_memory_per_core() // 4),
        }
        kept = {name: self.host[name] for name in PASSED_THROUGH if self.host.get(name)}
        proxy = self.host.get("GOPROXY") or self._configured("GOPROXY")
        return kept | fixed | ({"GOPROXY": proxy} if proxy else {})

    def capture(self, subject: str, arguments: Sequence[str], folder: Path) -> str:
        """Run go and return what it prints. Raises GoBuildError about `subject`."""
        done = self._run(arguments, folder)
        if done.returncode != 0:
            raise explain_go_failure(subject, done.stdout + done.stderr)
        return done.stdout

    def download(self, module: str, version: str, folder: Path) -> dict[str, str]:
        """Fetch a module, checked by the checksum database: Dir, Zip, GoMod, Sum, ..."""
        subject = f"{module}@{version}"
        done = self._run(["mod", "download", "-json", subject], folder)
        answer = _json_object(done.stdout)
        if done.returncode != 0 or "Error" in answer:
            raise explain_go_failure(subject, answer.get("Error") or done.stderr)
        return answer

    def stream(
        self,
        subject: str,
        arguments: Sequence[str],
        folder: Path,
        *,
        log: Path,
        heard: Callable[[str], None],
        cancelled: threading.Event,
        keep_open: Sequence[int] = (),
        niceness: int = 0,
    ) -> None:
        """Run a long go command, telling `heard` each line, writing all of them to `log`.

        Raises GoBuildError, and BuildCancelledError when `cancelled` was set: then the compiler
        and its children are gone. `keep_open` are descriptors that the children inherit;
        `niceness` above 0 lets other programs come first.
        """
        self._make_folders()
        log.parent.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [self.executable, *arguments],
            cwd=folder, env=self.environment(), text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=tuple(keep_open),
        )  # fmt: skip
        if niceness:
            _be_polite(process.pid, niceness)
        over = threading.Event()
        watcher = threading.Thread(target=_end_when, args=(cancelled, over, process), daemon=True)
        watcher.start()
        lines: list[str] = []
        try:
            with log.open("w", buffering=1, encoding="utf-8") as file:
                assert process.stdout is not None  # noqa: S101 (PIPE was asked for)
                for line in process.stdout:
                    file.write(line)
                    lines.append(line)
                    heard(line.rstrip())
            code = process.wait()
        finally:
            over.set()
            watcher.join()
            if process.poll() is None:
                _end_group(process)
        if cancelled.is_set():
            raise BuildCancelledError(f"{subject}: stopped", fix="run again: it goes on from here")
        if code < 0:
            name = signal.Signals(-code).name
            raise GoBuildError(
                f"{subject}: go was ended by {name} from outside, see {log}",
                fix="if nobody stopped it, look for lack of memory (dmesg), then run again: "
                "compiled packages are kept",
                log=log,
            )
        if code != 0:
            raise explain_go_failure(subject, "".join(lines), log)

    def _run(self, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        self._make_folders()
        return subprocess.run(
            [self.executable, *arguments],
            cwd=folder, env=self.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip

    def _make_folders(self) -> None:
        (self.cache / "tmp").mkdir(parents=True, exist_ok=True)

    def _configured(self, name: str) -> str:
        """A setting made with `go env -w` on this machine, which GOENV=off would hide."""
        home = {k: v for k, v in self.host.items() if k in ("HOME", "XDG_CONFIG_HOME", "PATH")}
        done = subprocess.run(
            [self.executable, "env", name],
            env=home | {"GOROOT": str(self.goroot), "GOTOOLCHAIN": "local"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.strip() if done.returncode == 0 else ""


def _memory_per_core() -> int:
    """Bytes of this machine's memory for each processor that this process may use."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return total // max(1, len(os.sched_getaffinity(0)))


def _json_object(text: str) -> dict[str, str]:
    """The object in go's answer, empty when it gave none."""
    start = text.find("{")
    return json.loads(text[start:]) if start >= 0 else {}


def _be_polite(process: int, niceness: int) -> None:
    """Let other programs come first, also where the kernel shares time out by session."""
    os.setpriority(os.PRIO_PROCESS, process, niceness)
    with contextlib.suppress(OSError):
        Path(f"/proc/{process}/autogroup").write_text(str(niceness), encoding="ascii")


def _end_when(
    cancelled: threading.Event, over: threading.Event, process: subprocess.Popen[str]
) -> None:
    while not over.wait(0.2):
        if cancelled.is_set():
            _end_group(process)
            return


def _end_group(process: subprocess.Popen[str]) -> None:
    """Stop go and its compilers, which share a session; return when none of them is left."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 5
        try:
            os.killpg(process.pid, number)
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)
                time.sleep(0.02)
        except ProcessLookupError:
            return
