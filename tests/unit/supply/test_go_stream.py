"""A long go command is heard, logged, stopped and explained; here `go` is a script of ours."""

import threading
from pathlib import Path

import pytest

from ballast.supply.go_failure import GoBuildError
from ballast.supply.go_tool import BuildCancelledError, GoTool


def tool(folder: Path, script: str) -> GoTool:
    """A toolchain whose go command is a shell script; `go env` answers nothing."""
    go = folder / "root" / "bin" / "go"
    go.parent.mkdir(parents=True)
    go.write_text(f'#!/bin/sh\n[ "$1" = env ] && exit 0\n{script}\n')
    go.chmod(0o755)
    return GoTool(folder / "root", folder / "cache", {"PATH": "/usr/bin:/bin"})


def run(go: GoTool, folder: Path, cancelled: threading.Event | None = None) -> list[str]:
    heard: list[str] = []
    go.stream(
        "tiny v1",
        ["build"],
        folder,
        log=folder / "log" / "tiny.log",
        heard=heard.append,
        cancelled=cancelled or threading.Event(),
    )
    return heard


def test_every_line_is_heard_and_logged(tmp_path: Path) -> None:
    heard = run(tool(tmp_path, "echo one; echo two >&2"), tmp_path)
    assert heard == ["one", "two"]
    assert (tmp_path / "log" / "tiny.log").read_text() == "one\ntwo\n"


def test_a_failure_names_the_log(tmp_path: Path) -> None:
    with pytest.raises(GoBuildError, match=r"a\.go:1:2: undefined: X") as caught:
        run(tool(tmp_path, "echo m/pkg; echo 'a.go:1:2: undefined: X'; exit 1"), tmp_path)
    assert caught.value.log == tmp_path / "log" / "tiny.log"


def test_an_end_from_outside_is_told_apart_from_a_compile_error(tmp_path: Path) -> None:
    with pytest.raises(GoBuildError, match="was ended by SIGKILL from outside"):
        run(tool(tmp_path, "kill -9 $$"), tmp_path)


def test_cancelling_ends_the_children_too(tmp_path: Path) -> None:
    stop = threading.Event()
    script = f"sleep 600 & echo $! > {tmp_path}/child; echo started; wait"

    def when_started(line: str) -> None:
        if line == "started":
            stop.set()

    with pytest.raises(BuildCancelledError):
        tool(tmp_path, script).stream(
            "tiny v1",
            ["build"],
            tmp_path,
            log=tmp_path / "tiny.log",
            heard=when_started,
            cancelled=stop,
        )
    child = int((tmp_path / "child").read_text())
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"
