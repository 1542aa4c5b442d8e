"""Hashes are written into the lock, and every other line stays as it is."""

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.supply.hashes import Built, rewrite_lock
from ballast.supply.lock import load_lock, lock_path

TEXT = """# a comment
[[binary]]
component = "one"   # kept
[[binary.program]]
name = "tool"
sha256 = "old"
package = "cmd/tool"
[[binary.program]]
name = "other"
package = "cmd/other"

[[image]]
name = "tool"
sha256 = "of the image"
"""


def test_a_hash_replaces_the_former_one() -> None:
    text = rewrite_lock(TEXT, {"tool": Built("new", 7)})
    assert tomllib.loads(text)["binary"][0]["program"][0] == {
        "name": "tool",
        "sha256": "new",
        "size": 7,
        "package": "cmd/tool",
    }


def test_a_missing_hash_is_added() -> None:
    text = rewrite_lock(TEXT, {"other": Built("new", 7)})
    assert tomllib.loads(text)["binary"][0]["program"][1]["sha256"] == "new"


def test_an_image_of_the_same_name_is_left_alone() -> None:
    text = rewrite_lock(TEXT, {"tool": Built("new", 7)})
    assert tomllib.loads(text)["image"][0]["sha256"] == "of the image"


def test_without_new_hashes_nothing_changes() -> None:
    assert rewrite_lock(TEXT, {}) == TEXT


@settings(max_examples=10)
@given(st.sets(st.sampled_from(sorted(load_lock().programs()))), st.integers(1, 10**9))
def test_only_the_named_programs_of_the_real_lock_change(names: set[str], size: int) -> None:
    before = lock_path().read_text()
    after = rewrite_lock(before, {name: Built("f" * 64, size) for name in names})
    assert rewrite_lock(after, {name: Built("f" * 64, size) for name in names}) == after
    found, former = tomllib.loads(after), tomllib.loads(before)
    for component, was in zip(found.pop("binary"), former.pop("binary"), strict=True):
        for program, old in zip(component["program"], was["program"], strict=True):
            changed = {"sha256": "f" * 64, "size": size}
            assert program == (old | changed if program["name"] in names else old)
    assert found == former
