"""`ballast promote FROM TO`: proof first, then one commit, then proof that it serves."""

import hashlib
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from securesystemslib.signer import (
    Key,  # pyright: ignore[reportPrivateImportUsage]
    Signer,  # pyright: ignore[reportPrivateImportUsage]
)

from ballast import release
from ballast.errors import BallastError
from ballast.gate import facts, signing
from ballast.gate.admission_writer import Proposed, declared
from ballast.gate.bake import BAKE_SECONDS, check_bake
from ballast.gate.candidate import Pods, served, verified_candidate
from ballast.gate.execute import Finished
from ballast.gate.facts import Budgets
from ballast.gate.keys import check_trusted
from ballast.gate.opa import Decision, decide, decision_input
from ballast.gate.permit import Kind, Permit, operator, permit, whole_seconds
from ballast.gate.plan import Plan, derive_plan
from ballast.gate.policy import FOLDER as POLICY
from ballast.gate.record_store import (
    Repository,
    Signed,
    files_of,
    signed_permit,
    signed_record,
    trusted_keys,
)
from ballast.gate.refusal import refusal
from ballast.gate.report.write import FILES, Format, write_decision
from ballast.gate.roles import roles_in
from ballast.gate.run_folder import RunFolder, runs_dir
from ballast.gate.sign_off import BEFORE
from ballast.gate.signatories import Signatories
from ballast.gate.signing import Opened
from ballast.gate.way_back import Branch, take_back
from ballast.gitserver import Change
from ballast.kubeapi.shape import mapping
from ballast.paths import repository_root
from ballast.release import Held, Release

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Ports:
    """What a promotion touches, so that each can be the real thing or a local stand-in.

    `admit` writes what an environment admits by the evidence of a branch, the releases beside the
    declared one still running; `sync` and `smoke` return when the environment serves, or raise;
    `bake` returns after a time without a sign of harm.
    """

    git: Branch
    pods: Pods
    opa: Callable[[], Path]
    run: Callable[[Plan], Finished]
    budgets: Budgets
    admit: Callable[[str, Repository, Sequence[Held]], None]
    sync: Callable[[str, str], None]  # environment, commit
    smoke: Callable[[str], None]  # environment: one create seen delivered
    signer: Callable[[], Signer]
    bake: Callable[[str, Change, float], None]  # environment, its promotion, seconds
    policy: Path = field(default_factory=lambda: repository_root() / POLICY)


@dataclass(frozen=True)
class Hotfix:
    """A promotion that may go while its target is frozen, and without proof under faults."""

    name: str
    until: datetime
    reason: str


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
    hotfix: Hotfix | None = None,
    dry_run: bool = False,
    seed: int | None = None,
    sign_offs: Sequence[str] = (),
    bake: float = BAKE_SECONDS,
    progress: Progress = lambda _: None,
) -> Promotion:
    """Move the release of `source` to `target` when the gate proves it fit.

    `evidence` presents a stored record instead of a new run: what is asked of it is what a run with
    its seed would have to show now. `sign_offs` are envelopes of the people that the target asks.
    `dry_run` stops before the commit. `bake` is for how many seconds the target is watched after
    its smoke test.
    Raises BallastError with one reason, nothing committed, when the release is refused; and when
    the target does not serve it afterwards, with the commit reverted.
    """
    check_bake(bake)
    done = Promotion(source, target)
    with done.step("candidate"):
        candidate = verified_candidate(ports.git, ports.pods, source)
        old = served(ports.git, ports.pods, target)
        signer = ports.signer()
        trusted = trusted_keys(ports.git, signer.public_key)
        presented = _presented(evidence) if evidence else None
        if presented is not None and seed is None:
            seed = _seed(signing.open_envelope(presented, trusted))
        plan = derive_plan(source, target, candidate, old=old, seed=seed)
        if hotfix:
            _permit(plan, "the record of the run that follows", hotfix)  # wrong facts cost no run
        people = Signatories(
            roles_in(ports.git), sign_offs, candidate, target, hotfix=hotfix is not None
        )
        next_one = BEFORE.get(target) == source  # and neither does a missing name
        if people.needed and next_one and presented is None and not dry_run:
            urgent = _asked_hotfix(done, plan, hotfix, signer, trusted)
            people.check(ports.opa(), ports.policy, plan, urgent)
    progress(f"candidate: {candidate.revision} runs in {source}, digests verified on its pods")
    if old is None:
        progress(f"{target} serves nothing yet: there is no release to compare with")
    with done.step("run"):
        envelope = _fresh(plan, ports, done) if presented is None else presented
        done.record = signing.open_envelope(envelope, trusted)
    with done.step("decision"):
        asked = facts.gather(ports.git, ports.budgets, candidate, plan, trusted)
        asked["hotfix"] = _asked_hotfix(done, plan, hotfix, signer, trusted)
        asked["sign_offs"] = people.asked
        asked = decision_input(
            candidate, done.record, plan, facts=asked, samples_sha256=_samples_digest(done.record)
        )
        done.decision = decide(ports.opa(), ports.policy, asked)
    _tell(done)
    if not done.decision.allow:
        raise refusal(target, done.decision.reasons, done.report)
    progress("decision: OPA allows the promotion")
    if dry_run:
        return done
    with done.step("commit"):
        check_trusted(signer, trusted)
        signed_off = people.carried(str(_gate(done)["run"]), datetime.now(UTC))
        files = _evidence(done, envelope, plan, hotfix, git=ports.git, by=signer, also=signed_off)
        files[release.path_of(target)] = release.render(target, candidate)
        ports.admit(target, Proposed(ports.git, files), declared(ports.git, target))
        done.commit = ports.git.commit_files(_message(done, candidate, hotfix), files)
    _tell(done)
    progress(f"commit: {done.commit[:12]} carries {target}'s release and its evidence")
    _serve(done, ports, bake, progress)
    return done


