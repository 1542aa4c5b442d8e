"""A private bare repository: trees and commits are built here, then pushed."""

import fcntl
import os
import shlex
import subprocess
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ballast.errors import BallastError

SERVER_MAIN: Final = "refs/server/main"
GIT_SECONDS: Final = 60.0

_CONFIG = """\
[user]
	name = Ballast
	email = ballast@localhost
[safe]
	directory = *
[core]
	hooksPath = /dev/null
[http]
	proxy =
[gc]
	auto = 0
[credential]
	helper =
	helper = {helper}
"""


class GitServerError(BallastError):
    """The Git server, or git itself, refused; the message is what it said."""


class Clone:
    """Disposable: everything in it can be fetched or built again."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made on first use, readable by its owner only."""
        self.folder = folder
        self.repository = folder / "ballast.git"
        self.config = folder / "config"
        self.credentials = folder / "credentials"

    @contextmanager
    def locked(self) -> Generator[None]:
        """One writer at a time, across processes."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            helper = f"store --file={shlex.quote(str(self.credentials))}"
            quoted = helper.replace("\\", "\\\\").replace('"', '\\"')
            self.config.write_text(_CONFIG.format(helper=f'"{quoted}"'))
            if not (self.repository / "HEAD").exists():
                self.git("init", "--quiet", "--bare", str(self.repository), inside=False)
            yield

    def keep_credential(self, line: str) -> None:
        """What git's credential store reads: one URL with user and token, never on a command."""
        self.credentials.unlink(missing_ok=True)
        with os.fdopen(os.open(self.credentials, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write(line + "\n")

    def git(
        self, *arguments: str, stdin: bytes = b"", index: Path | None = None, inside: bool = True
    ) -> str:
        """Stdout of a git command; GitServerError with its stderr when it fails."""
        return self.raw(*arguments, stdin=stdin, index=index, inside=inside).decode()

    def raw(
        self, *arguments: str, stdin: bytes = b"", index: Path | None = None, inside: bool = True
    ) -> bytes:
        """Like `git`, for output that need not be text."""
        place = ["--git-dir", str(self.repository)] if inside else []
        try:
            done = subprocess.run(
                ["git", *place, *arguments],
                input=stdin,
                capture_output=True,
                env=self.environment(index),
                timeout=GIT_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            raise GitServerError("git is not installed", fix="apt-get install git") from error
        except subprocess.TimeoutExpired as error:
            raise GitServerError(
                f"git {arguments[0]} ran over {GIT_SECONDS:.0f} s",
                fix="see whether the Git server runs: kubectl -n git get pods",
            ) from error
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            raise GitServerError(f"git {arguments[0]} failed: {said or done.returncode}")
        return done.stdout

    def environment(self, index: Path | None = None) -> dict[str, str]:
        """Nothing of the caller's git: a hook or a proxy of the user must not reach in here."""
        settings = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": str(self.config),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        return settings | ({"GIT_INDEX_FILE": str(index)} if index else {})

    def take_tree(self, checkout: Path) -> tuple[str, str]:
        """Copy the tree of a checkout's HEAD in here: (commit, tree).

        Only the tree travels, so that a shallow clone serves as well as a full one.
        """
        at = ["-C", str(checkout)]
        try:
            commit = self.git(*at, "rev-parse", "HEAD", inside=False).strip()
            tree = self.git(*at, "rev-parse", "HEAD^{tree}", inside=False).strip()
        except GitServerError as error:
            raise GitServerError(
                f"{checkout} is not a Git checkout with a commit: {error}",
                fix="clone the repository with git and run Ballast from that clone",
            ) from error
        if not self.has(tree):
            pack = self.raw(
                *at, "pack-objects", "--revs", "--stdout", "-q", stdin=f"{tree}\n".encode(),
                inside=False,
            )  # fmt: skip
            self.raw("index-pack", "--stdin", stdin=pack)
        return commit, tree

    def has(self, name: str) -> bool:
        """Whether an object is here."""
        try:
            self.git("cat-file", "-e", name)
        except GitServerError:
            return False
        return True

    def entries(self, commit: str, *folders: str) -> list[str]:
        """`mode sha<TAB>path` of every file under folders of a commit."""
        listed = self.git("ls-tree", "-r", "-z", "--full-tree", commit, "--", *folders)
        lines = [line for line in listed.split("\0") if line]
        return [f"{mode} {sha}\t{path}" for mode, sha, path in map(_entry, lines)]

    def blob(self, content: str) -> str:
        """Store a text, return its id."""
        return self.git("hash-object", "-w", "--stdin", stdin=content.encode()).strip()

    def tree(self, base: str | None, entries: Sequence[str], patch: bytes = b"") -> str:
        """Id of the tree of `base` with entries put over it and a patch applied."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            index = Path(folder) / "index"
            self.git("read-tree", *([base] if base else ["--empty"]), index=index)
            if entries:
                lines = "".join(f"{entry}\0" for entry in entries).encode()
                self.git("update-index", "-z", "--index-info", stdin=lines, index=index)
            if patch:
                self.git("apply", "--cached", "--whitespace=nowarn", stdin=patch, index=index)
            return self.git("write-tree", index=index).strip()

    def commit(self, tree: str, parent: str | None, message: str) -> str:
        """Id of a new commit."""
        parents = ["-p", parent] if parent else []
        return self.git("commit-tree", tree, *parents, stdin=message.encode()).strip()


def _entry(line: str) -> tuple[str, str, str]:
    facts, path = line.split("\t", 1)
    mode, _, sha = facts.split(" ")
    return mode, sha, path


def put(clone: Clone, files: Mapping[str, str | None]) -> list[str]:
    """Index entries that write each text at its path, or remove the path when it is None."""
    entries: list[str] = []
    for path, content in files.items():
        parts = path.split("/")
        if path.startswith("/") or {"", ".", "..", ".git"} & set(parts):
            raise GitServerError(f"{path!r} is not a path inside the repository")
        gone = "0 " + "0" * 40
        entries.append(f"{gone if content is None else '100644 ' + clone.blob(content)}\t{path}")
    return entries
