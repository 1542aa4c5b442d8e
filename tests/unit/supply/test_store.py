"""A binary is trusted by its hash, and hashed again only when the file changed."""

import hashlib
import os
from pathlib import Path

import pytest

from ballast.supply.store import BinaryStore, file_sha256

CONTENT = b"a program"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> BinaryStore:
    return BinaryStore(tmp_path / "bin")


@pytest.fixture
def installed(store: BinaryStore) -> Path:
    draft = store.staging() / "draft"
    draft.write_bytes(CONTENT)
    return store.install("tool", DIGEST, draft)


def test_an_installed_binary_is_found_and_executable(store: BinaryStore, installed: Path) -> None:
    assert store.find("tool", DIGEST) == installed
    assert os.access(installed, os.X_OK)


def test_installing_leaves_nothing_in_staging(store: BinaryStore, installed: Path) -> None:
    assert list(store.staging().iterdir()) == []


def test_an_absent_binary_is_not_found(store: BinaryStore) -> None:
    assert store.find("tool", DIGEST) is None


def test_an_unchanged_binary_is_not_hashed_again(
    store: BinaryStore, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> str:
        raise AssertionError(f"{path} was hashed")

    monkeypatch.setattr("ballast.supply.store.file_sha256", refuse)
    assert store.find("tool", DIGEST) == installed


def test_a_changed_binary_is_not_found(store: BinaryStore, installed: Path) -> None:
    installed.write_bytes(b"another program")
    assert store.find("tool", DIGEST) is None


def test_a_binary_that_was_only_touched_is_found_again(store: BinaryStore, installed: Path) -> None:
    os.utime(installed, (1, 1))
    assert store.find("tool", DIGEST) == installed


def test_verify_sees_a_change_that_keeps_size_and_time(store: BinaryStore, installed: Path) -> None:
    before = installed.stat()
    with installed.open("r+b") as file:
        file.write(b"b")
    os.utime(installed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not store.verify("tool", DIGEST)
    assert store.find("tool", DIGEST) is None


def test_a_broken_stamp_costs_only_a_hash(store: BinaryStore, installed: Path) -> None:
    installed.with_name(".tool.verified").write_text("{")
    assert store.find("tool", DIGEST) == installed


def test_file_sha256_is_that_of_the_content(installed: Path) -> None:
    assert file_sha256(installed) == DIGEST