def _serve(done: Promotion, ports: Ports, bake: float, progress: Progress) -> None:
    promoted = ports.git.change(done.commit, release.path_of(done.target))
    try:
        with done.step("sync"):
            ports.sync(done.target, done.commit)
        progress(f"sync: {done.target} is Synced and Healthy")
        with done.step("smoke"):
            ports.smoke(done.target)
        progress(
            f"smoke: a task created through {done.target}'s gateway was delivered, and its reminder"
        )
        progress(f"bake: {bake:.0f} s; interrupted, go on with: ballast watch {done.target}")
        with done.step("bake"):
            ports.bake(done.target, promoted, bake)
    except BallastError as failure:
        raise _back(done, promoted, failure, ports, progress) from failure


def _back(
    done: Promotion, promoted: Change, failure: BallastError, ports: Ports, progress: Progress
) -> BallastError:
    """Take the promotion back, and say so."""
    said = f"{done.target} does not serve the release, {done.commit[:12]} is reverted: {failure}"
    try:
        with done.step("way back"):
            back = take_back(done.target, promoted, str(failure), ports, progress)
    except BallastError as stuck:
        _tell(done, f"{failure}; what ran before does not serve yet: {stuck}")
        return BallastError(f"{said}; what ran before does not serve yet: {stuck}", stuck.fix)
    _tell(done, f"reverted by {back.commit[:12]}: {failure}")
    return BallastError(
        f"{said}; what ran before served again {back.seconds:.0f} s after the commit", failure.fix
    )


def _tell(done: Promotion, undone: str = "") -> None:
    """Let the report of a fresh run say what was decided on it, and what became of that."""
    if done.report and done.decision:
        write_decision(
            RunFolder(done.report.parent),
            done.target,
            allow=done.decision.allow,
            reasons=done.decision.reasons,
            commit=done.commit,
            undone=undone,
        )


def _fresh(plan: Plan, ports: Ports, done: Promotion) -> str:
    finished = ports.run(plan)
    done.report = finished.folder.path / FILES[Format.HTML]
    return finished.envelope


def _presented(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as absent:
        raise BallastError(
            f"no evidence can be read from {path}: {absent}",
            "Leave --evidence out to run the gate now.",
        ) from absent


def _seed(record: Opened) -> int | None:
    """The seed of a trusted record; None when there is none to trust, and the plan has its own."""
    gate = mapping(mapping(record.statement.get("predicate")).get("gate"))
    seed = mapping(gate.get("seeds")).get("load")
    return seed if record.verified and isinstance(seed, int) else None


def _permit(
    plan: Plan,
    basis: str,
    hotfix: Hotfix | None,
    *,
    run: str = "run",
    until: str = "",
    sign_offs: Mapping[str, str] | None = None,
) -> Permit:
    """The permit of this promotion; a hotfix's own end, or the end of the record."""
    return permit(
        kind=Kind.HOTFIX if hotfix else Kind.PROMOTION,
        name=hotfix.name if hotfix else run,
        by=operator(),
        reason=hotfix.reason if hotfix else "the gate passed",
        source=plan.source,
        target=plan.target,
        made=whole_seconds(datetime.now(UTC)),
        until=hotfix.until if hotfix else until,
        basis=basis,
        sign_offs=sign_offs or None,
    )


def _asked_hotfix(
    done: Promotion, plan: Plan, hotfix: Hotfix | None, signer: Signer, trusted: Sequence[Key]
) -> dict[str, Any] | None:
    if hotfix is None:
        return None
    made = _permit(plan, _gate(done).get("run") or "none", hotfix)
    text = signing.sign(made.statement(plan.images.values()), signer)
    return facts.asked(signing.open_envelope(text, list(trusted)))


def _evidence(
    done: Promotion,
    envelope: str,
    plan: Plan,
    hotfix: Hotfix | None,
    *,
    git: Repository,
    by: Signer,
    also: Mapping[str, Signed],
) -> dict[str, str]:
    """Files that are committed with the release: its record, the sign-offs, and the permit that
    rests on them.
    """
    statement = (done.record or _NOTHING).statement
    record = signed_record(plan.target, envelope, statement)
    gate = _gate(done)
    said = {role: one.path for role, one in also.items()}
    made = _permit(
        plan, record.path, hotfix, run=str(gate["run"]), until=str(gate["expires"]), sign_offs=said
    )
    permitted = made.statement(plan.images.values())
    carried = signed_permit(made, signing.sign(permitted, by), permitted)
    return files_of(git, [record, *also.values(), carried], by.public_key)


def _gate(done: Promotion) -> dict[str, Any]:
    statement = (done.record or _NOTHING).statement
    return mapping(mapping(statement.get("predicate")).get("gate"))


def _samples_digest(record: Opened) -> str | None:
    gate = mapping(mapping(record.statement.get("predicate")).get("gate"))
    samples = runs_dir() / Path(str(gate.get("run", "-"))).name / "samples.csv"
    return hashlib.sha256(samples.read_bytes()).hexdigest() if samples.exists() else None


def _message(done: Promotion, candidate: Release, hotfix: Hotfix | None) -> str:
    gate = _gate(done)
    how = f"Hotfix: {hotfix.name} ({hotfix.reason})\n" if hotfix else ""
    return (
        f"Promote {candidate.revision} from {done.source} to {done.target}\n\n"
        f"Gate-Run: {gate['run']}\nGate-Expires: {gate['expires']}\n{how}"
    )


_NOTHING = Opened({}, "", False, "")
