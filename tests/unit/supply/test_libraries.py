import tarfile
from pathlib import Path

from ballast.supply.elf import linkage
from ballast.supply.libraries import missing_libraries


def test_libraries_of_a_program_are_read() -> None:
    with Path("/bin/ls").open("rb") as program:
        found = linkage(program)

    assert found is not None
    assert "libc.so.6" in found.needed


def test_a_script_has_no_linkage(tmp_path: Path) -> None:
    script = tmp_path / "x"
    script.write_text("#!/bin/sh\n")

    with script.open("rb") as stream:
        assert linkage(stream) is None


def test_a_library_of_another_layer_counts(tmp_path: Path) -> None:
    program, libraries = tmp_path / "program.tar", tmp_path / "libraries.tar"
    with tarfile.open(program, "w") as archive:
        archive.add("/bin/true", arcname="usr/bin/true")
    with tarfile.open(libraries, "w") as archive:
        archive.addfile(tarfile.TarInfo("usr/lib/x86_64-linux-gnu/libc.so.6"))

    assert missing_libraries([program]) == {"usr/bin/true": ["libc.so.6"]}
    assert missing_libraries([program, libraries]) == {}
