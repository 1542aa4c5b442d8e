from pathlib import Path

import pytest

from ballast.supply import maven
from ballast.supply.maven import Coordinate, MavenError, ensure_jars


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("org.example:lib:1.2", "lib-1.2.jar"),
        ("org.example:app:3:tar.gz:all", "app-3-all.tar.gz"),
    ],
)
def test_a_coordinate_reads_and_writes_back(text: str, file: str) -> None:
    assert str(Coordinate.parse(text)) == text
    assert Coordinate.parse(text).file == file


def test_half_a_coordinate_is_explained() -> None:
    with pytest.raises(MavenError, match="no Maven coordinate") as refused:
        Coordinate.parse("org.example:lib")

    assert "group:artifact:version" in refused.value.fix


def test_another_digest_than_the_locked_one_installs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(_coordinate: Coordinate, scratch: Path) -> Path:
        (scratch / "lib.jar").write_bytes(b"not what was locked")
        return scratch / "lib.jar"

    monkeypatch.setattr(maven, "_download", download)

    with pytest.raises(MavenError, match=r"org\.example:lib:1 has SHA-256 .* not used"):
        ensure_jars({"org.example:lib:1": "0" * 64}, lambda _text: None, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_jar_that_is_here_is_not_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "files" / ("a" * 64) / "lib-1.jar"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")

    (jar,) = ensure_jars({"org.example:lib:1": "a" * 64}, lambda _text: None, tmp_path)

    assert jar.path == path
