"""A binary comes from the store, a cache or the compiler, and is never installed when wrong."""

import errno
import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest

from ballast.supply.background import BackgroundBuild
from ballast.supply.binary_cache import FolderCache, HttpCache
from ballast.supply.build import BinaryError, BinarySupply
from ballast.supply.compile import Compiler
from ballast.supply.disk import DiskFullError
from ballast.supply.go_failure import GoBuildError
from ballast.supply.go_spec import Component
from ballast.supply.go_tool import BuildCancelledError
from ballast.supply.lock import Lock, load_lock
from ballast.supply.progress import Silent

CONTENT = b"a program"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Heard(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.outcomes: list[tuple[str, str]] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def finish(self, task: str, outcome: str, seconds: float) -> None:
        self.outcomes.append((task, outcome))


def supply(tiny: Any, sha256: str | None, proxy: str | None = None, **more: Any) -> BinarySupply:
    host = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GOPROXY": proxy or tiny.proxy}
    return BinarySupply(tiny.lock(sha256), host=host, **more)


def test_a_binary_is_taken_from_a_folder(tiny: Any, own_cache: Path, tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(CONTENT)
    FolderCache(tmp_path / "objects").push(DIGEST, tmp_path / "tool")
    heard = Heard()
    found = supply(tiny, DIGEST, cache=FolderCache(tmp_path / "objects"), progress=heard).ensure(
        ["hello"]
    )
    assert found["hello"].read_bytes() == CONTENT
    assert heard.outcomes == [("hello", "fetched")]


def test_a_binary_is_taken_from_a_web_server(tiny: Any, own_cache: Path, web: Any) -> None:
    (web.folder / DIGEST).write_bytes(CONTENT)
    found = supply(tiny, DIGEST, cache=HttpCache(web.address)).ensure(["hello"])
    assert found["hello"].read_bytes() == CONTENT


def test_a_second_run_does_not_ask_the_cache(tiny: Any, own_cache: Path, web: Any) -> None:
    (web.folder / DIGEST).write_bytes(CONTENT)
    first = supply(tiny, DIGEST, cache=HttpCache(web.address)).ensure(["hello"])
    assert supply(tiny, DIGEST, cache=HttpCache("http://127.0.0.1:9")).ensure(["hello"]) == first


def test_a_corrupted_object_is_refused_and_the_build_is_tried(
    tiny: Any, own_cache: Path, web: Any
) -> None:
    (web.folder / DIGEST).write_bytes(b"something else")
    heard = Heard()
    with pytest.raises(GoBuildError):
        supply(tiny, DIGEST, "off", cache=HttpCache(web.address), progress=heard).ensure(["hello"])
    assert "refused" in heard.notes[0] and "building it instead" in heard.notes[0]
    assert not list((own_cache / "bin").glob("*/hello"))


def test_a_program_without_a_hash_is_not_built(tiny: Any, own_cache: Path) -> None:
    with pytest.raises(BinaryError) as caught:
        supply(tiny, None).ensure(["hello"])
    assert caught.value.fix == "ballast supply lock tiny"


def test_without_network_the_sentence_says_so(tiny: Any, own_cache: Path) -> None:
    with pytest.raises(GoBuildError, match=r"cannot be reached"):
        supply(tiny, DIGEST, "off").ensure(["hello"])


def test_a_missing_module_zip_is_named(tiny: Any, own_cache: Path) -> None:
    tiny.archive.unlink()
    with pytest.raises(GoBuildError, match=r"example.test/tiny@v1.2.3"):
        supply(tiny, DIGEST).ensure(["hello"])


def test_a_full_disk_is_said_before_anything_is_built(
    tiny: Any, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1 << 20

    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    with pytest.raises(DiskFullError, match="1 MiB free") as caught:
        supply(tiny, DIGEST).ensure(["hello"])
    assert "BALLAST_CACHE" in caught.value.fix


def test_a_disk_that_fills_up_meanwhile_is_said_too(tiny: Any, own_cache: Path) -> None:
    class Full:
        def fetch(self, sha256: str, target: Path) -> bool:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFullError, match="making binaries: the disk of"):
        supply(tiny, DIGEST, cache=Full()).ensure(["hello"])


def test_a_failed_background_build_is_told_to_who_waits(tiny: Any, own_cache: Path) -> None:
    build = BackgroundBuild(supply(tiny, DIGEST, "off"), ["hello"])
    with build, pytest.raises(GoBuildError):
        build.wait(["hello"])


def test_a_background_build_hands_over_what_is_ready(tiny: Any, own_cache: Path, web: Any) -> None:
    (web.folder / DIGEST).write_bytes(CONTENT)
    with BackgroundBuild(supply(tiny, DIGEST, cache=HttpCache(web.address)), ["hello"]) as build:
        assert build.wait()["hello"].read_bytes() == CONTENT


def test_a_cancelled_build_stops_and_installs_nothing(tiny: Any, own_cache: Path) -> None:
    tiny.trust(own_cache / "go")
    stop = threading.Event()
    stop.set()
    with pytest.raises(BuildCancelledError):
        supply(tiny, DIGEST, cancelled=stop).ensure(["hello"])
    assert not list((own_cache / "bin").glob("*/hello"))


def two_components() -> Lock:
    def component(name: str) -> dict[str, Any]:
        program = {
            "name": name,
            "package": name,
            "sha256": hashlib.sha256(name.encode()).hexdigest(),
        }
        return {"component": name, "module": f"example.test/{name}", "version": "v1.0.0",
                "program": [program]}  # fmt: skip

    toolchain = load_lock().model_dump()["toolchain"]
    return Lock.model_validate(
        {"toolchain": toolchain, "binary": [component("first"), component("second")]}
    )


def write_each(self: Compiler, component: Component, *rest: Any) -> dict[str, Path]:
    staging = rest[2]
    (staging / component.component).write_text(component.component)
    return {component.component: staging / component.component}


def test_modules_are_fetched_while_another_component_compiles(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_is_prepared = threading.Event()

    def prepare(self: Compiler, component: Component) -> Path:
        if component.component == "second":
            second_is_prepared.set()
        return own_cache

    def compile_late(self: Compiler, component: Component, *rest: Any) -> dict[str, Path]:
        assert second_is_prepared.wait(60), "nothing was prepared beside the compiler"
        return write_each(self, component, *rest)

    monkeypatch.setattr(Compiler, "prepare", prepare)
    monkeypatch.setattr(Compiler, "compile", compile_late)

    assert BinarySupply(two_components(), cache=None).ensure(["first", "second"])


def test_what_was_compiled_before_a_module_that_is_not_to_be_had_stays(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(self: Compiler, component: Component) -> Path:
        if component.component == "second":
            raise GoBuildError("second v1.0.0: no such module")
        return own_cache

    monkeypatch.setattr(Compiler, "prepare", prepare)
    monkeypatch.setattr(Compiler, "compile", write_each)
    binaries = BinarySupply(two_components(), cache=None)

    with pytest.raises(GoBuildError, match="no such module"):
        binaries.ensure(["first", "second"])

    assert binaries.ensure(["first"])["first"].read_text() == "first"
