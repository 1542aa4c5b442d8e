"""A binary cache may be absent, broken or lying: only the hash of what it gave counts."""

import hashlib
from pathlib import Path
from typing import Protocol

import pytest

from ballast.supply.binary_cache import BinaryCacheError, FolderCache, HttpCache, configured_cache

CONTENT = b"a program"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Web(Protocol):
    address: str
    folder: Path


def test_an_object_is_downloaded(web: Web, tmp_path: Path) -> None:
    (web.folder / DIGEST).write_bytes(CONTENT)
    assert HttpCache(web.address).fetch(DIGEST, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == CONTENT


def test_an_object_that_is_not_served_is_a_miss(web: Web, tmp_path: Path) -> None:
    assert not HttpCache(web.address).fetch(DIGEST, tmp_path / "got")


def test_a_corrupted_object_is_refused_and_removed(web: Web, tmp_path: Path) -> None:
    (web.folder / DIGEST).write_bytes(b"something else")
    with pytest.raises(BinaryCacheError, match="not the one it is named by: refused"):
        HttpCache(web.address).fetch(DIGEST, tmp_path / "got")
    assert not (tmp_path / "got").exists()


def test_a_server_that_does_not_answer_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(BinaryCacheError) as caught:
        HttpCache("http://127.0.0.1:9").fetch(DIGEST, tmp_path / "got")
    assert "BALLAST_BINARY_CACHE" in caught.value.fix


def test_a_folder_gives_what_was_pushed(tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(CONTENT)
    cache = FolderCache(tmp_path / "objects")
    assert cache.push(DIGEST, tmp_path / "tool")
    assert cache.fetch(DIGEST, tmp_path / "got")


def test_pushing_twice_adds_once(tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(CONTENT)
    cache = FolderCache(tmp_path / "objects")
    cache.push(DIGEST, tmp_path / "tool")
    assert not cache.push(DIGEST, tmp_path / "tool")
    assert [p.name for p in (tmp_path / "objects").iterdir()] == [DIGEST]


def test_a_corrupted_object_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / DIGEST).write_bytes(b"something else")
    with pytest.raises(BinaryCacheError, match="refused"):
        FolderCache(tmp_path).fetch(DIGEST, tmp_path / "got")


def test_pushing_over_a_corrupted_object_mends_it(tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(CONTENT)
    cache = FolderCache(tmp_path / "objects")
    cache.push(DIGEST, tmp_path / "tool")
    (tmp_path / "objects" / DIGEST).write_bytes(b"something else")
    assert cache.push(DIGEST, tmp_path / "tool")


@pytest.mark.parametrize(
    ("value", "kind"),
    [("", type(None)), ("/srv/bin", FolderCache), ("https://cache.test/bin", HttpCache)],
)
def test_the_environment_names_the_cache(
    value: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BALLAST_BINARY_CACHE", value)
    assert isinstance(configured_cache(), kind)
