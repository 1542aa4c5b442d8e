from pathlib import Path

import pytest

from ballast.supply.images import ImageSupply
from ballast.supply.lock import load_lock


@pytest.mark.parametrize("name", ["busybox", "platform-agents"])
def test_two_builds_in_clean_folders_agree(name: str, tmp_path: Path) -> None:
    """One of the images carries bytecode, compiled anew each time."""
    built = [ImageSupply(load_lock(), root=tmp_path / n).ensure([name])[name] for n in "ab"]

    assert built[0].digest == built[1].digest
    assert built[0].sbom.read_bytes() == built[1].sbom.read_bytes()
