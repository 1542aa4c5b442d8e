from pathlib import Path

import pytest

from ballast.supply.apt import Apt, AptError
from ballast.supply.apt_sources import debian_stanzas, source_files

DEBIAN = """# made at installation
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates trixie
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://vendor.example/apt
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/vendor.gpg
"""


def machine(folder: Path, **files: str) -> Path:
    (folder / "sources.list.d").mkdir()
    for name, text in files.items():
        (folder / "sources.list.d" / name.replace("_", ".")).write_text(text)
    return folder


def test_only_what_debian_signs_is_taken(tmp_path: Path) -> None:
    stanzas = debian_stanzas(source_files(machine(tmp_path, a_sources=DEBIAN)), "bookworm")

    assert [line for line in stanzas[0].splitlines() if line.startswith(("URIs", "Suites"))] == [
        "URIs: http://mirror.example/debian",
        "Suites: bookworm bookworm-updates",
    ]
    assert len(stanzas) == 1


def test_the_old_form_is_checked_against_debians_keyring(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "deb [arch=amd64] http://mirror.example/debian bookworm main # here\n"
        "deb-src http://mirror.example/debian bookworm main\n"
        "deb [signed-by=/k/vendor.gpg] http://vendor.example bookworm main\n"
    )

    stanzas = debian_stanzas(source_files(tmp_path), "bookworm")

    assert len(stanzas) == 1
    assert "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" in stanzas[0]


def test_a_disabled_source_is_not_used(tmp_path: Path) -> None:
    text = DEBIAN.replace("Types: deb\nURIs: http://m", "Enabled: no\nTypes: deb\nURIs: http://m")

    assert debian_stanzas(source_files(machine(tmp_path, a_sources=text)), "bookworm") == []


def test_a_machine_without_debian_sources_is_told_so(tmp_path: Path) -> None:
    apt = Apt(tmp_path / "state", "bookworm", machine=machine(tmp_path))

    with pytest.raises(AptError, match="names no bookworm source") as refused:
        apt.prepare()

    assert "sources.list" in refused.value.fix
