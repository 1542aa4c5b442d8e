import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ballast.supply.cli import app
from ballast.supply.exclusive import exclusive
from ballast.supply.image_spec import ImageSpec
from ballast.supply.images import ImageSupply
from ballast.supply.lock import Lock, load_lock
from ballast.supply.progress import Silent
from ballast.supply.prune import prune


def image(name: str, **links: str) -> ImageSpec:
    return ImageSpec(
        name=name,
        reference=f"docker.io/library/{name}:1.0",
        title=name,
        content={"/pause": "pause.sh"},
        links={f"/{link}": target for link, target in links.items()},
        user="7:8",
        entrypoint=("/pause",),
    )


def put(path: Path, content: str = "x" * 5000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def all_files(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if path.is_file() and not path.name.endswith("lock")}


@pytest.fixture
def locked() -> Lock:
    return load_lock()


def test_what_the_lock_names_stays(tmp_path: Path, locked: Lock) -> None:
    _, program = next(iter(locked.programs().values()))
    package = next(iter(locked.debian.package.values())) if locked.debian else None
    jar = next(iter(next(iter(locked.maven.closure.values())).values())) if locked.maven else ""
    assert package
    put(tmp_path / "bin" / str(program.sha256) / program.name)
    put(tmp_path / "bin" / "timings.json")
    put(tmp_path / "tools" / f"go-{locked.toolchain['go'].version}" / "go/bin/go")
    put(tmp_path / "tools" / "uv" / "bin" / "uv")
    put(tmp_path / "images" / locked.image[0].name / "recipe.json")
    put(tmp_path / "debian" / "debs" / f"{package.sha256}.deb")
    put(tmp_path / "maven" / "files" / jar / "some.jar")
    put(tmp_path / "go" / "build" / "00" / "compiled")
    before = all_files(tmp_path)

    assert prune(locked, tmp_path, Silent()) == []

    assert all_files(tmp_path) == before


def test_what_the_lock_no_longer_names_goes(tmp_path: Path, locked: Lock) -> None:
    old = [
        put(tmp_path / "bin" / ("0" * 64) / "kubelet"),
        put(tmp_path / "tools" / "go-1.0.0" / "go/bin/go"),
        put(tmp_path / "images" / "retired" / "recipe.json"),
        put(tmp_path / "layers" / f"{'1' * 64}.tar"),
        put(tmp_path / "debian" / "debs" / f"{'2' * 64}.deb"),
        put(tmp_path / "maven" / "files" / ("3" * 64) / "some.jar"),
    ]

    gone = prune(locked, tmp_path, Silent())

    assert not any(path.exists() for path in old)
    assert [one.kind for one in gone] == [
        "binary", "toolchain", "image", "layer", "Debian package", "Java archive",
    ]  # fmt: skip
    assert all(one.size >= 5000 for one in gone)


def test_a_dry_run_names_the_same_and_removes_nothing(tmp_path: Path, locked: Lock) -> None:
    old = put(tmp_path / "bin" / ("0" * 64) / "kubelet")

    found = prune(locked, tmp_path, Silent(), dry_run=True)

    assert old.exists()
    assert found == prune(locked, tmp_path, Silent())


def test_a_layer_stays_as_long_as_an_image_has_it(tmp_path: Path) -> None:
    two = Lock(toolchain={}, image=(image("one"), image("two", more="/pause")))
    built = ImageSupply(two, root=tmp_path).ensure(["one", "two"])
    only_one = Lock(toolchain={}, image=(two.image[0],))

    prune(only_one, tmp_path, Silent())

    assert ImageSupply(only_one, root=tmp_path).ensure(["one"])["one"] == built["one"]
    shutil.rmtree(tmp_path / "images" / "one")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "layers").glob("*.tar")}
    ImageSupply(only_one, root=tmp_path).ensure(["one"])
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "layers").glob("*.tar")} == before
    assert not built["two"].archive.exists()


def test_a_package_that_stands_in_for_a_locked_one_stays(tmp_path: Path, locked: Lock) -> None:
    assert locked.debian
    name, package = next(iter(locked.debian.package.items()))
    newer = put(tmp_path / "debian" / "debs" / f"{'4' * 64}.deb")
    put(tmp_path / "debian" / "moved" / f"{name}_{package.sha256}", f"1.0 {'4' * 64}\n")

    prune(locked, tmp_path, Silent())

    assert newer.exists()


def test_a_program_that_runs_stays(tmp_path: Path, locked: Lock) -> None:
    program = tmp_path / "bin" / ("0" * 64) / "sleep"
    program.parent.mkdir(parents=True)
    shutil.copy2(os.path.realpath(shutil.which("sleep") or ""), program)
    process = subprocess.Popen([program, "60"])
    try:
        assert prune(locked, tmp_path, Silent()) == []
        assert program.exists()
    finally:
        process.kill()
        process.wait()


def test_the_compiler_s_own_goes_only_when_asked_for(tmp_path: Path, locked: Lock) -> None:
    compiled = put(tmp_path / "go" / "build" / "00" / "compiled")
    unpacked = put(tmp_path / "go" / "mod" / "k8s.io" / "api@v0.34.10" / "doc.go")
    unpacked.parent.chmod(0o555)  # as go leaves it
    download = put(tmp_path / "go" / "mod" / "cache" / "download" / "k8s.io" / "api.zip")
    prune(locked, tmp_path, Silent())
    assert compiled.exists()

    prune(locked, tmp_path, Silent(), compiler=True)

    assert not compiled.exists()
    assert not unpacked.exists()
    assert download.exists()


def test_it_waits_for_a_build_that_goes_on(tmp_path: Path, locked: Lock) -> None:
    old = put(tmp_path / "bin" / ("0" * 64) / "kubelet")
    with exclusive(tmp_path / "bin" / ".lock", lambda _: None):
        waiting = threading.Thread(target=prune, args=(locked, tmp_path, Silent()))
        waiting.start()
        waiting.join(0.5)
        assert old.exists()

    waiting.join(60)
    assert not old.exists()


def test_the_command_says_what_was_freed_and_what_else_could_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BALLAST_CACHE", str(tmp_path))
    put(tmp_path / "bin" / ("0" * 64) / "kubelet", "x" * 20_000_000)
    put(tmp_path / "go" / "build" / "00" / "compiled")

    said = CliRunner().invoke(app, ["prune"])

    assert said.exit_code == 0, said.output
    assert "Freed 0.02 GB" in said.output
    assert "prune --compiler" in said.output
