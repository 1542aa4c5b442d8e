"""The branch `main` that Argo CD follows, as a place to read and to commit."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballast.gitserver.access import SoftServeAccess, TokenSource
from ballast.gitserver.clone import SERVER_MAIN, Clone, GitServerError, put
from ballast.kubeapi import KubeApi
from ballast.names import GIT_HTTP_PORT, GIT_REPOSITORY
from ballast.paths import state_dir

RELEASE_FILE: Final = re.compile(r"^gitops/environments/([^/]+)/release\.yaml$")
FREEZES: Final = "gitops/gate/freezes.yaml"
ENVIRONMENT_FILE: Final = re.compile(r"^gitops/environments/[^/]+/")
EVIDENCE: Final = "gitops/evidence"
ATTEMPTS: Final = 5
_PATCH: Final = ("diff", "--binary", "--full-index", "--no-renames")
Progress = Callable[[str], None]
TreeOf = Callable[[str | None], str]


@dataclass(frozen=True)
class Change:
    """One commit that changed a file: its subject, the file's text before it and after it.

    `at` is when it was made, in Unix seconds.
    """

    commit: str
    subject: str
    before: str | None
    after: str | None
    at: float


class GitServer:
    """Reads and extends `main`; every change is one commit on top of what the server has."""

    def __init__(
        self,
        api: KubeApi | None = None,
        *,
        url: str = f"http://127.0.0.1:{GIT_HTTP_PORT}/{GIT_REPOSITORY}.git",
        access: TokenSource | None = None,
        folder: Path | None = None,
    ) -> None:
        """Opens nothing yet; `access` defaults to soft-serve's, found through `api`."""
        if access is None:
            if api is None:
                raise GitServerError("a Git server needs the cluster's API or an access")
            access = SoftServeAccess(api)
        self.access = access
        self.url = url
        self.clone = Clone(folder or state_dir() / "git")

    def seed(
        self,
        root: Path,
        files: Mapping[str, str] | None = None,
        progress: Progress = lambda _: None,
    ) -> str:
        """Bring `main` to the checkout's HEAD and return its commit.

        Releases, evidence and freezes on the server stay as they are, and what was removed of them
        stays removed: the gate owns them. `files` fills in what neither has yet (path -> text),
        such as the first release of an environment. Equal content makes no commit. Uncommitted work
        is not taken, and `progress` says so.
        """
        with self.clone.locked():
            self.access.ensure_repository()
            commit, tree = self.clone.take_tree(root)
            loose = self._uncommitted(root)
            if loose:
                progress(f"{loose} uncommitted files of {root} are not seeded: commit them first")
            known = {line.split("\t", 1)[1] for line in self.clone.entries(tree)}

            def build(head: str | None) -> str:
                kept = [] if head is None else self._owned_by_server(head, known)
                # A checkout that is older than the server still has keys that are retired there.
                gone = [] if head is None else [path for path in known if _of_the_gate(path)]
                there = known | {line.split("\t", 1)[1] for line in kept}
                first = {path: text for path, text in (files or {}).items() if path not in there}
                removed = put(self.clone, dict.fromkeys(gone))
                return self.clone.tree(tree, [*put(self.clone, first), *removed, *kept])

            message = f"Seed from the checkout at {commit[:12]}\n\nCheckout-Commit: {commit}\n"
            return self._extend(message, build)

    def commit_files(self, message: str, files: Mapping[str, str | None]) -> str:
        """Commit texts by path (None removes one) and return `main`; no change, no commit."""
        with self.clone.locked():
            entries = put(self.clone, files)
            return self._extend(message, lambda head: self.clone.tree(head, entries))

    def revert(self, sha: str) -> str:
        """Commit the opposite of one commit; GitServerError when later ones touched its lines."""
        with self.clone.locked():
            self._fetch()
            if not self.clone.has(f"{sha}^"):
                raise GitServerError(
                    f"{sha[:12]} has no parent on the server: nothing to go back to"
                )
            subject = self.clone.git("log", "-1", "--format=%s", sha).strip()
            patch = self.clone.raw(*_PATCH, sha, f"{sha}^")
            message = f'Revert "{subject}"\n\nThis reverts commit {sha}.\n'
            return self._extend(message, lambda head: self.clone.tree(head, [], patch))

    def read_file(self, path: str) -> str:
        """Text of a file of `main`; GitServerError when it is not there."""
        with self.clone.locked():
            head = self._fetch()
            if head is None or not self.clone.has(f"{head}:{path}"):
                raise GitServerError(
                    f"{path} is not on the Git server",
                    fix="`make up` seeds the server from the last commit of this checkout",
                )
            return self.clone.git("cat-file", "blob", f"{head}:{path}")

    def list_files(self, folder: str) -> list[str]:
        """Paths of the files of `main` under a folder."""
        with self.clone.locked():
            head = self._fetch()
            lines = [] if head is None else self.clone.entries(head, folder)
            return [line.split("\t", 1)[1] for line in lines]

    def read_folder(self, folder: str) -> dict[str, str]:
        """Text of every file of `main` under a folder, by path."""
        with self.clone.locked():
            head = self._fetch()
            lines = [] if head is None else self.clone.entries(head, folder)
            paths = [line.split("\t", 1)[1] for line in lines]
            return {path: self.clone.git("cat-file", "blob", f"{head}:{path}") for path in paths}

    def last_change(self, path: str) -> Change | None:
        """The newest commit of `main` that changed a file; None when none ever did."""
        with self.clone.locked():
            head = self._fetch()
            found = self.clone.git("log", "-1", "--format=%H", head, "--", path) if head else ""
            return self._change(found.strip(), path) if found else None

    def change(self, commit: str, path: str) -> Change:
        """What a commit made of a file; before and after are equal when it left it alone."""
        with self.clone.locked():
            if not self.clone.has(commit):
                self._fetch()
            return self._change(commit, path)

    def _change(self, commit: str, path: str) -> Change:
        moment, _, subject = self.clone.git("log", "-1", "--format=%ct %s", commit).partition(" ")
        before, after = (
            self.clone.git("cat-file", "blob", at) if self.clone.has(at) else None
            for at in (f"{commit}^:{path}", f"{commit}:{path}")
        )
        return Change(commit, subject.strip(), before, after, float(moment))

    def head(self) -> str | None:
        """Commit of `main`, or None while the repository is empty."""
        with self.clone.locked():
            return self._fetch()

    def _extend(self, message: str, build: TreeOf) -> str:
        for attempt in range(ATTEMPTS):
            try:
                return self._extend_once(message, build)
            except GitServerError as error:
                # Somebody was first, the server has just restarted, or it forgot the token with
                # its volume: look again, build again.
                if attempt + 1 == ATTEMPTS or not (_passing(error) or _refused(error)):
                    raise
                if _refused(error):
                    self.access.token(renew=True)
                time.sleep(0.3 * attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _extend_once(self, message: str, build: TreeOf) -> str:
        head = self._fetch()
        tree = build(head)
        if head is not None and tree == self.clone.git("rev-parse", f"{head}^{{tree}}").strip():
            return head
        commit = self.clone.commit(tree, head, message)
        self.clone.git("push", "--quiet", self.url, f"{commit}:refs/heads/main")
        return commit

    def _fetch(self) -> str | None:
        self._sign_in()
        source = f"+refs/heads/main:{SERVER_MAIN}"
        try:
            self.clone.git("fetch", "--quiet", "--no-tags", self.url, source)
        except GitServerError as error:
            if "couldn't find remote ref" in str(error):
                return None
            raise
        return self.clone.git("rev-parse", SERVER_MAIN).strip()

    def _sign_in(self) -> None:
        scheme, rest = self.url.split("://", 1)
        token = self.access.token()
        self.clone.keep_credential(f"{scheme}://ballast:{token}@{rest.split('/', 1)[0]}")

    def _owned_by_server(self, head: str, known: set[str]) -> list[str]:
        environments = {path.split("/")[2] for path in known if ENVIRONMENT_FILE.match(path)}
        kept: list[str] = []
        for entry in self.clone.entries(head, "gitops/environments", EVIDENCE, FREEZES):
            path = entry.split("\t", 1)[1]
            release = RELEASE_FILE.match(path)
            if _of_the_gate(path) or (release and release[1] in environments):
                kept.append(entry)
        return kept

    def _uncommitted(self, root: Path) -> int:
        status = ("-C", str(root), "status", "--porcelain", "--untracked-files=normal")
        return len(self.clone.git(*status, inside=False).splitlines())


def _of_the_gate(path: str) -> bool:
    return path == FREEZES or path.startswith(f"{EVIDENCE}/")


def _passing(error: GitServerError) -> bool:
    said = str(error)
    signs = ("fetch first", "non-fast-forward", "cannot lock ref", "rejected", "unable to access")
    return any(sign in said for sign in signs) or "hung up" in said


def _refused(error: GitServerError) -> bool:
    said = str(error)
    return any(sign in said for sign in ("Authentication failed", "403", "401"))
