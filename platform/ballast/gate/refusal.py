"""A refusal as one sentence with its remedy, chosen from the policy's reasons."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ballast.errors import BallastError

# Words of a reason and what to do about it; earlier ones outrank later ones.
_REMEDIES: Final = (
    ("the record cannot", ""),
    ("has a blocked digest", "Build another image; see gitops/gate/blocked-digests.yaml."),
    ("the hotfix does not count", "Give --hotfix NAME --until DATE, at most 3 days ahead."),
    ("is frozen until", "Wait, use `ballast unfreeze`, or give --hotfix NAME --until DATE."),
    ("has no error budget left", "Mend the service first, and give --hotfix NAME --until DATE."),
    ("the error budget of", "Make Prometheus answer (make up opens its port), then promote again."),
    ("releases move dev", "Each environment has its own gate: dev, staging, prod."),
    ("needs the sign-off of", "Each role runs: ballast sign-off TARGET --as ROLE."),
    ("the sign-off of", "The role signs anew: ballast sign-off TARGET --as ROLE."),
    ("one key signs off", "Another person signs off with a key of their own."),
    ("promote them to", "Each environment has its own gate: dev, staging, prod."),
)  # fmt: skip


def refusal(target: str, reasons: Sequence[str], report: Path | None) -> BallastError:
    """The most telling reason, how many more there are, and what to do."""

    def rank(reason: str) -> int:
        found = [n for n, (words, _) in enumerate(_REMEDIES) if words in reason]
        return found[0] if found else len(_REMEDIES)

    telling = sorted(reasons, key=lambda reason: (rank(reason), reason))
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    remedy = dict(enumerate(fix for _, fix in _REMEDIES)).get(rank(telling[0]), "")
    usual = f"See {report}." if report else "Run the gate again without --evidence."
    return BallastError(f"{target} refuses the release: {telling[0]}{more}", remedy or usual)
