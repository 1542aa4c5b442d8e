from pathlib import Path

import pytest
from debs import make_deb, member

from ballast.errors import BallastError
from ballast.supply.deb import data_members


@pytest.mark.parametrize("data_name", ["data.tar.xz", "data.tar"])
def test_files_of_a_package_are_read(tmp_path: Path, data_name: str) -> None:
    deb = make_deb(tmp_path / "x.deb", member("./usr/bin/x", b"hello"), data_name=data_name)

    with data_members(deb) as archive:
        found = {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]

    assert found == {"./usr/bin/x": b"hello"}


def test_another_packing_is_named_in_the_error(tmp_path: Path) -> None:
    deb = make_deb(tmp_path / "x.deb", member("./a"), data_name="data.tar.zst")

    with pytest.raises(BallastError, match=r"data\.tar\.zst") as refused, data_members(deb):
        pass

    assert "bookworm" in refused.value.fix


def test_a_file_that_is_no_package_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.deb"
    path.write_bytes(b"<html>not found</html>")

    with pytest.raises(BallastError, match="no Debian package"), data_members(path):
        pass


def test_a_cut_off_package_is_called_damaged(tmp_path: Path) -> None:
    deb = make_deb(tmp_path / "x.deb", member("./usr/bin/x", bytes(range(256)) * 400))
    deb.write_bytes(deb.read_bytes()[:-60])

    with pytest.raises(BallastError, match="damaged"), data_members(deb) as archive:
        for found in archive:
            stream = archive.extractfile(found)
            assert stream is not None
            stream.read()
