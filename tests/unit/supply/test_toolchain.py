"""A toolchain is one wheel of exact content, wherever it is fetched with."""

import hashlib
import os
import platform
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from ballast.supply.go_spec import Toolchain
from ballast.supply.toolchain import ToolchainError, ensure_toolchain

NAME = "ballast_tiny_tool-1.0.0-py3-none-any.whl"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip and uv are told to use instead of any index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / NAME, "w") as wheel:
        tool = zipfile.ZipInfo("tiny/bin/tool")
        tool.external_attr = 0o100755 << 16
        wheel.writestr(tool, "#!/bin/sh\necho tool\n")
        info = "ballast_tiny_tool-1.0.0.dist-info"
        about = {
            "METADATA": "Metadata-Version: 2.1\nName: ballast-tiny-tool\nVersion: 1.0.0\n",
            "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        for name, text in about.items():
            wheel.writestr(f"{info}/{name}", text)
        files = ["tiny/bin/tool", *(f"{info}/{name}" for name in [*about, "RECORD"])]
        wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in files))
    monkeypatch.setenv("BALLAST_CACHE", str(tmp_path / "cache"))
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, str(folder))
    for name in ("PIP_NO_INDEX", "UV_OFFLINE"):
        monkeypatch.setenv(name, "1")
    return folder


def spec(index: Path, sha256: str | None = None, machine: str = platform.machine()) -> Toolchain:
    digest = sha256 or hashlib.sha256((index / NAME).read_bytes()).hexdigest()
    return Toolchain(
        package="ballast-tiny-tool",
        version="1.0.0",
        executable="tiny/bin/tool",
        wheels={machine: digest},
    )


def test_a_toolchain_is_unpacked_and_its_programs_run(index: Path) -> None:
    found = ensure_toolchain("tiny", spec(index))
    assert found.name == "tool"
    assert found.stat().st_mode & 0o100


def test_a_second_call_needs_no_index(index: Path) -> None:
    wanted = spec(index)
    first = ensure_toolchain("tiny", wanted)
    (index / NAME).unlink()
    assert ensure_toolchain("tiny", wanted) == first


def test_a_wheel_of_other_content_is_refused_and_nothing_is_installed(
    index: Path, tmp_path: Path
) -> None:
    with pytest.raises(ToolchainError, match="another hash than"):
        ensure_toolchain("tiny", spec(index, sha256="0" * 64))
    assert not (tmp_path / "cache" / "tools" / "tiny-1.0.0").exists()


def test_an_absent_wheel_is_said_with_a_remedy(index: Path) -> None:
    wanted = spec(index)
    (index / NAME).unlink()
    with pytest.raises(ToolchainError, match="cannot be fetched") as caught:
        ensure_toolchain("tiny", wanted)
    assert "package index" in caught.value.fix


def test_a_machine_without_a_wheel_is_named(index: Path) -> None:
    with pytest.raises(ToolchainError, match="only for pdp11"):
        ensure_toolchain("tiny", spec(index, machine="pdp11"))


def test_where_only_uv_exists_it_is_used(
    index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uv = os.environ.get("UV") or shutil.which("uv")
    uv = uv or next(iter((Path.home() / ".cache/ballast/tools").glob("uv*/bin/uv")), None)
    assert uv, "make test runs under uv"
    monkeypatch.setattr("ballast.supply.toolchain._has_pip", lambda python: False)
    monkeypatch.setenv("UV", str(uv))
    found = ensure_toolchain("tiny", spec(index))
    assert found.stat().st_mode & 0o100


def test_without_pip_and_uv_the_sentence_says_so(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ballast.supply.toolchain._has_pip", lambda python: False)
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent / "nothing"))
    with pytest.raises(ToolchainError, match="neither pip nor uv"):
        ensure_toolchain("tiny", spec(index))
