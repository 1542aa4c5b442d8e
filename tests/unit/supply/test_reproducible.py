"""The same lock gives the same bytes in any folder, and other bytes are not installed."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ballast.supply.build import BinaryError, BinarySupply
from ballast.supply.compile import Compiler
from ballast.supply.go_tool import GoTool
from ballast.supply.store import file_sha256


def build(tiny: Any, goroot: Path, folder: Path) -> Path:
    """Build the tiny module with caches of its own."""
    tiny.trust(folder / "go")
    host = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "GOPROXY": tiny.proxy}
    compiler = Compiler(GoTool(goroot, folder / "go", host), tiny.lock(None))
    component = compiler.lock.binary[0]
    return compiler.build(component, component.program, folder / "out")["hello"]


def test_two_builds_in_two_clean_folders_are_the_same(
    tiny: Any, goroot: Path, own_cache: Path, tmp_path: Path
) -> None:
    first = build(tiny, goroot, tmp_path / "one")
    second = build(tiny, goroot, tmp_path / "a" / "deeper" / "folder")
    assert file_sha256(first) == file_sha256(second)
    said = subprocess.run([first], capture_output=True, text=True, check=True)
    assert said.stderr == "hello\n"

    # The store of one of the two, and its compiled packages, serve the rest.
    own_cache.joinpath("go").symlink_to(tmp_path / "one" / "go")
    host = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GOPROXY": tiny.proxy}
    good = BinarySupply(tiny.lock(file_sha256(second)), host=host).ensure(["hello"])
    assert file_sha256(good["hello"]) == file_sha256(second)
    with pytest.raises(BinaryError, match=r"supply.lock says 0000.*: not installed"):
        BinarySupply(tiny.lock("0" * 64), host=host).ensure(["hello"])
    assert [p.parent.name for p in (own_cache / "bin").glob("*/hello")] == [file_sha256(second)]
