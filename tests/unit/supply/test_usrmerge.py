import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.supply.usrmerge import MERGED, canonical, canonical_target

names = st.text("abclib64sn.-", min_size=1, max_size=6).filter(lambda n: n not in (".", ".."))
paths = st.lists(st.one_of(st.sampled_from(MERGED), names), min_size=1, max_size=5).map("/".join)


@pytest.mark.parametrize(
    ("given_path", "expected"),
    [
        ("./bin/sh", "usr/bin/sh"),
        ("/lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2"),
        ("./usr/bin/git", "usr/bin/git"),
        ("./etc/passwd", "etc/passwd"),
        ("./libexec/x", "libexec/x"),
        ("./lib", "usr/lib"),
        ("./", ""),
    ],
)
def test_a_path_gets_its_one_name(given_path: str, expected: str) -> None:
    assert canonical(given_path) == expected


def test_a_path_that_climbs_is_refused() -> None:
    with pytest.raises(ValueError, match="climbs"):
        canonical("./usr/../../etc/passwd")


@given(paths)
def test_canonical_names_are_final(path: str) -> None:
    assert canonical(canonical(path)) == canonical(path)


@given(paths)
def test_no_canonical_name_starts_in_a_merged_folder(path: str) -> None:
    assert canonical(path).split("/")[0] not in MERGED


@given(paths, paths)
def test_a_relative_link_reaches_the_same_file_after_the_move(link: str, target: str) -> None:
    written = posixpath.relpath("/" + target, "/" + posixpath.dirname(link))

    moved = canonical_target(link, written)

    folder = "/" + posixpath.dirname(canonical(link))
    reached = posixpath.normpath(posixpath.join(folder, moved)).lstrip("/")
    assert canonical(reached) == canonical(target)


def test_an_absolute_link_stays_as_written() -> None:
    assert canonical_target("lib/x.so", "/lib/y.so") == "/lib/y.so"
