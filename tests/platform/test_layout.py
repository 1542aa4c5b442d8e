"""Guards of the folder `platform/`, whose name is also a module of the standard library."""

import subprocess
import sys

from ballast.paths import repository_root

PLATFORM = repository_root() / "platform"


def test_platform_is_no_package() -> None:
    assert not (PLATFORM / "__init__.py").exists()


def test_no_file_beside_the_program_shadows_the_standard_library() -> None:
    names = {path.stem for path in PLATFORM.glob("*.py")} - {"__main__"}
    assert not names & sys.stdlib_module_names
    assert names == set()


def test_the_standard_module_is_found_from_the_root() -> None:
    code = "import platform, uuid; print(platform.system())"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=repository_root(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "Linux"


def test_the_program_is_thin() -> None:
    lines = (PLATFORM / "__main__.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 30


def test_pulumi_runs_the_folder_and_not_the_file() -> None:
    assert "main: platform/\n" in (repository_root() / "Pulumi.yaml").read_text()
