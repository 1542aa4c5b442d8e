"""Putting the stand-ins in place."""

import subprocess
from pathlib import Path

import pytest

from ballast.airgap import install


@pytest.fixture(autouse=True)
def bare_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


def test_both_stand_ins_are_installed(tmp_path: Path) -> None:
    assert install.status(tmp_path) == install.PluginStatus("absent", "absent")
    install.install(tmp_path)
    assert install.status(tmp_path) == install.PluginStatus("offline stand-in", "offline stand-in")


def test_installing_twice_writes_nothing_the_second_time(tmp_path: Path) -> None:
    install.install(tmp_path)
    launcher = install.provider_folder(tmp_path) / install.PROVIDER
    before = launcher.stat().st_mtime_ns
    install.install(tmp_path)
    assert launcher.stat().st_mtime_ns == before


def test_an_official_plugin_is_left_alone(tmp_path: Path) -> None:
    official = install.provider_folder(tmp_path) / install.PROVIDER
    official.parent.mkdir(parents=True)
    official.write_bytes(b"\x7fELF")
    install.install(tmp_path)
    assert official.read_bytes() == b"\x7fELF"
    assert install.status(tmp_path).provider == "official"


def test_a_stand_in_goes_when_an_official_plugin_is_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install.install(tmp_path / "home")
    official = tmp_path / "bin" / install.PROVIDER
    official.parent.mkdir()
    official.write_bytes(b"\x7fELF")
    monkeypatch.setenv("PATH", str(official.parent))
    install.install(tmp_path / "home")
    assert not (install.provider_folder(tmp_path / "home") / install.PROVIDER).exists()
    assert install.status(tmp_path / "home").provider == "official"


def test_a_plugin_ends_when_its_engine_was_killed(tmp_path: Path) -> None:
    install.install(tmp_path)
    launcher = install.provider_folder(tmp_path) / install.PROVIDER
    engine = subprocess.Popen(["sh", "-c", f"{launcher} & wait"], stdout=subprocess.PIPE, text=True)
    with engine:
        assert engine.stdout is not None
        assert engine.stdout.readline().strip().isdigit()
        engine.kill()
        assert engine.stdout.read() == ""  # ends only when the plugin has closed its side


def test_a_launcher_starts_and_prints_a_port(tmp_path: Path) -> None:
    install.install(tmp_path)
    launchers = (
        install.provider_folder(tmp_path) / install.PROVIDER,
        install.language_host_folder(tmp_path) / install.LANGUAGE_HOST,
    )
    for launcher in launchers:
        with subprocess.Popen([launcher], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            process.terminate()
        assert port.isdigit()
