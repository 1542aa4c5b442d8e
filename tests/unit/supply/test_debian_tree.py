from pathlib import Path

import pytest
from debs import hardlink, make_deb, member, symlink

from ballast.supply.debian import Deb
from ballast.supply.debian_tree import DebianTreeError, tree, unpack
from ballast.supply.entry import Entry, Kind
from ballast.supply.image_spec import DebianSet


def entries(tmp_path: Path, *members: object, **options: object) -> dict[str, Entry]:
    deb = make_deb(tmp_path / "x.deb", *members)  # type: ignore[arg-type]
    chosen = DebianSet(packages=("x",), **options)  # type: ignore[arg-type]
    found = tree([Deb("x", "1", "0" * 64, deb)], chosen, tmp_path / "spool")
    return {entry.path: entry for entry in found}


def content(entry: Entry) -> bytes:
    assert entry.content is not None
    with entry.content.open() as stream:
        return stream.read(entry.content.size)


def test_contents_come_from_the_right_place_of_the_spool(tmp_path: Path) -> None:
    found = entries(tmp_path, member("./usr/a", b"first"), member("./usr/b", b"second"))

    assert [content(found[path]) for path in ("usr/a", "usr/b")] == [b"first", b"second"]


def test_documentation_goes_but_copyright_stays(tmp_path: Path) -> None:
    found = entries(
        tmp_path,
        member("./usr/share/doc/x/changelog.gz"),
        member("./usr/share/doc/x/copyright"),
        member("./usr/share/man/man1/x.1.gz"),
    )

    assert list(found) == ["usr/share/doc/x/copyright"]


def test_set_user_id_is_dropped(tmp_path: Path) -> None:
    found = entries(tmp_path, member("./bin/su", b"x", mode=0o4755, uid=7))

    assert (found["usr/bin/su"].mode, found["usr/bin/su"].uid) == (0o755, 0)


def test_a_hard_link_becomes_a_file_with_the_same_content(tmp_path: Path) -> None:
    found = entries(tmp_path, member("./bin/a", b"x"), hardlink("./bin/b", "./bin/a"))

    assert content(found["usr/bin/b"]) == b"x"


def test_a_hard_link_to_a_file_left_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DebianTreeError, match="hard link"):
        entries(
            tmp_path,
            member("./bin/a", b"x"),
            hardlink("./bin/b", "./bin/a"),
            without=("usr/bin/a",),
        )


def test_only_keeps_nothing_else(tmp_path: Path) -> None:
    found = entries(tmp_path, member("./usr/a"), member("./usr/b"), only=("usr/b",))

    assert list(found) == ["usr/b"]


def test_aliases_lie_beside_their_program(tmp_path: Path) -> None:
    found = entries(tmp_path, member("./bin/box"), aliases={"/usr/bin/box": ("sh",)})

    assert found["usr/bin/sh"].target == "box"


def test_unpacked_links_stay_inside_the_tree(tmp_path: Path) -> None:
    found = entries(tmp_path, member("./bin/kmod", b"k"), symlink("./sbin/modprobe", "/bin/kmod"))
    unpack(found.values(), tmp_path / "root")

    assert (tmp_path / "root/usr/sbin/modprobe").resolve() == tmp_path / "root/usr/bin/kmod"


def test_device_nodes_are_left_out(tmp_path: Path) -> None:
    found = entries(tmp_path, member("./dev/null", type=b"3"), member("./usr/a"))

    assert [entry.kind for entry in found.values()] == [Kind.FILE]
