from pathlib import Path

from ballast.supply.folder import COMPILED, folder_digest, folder_entries


def sources(root: Path) -> Path:
    (root / "pkg" / "__pycache__").mkdir(parents=True)
    (root / "pkg" / "a.py").write_text("A = 1\n")
    (root / "pkg" / "__pycache__" / "a.pyc").write_bytes(b"x")
    (root / "run").write_text("#!/bin/sh\n")
    (root / "run").chmod(0o775)
    return root


def test_entries_lie_under_the_prefix_without_compiled_files(tmp_path: Path) -> None:
    found = {e.path: e.mode for e in folder_entries(sources(tmp_path), "/app/x", COMPILED)}

    assert found == {
        "app/x": 0o755,
        "app/x/pkg": 0o755,
        "app/x/pkg/a.py": 0o644,
        "app/x/run": 0o755,
    }


def test_the_digest_follows_content_and_not_time(tmp_path: Path) -> None:
    root = sources(tmp_path)
    before = folder_digest(root, COMPILED)
    (root / "pkg" / "a.py").touch()
    (root / "pkg" / "__pycache__" / "b.pyc").write_bytes(b"y")
    assert folder_digest(root, COMPILED) == before

    (root / "pkg" / "a.py").write_text("A = 2\n")
    assert folder_digest(root, COMPILED) != before
