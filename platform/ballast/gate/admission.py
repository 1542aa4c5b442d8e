"""Which image digests an environment admits: derived from signed evidence, keys and the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from securesystemslib.signer import Key  # pyright: ignore[reportPrivateImportUsage]

from ballast.gate.judgement import ALONE, judge
from ballast.gate.permit import Kind, Permit
from ballast.gate.record_store import envelopes
from ballast.release import Held

GUARDED: Final = ("staging", "prod")
IN_FORCE: Final = "in force"
REFUSED: Final = "refused: "
# What runs on after its permit has ended: a proven release, or the first one. Never a break-glass.
_LASTING: Final = (Kind.PROMOTION, Kind.HOTFIX, Kind.BOOTSTRAP)


@dataclass(frozen=True)
class Admitted:
    """What an environment lets in at a time.

    `digests` maps sha256:... to IN_FORCE, to the instant (RFC 3339) at which its permit ends, or to
    REFUSED and a reason; `permits` are those that count now.
    """

    environment: str
    digests: dict[str, str] = field(default_factory=dict[str, str])
    permits: tuple[Permit, ...] = ()


def admitted(
    evidence: Mapping[str, str],
    keys: Sequence[Key],
    environment: str,
    releases: Sequence[Held],
    now: datetime,
) -> Admitted:
    """The admitted digests of an environment.

    `evidence` holds the files of gitops/evidence by path. `releases` are those that Git declares:
    what they name keeps running after its permit has ended, so that a restart stays possible.
    """
    judged = [judge(path, evidence, keys, environment, now) for path in envelopes(evidence)]
    judged.sort(key=lambda one: one.flaw != ALONE)  # what says more of a digest comes later
    declared = {(i.repository, i.digest) for held in releases for i in held.images.values()}
    refused: dict[str, str] = {}
    until: dict[str, datetime] = {}
    in_force: set[str] = set()
    for one in judged:
        permit, digests = one.permit, one.digests.values()
        if permit is None:
            refused |= dict.fromkeys(digests, f"{REFUSED}{one.flaw} ({one.path})")
            continue
        if permit.until <= now:
            ended = f"{REFUSED}its permit ended at {permit.until.isoformat()} ({one.path})"
            refused |= dict.fromkeys(digests, ended)
        else:
            until |= {digest: max(permit.until, until.get(digest, now)) for digest in digests}
        if permit.kind in _LASTING:
            in_force |= {d for name, d in one.digests.items() if (name, d) in declared}
    states = refused | {digest: end.isoformat() for digest, end in until.items()}
    counting = [one.permit for one in judged if one.permit and one.permit.until > now]
    return Admitted(environment, states | dict.fromkeys(in_force, IN_FORCE), tuple(counting))
