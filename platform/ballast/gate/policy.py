"""Where the promotion policy lies."""

from pathlib import Path
from typing import Final

FOLDER: Final = "policies/rego"


def policy_files(root: Path, folder: str = FOLDER) -> list[str]:
    """Paths of the policy's files below `root`, without their tests, in a fixed order."""
    found = sorted((root / folder).glob("*.rego"))
    return [str(p.relative_to(root)) for p in found if not p.stem.endswith("_test")]
