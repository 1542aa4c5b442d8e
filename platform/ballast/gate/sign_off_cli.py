"""`ballast sign-off TARGET --as ROLE`: a person lets the next release into an environment."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from ballast.errors import BallastError
from ballast.gate import live, signing
from ballast.gate.candidate import candidate_of
from ballast.gate.roles import roles_in
from ballast.gate.sign_off import BEFORE, SUFFIX, give
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.paths import state_dir

console = Console()


def own_key() -> Path:
    """The key of the person at this machine, made on first use."""
    return state_dir() / "gate" / "sign-off.key"


def inbox(target: str) -> Path:
    """Where the next promotion into an environment finds the sign-offs that were given here."""
    return state_dir() / "gate" / "sign-offs" / target


def sign_off(
    target: str, role: str, *, key: Path | None, out: Path | None, json_output: bool
) -> None:
    """The top-level `ballast sign-off`."""
    if live.known(target) not in BEFORE:
        raise BallastError(f"nothing is promoted to {target}", f"One of: {', '.join(BEFORE)}.")
    source = BEFORE[target]
    with KubeApi.from_kubeconfig(live.kubeconfig_path()) as api:
        git = GitServer(api)
        roles, candidate = roles_in(git), candidate_of(git, source)
    signer = signing.signer(key or own_key())
    given, envelope = give(
        candidate, target, role, roles=roles, signer=signer, now=datetime.now(UTC)
    )
    path = out or inbox(target) / f"{role}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(envelope)
    if json_output:
        print(json.dumps({"file": str(path), **given.model_dump(mode="json")}))
        return
    for service, image in candidate.images.items():
        console.print(f"{service} {image}", highlight=False, soft_wrap=True)
    console.print(
        f"{given.person} signs off {given.revision} for {target} as {role}, until "
        f"{given.until.isoformat()}: {path}",
        highlight=False,
        soft_wrap=True,
    )
    needed = [name for name in roles.needed(target, hotfix=False) if name != role]
    also = f", after the sign-off of {', '.join(needed)}" if needed else ""
    console.print(f"next: ballast promote {source} {target}{also}", highlight=False)


def given_for(target: str, files: Sequence[Path] = ()) -> dict[Path, str]:
    """The envelopes of the inbox and of files that came from elsewhere; BallastError naming one
    that cannot be read.
    """
    found: dict[Path, str] = {}
    for path in [*sorted(inbox(target).glob(f"*{SUFFIX}")), *files]:
        try:
            found[path] = path.read_text()
        except (OSError, UnicodeDecodeError) as absent:
            raise BallastError(
                f"no sign-off can be read from {path}: {absent}",
                f"Its role makes one: ballast sign-off {target} --as ROLE --out FILE",
            ) from absent
    return found


def clear(target: str) -> None:
    """Empty the inbox: a sign-off serves one promotion."""
    for path in inbox(target).glob(f"*{SUFFIX}"):
        path.unlink()
