"""`ballast promote FROM TO`: proof first, then one commit, then proof that it serves."""

import hashlib
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ballast import release
from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.candidate import Pods, verified_candidate
from ballast.gate.execute import Finished
from ballast.gate.opa import Decision, decide, decision_input
from ballast.gate.plan import POLICY, Plan, derive_plan
from ballast.gate.record_store import Repository, files_of_record, trusted_keys
from ballast.gate.run_folder import runs_dir
from ballast.gate.signing import Opened
from ballast.kubeapi.shape import mapping
from ballast.paths import repository_root

Progress = Callable[[str], None]


class GitRepository(Repository, Protocol):
    """The branch that Argo CD follows: GitServer."""

    def commit_files(self, message: str, files: Mapping[str, str | None]) -> str:
        """Commit texts by path; the new commit."""
        ...

    def revert(self, sha: str) -> str:
        """Commit the opposite of a commit; the new commit."""
        ...


@dataclass(frozen=True)
class Ports:
    """What a promotion touches, so that each can be the real thing or a local stand-in."""

    git: GitRepository
    pods: Pods
    opa: Callable[[], Path]
    run: Callable[[Plan], Finished]
    sync: Callable[[str, str], None]  # environment, commit: returns when it serves, or raises
    smoke: Callable[[str], None]  # environment: one create seen delivered, or raises
    key: Path | None = None
    policy: Path = field(default_factory=lambda: repository_root() / POLICY)


@dataclass
class Promotion:
    """What happened, with the seconds of each step; `commit` is empty after a dry run."""

    source: str
    target: str
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    decision: Decision | None = None
    record: Opened | None = None
    commit: str = ""
    report: Path | None = None

    @contextmanager
    def step(self, name: str) -> Generator[None, None, None]:
        """Time one step."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - start


def promote(
    source: str,
    target: str,
    ports: Ports,
    *,
    evidence: Path | None = None,
    dry_run: bool = False,
    seed: int | None = None,
    progress: Progress = lambda _: None,
) -> Promotion:
    """Move the release of `source` to `target` when the gate proves it fit.

    `evidence` presents a stored record instead of a new run; `dry_run` stops before the commit.
    Raises BallastError with one reason, nothing committed, when the release is refused; and when
    the target does not serve it afterwards, with the commit reverted.
    """
    done = Promotion(source, target)
    with done.step("candidate"):
        candidate = verified_candidate(ports.git, ports.pods, source)
        plan = derive_plan(source, target, candidate, seed=seed)
        trusted = trusted_keys(ports.git, signing.signer(ports.key).public_key)
    progress(f"candidate: {candidate.revision} runs in {source}, digests verified on its pods")
    with done.step("run"):
        envelope = _presented(evidence) if evidence else _fresh(plan, ports, done)
        done.record = signing.open_envelope(envelope, trusted)
    with done.step("decision"):
        asked = decision_input(
            candidate, done.record, plan, samples_sha256=_samples_digest(done.record)
        )
        done.decision = decide(ports.opa(), ports.policy, asked)
    if not done.decision.allow:
        raise _refusal(done)
    progress("decision: OPA allows the promotion")
    if dry_run:
        return done
    with done.step("commit"):
        key = next(key for key in trusted if key.keyid == done.record.key_id)
        files = files_of_record(ports.git, target, envelope, done.record.statement, key)
        files[release.path_of(target)] = release.render(target, candidate)
        done.commit = ports.git.commit_files(_message(done, candidate.revision), files)
    progress(f"commit: {done.commit[:12]} carries {target}'s release and its evidence")
    _serve(done, ports, progress)
    return done


def _serve(done: Promotion, ports: Ports, progress: Progress) -> None:
    try:
        with done.step("sync"):
            ports.sync(done.target, done.commit)
        progress(f"sync: {done.target} is Synced and Healthy")
        with done.step("smoke"):
            ports.smoke(done.target)
        progress(f"smoke: a task created through {done.target}'s gateway was delivered")
    except BallastError as failure:
        reverted = ports.git.revert(done.commit)
        raise BallastError(
            f"{done.target} does not serve the release, {done.commit[:12]} is reverted: {failure}",
            f"Argo CD returns {done.target} to what ran before with commit {reverted[:12]}. "
            f"{failure.fix}".strip(),
        ) from failure


def _fresh(plan: Plan, ports: Ports, done: Promotion) -> str:
    finished = ports.run(plan)
    done.report = finished.folder.path / "report.html"
    return finished.envelope


def _presented(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as absent:
        raise BallastError(
            f"no evidence can be read from {path}: {absent}",
            "Leave --evidence out to run the gate now.",
        ) from absent


def _samples_digest(record: Opened) -> str | None:
    gate = mapping(mapping(record.statement.get("predicate")).get("gate"))
    samples = runs_dir() / Path(str(gate.get("run", "-"))).name / "samples.csv"
    return hashlib.sha256(samples.read_bytes()).hexdigest() if samples.exists() else None


def _refusal(done: Promotion) -> BallastError:
    reasons = done.decision.reasons if done.decision else ()
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    fix = f"See {done.report}." if done.report else "Run the gate again without --evidence."
    # What makes a record unusable at all outranks what it says.
    telling = sorted(reasons, key=lambda reason: not reason.startswith("the record cannot"))
    return BallastError(f"{done.target} refuses the release: {telling[0]}{more}", fix)


def _message(done: Promotion, revision: str) -> str:
    gate = mapping(mapping((done.record or _NOTHING).statement["predicate"])["gate"])
    return (
        f"Promote {revision} from {done.source} to {done.target}\n\n"
        f"Gate-Run: {gate['run']}\nGate-Expires: {gate['expires']}\n"
    )


_NOTHING = Opened({}, "", False, "")
