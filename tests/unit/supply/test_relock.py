from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import pytest
from pydantic import ValidationError

from ballast.supply.apt import Apt
from ballast.supply.image_spec import DebianSet, DebianSpec
from ballast.supply.relock import closures

NEEDS = {"git": ["git", "libc", "perl"], "base": ["libc"], "tool": ["tool", "libc", "git"]}


@dataclass
class Resolver:
    def closure(self, packages: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for package in packages for name in NEEDS[package])


def resolved(**sets: DebianSet) -> dict[str, tuple[str, ...]]:
    spec = DebianSpec(release="bookworm", never=("perl",), set=sets)
    return closures(spec, cast("Apt", Resolver()))


def test_a_set_repeats_nothing_of_those_below() -> None:
    found = resolved(
        base=DebianSet(packages=("base",)),
        git=DebianSet(packages=("git",), over=("base",)),
        tool=DebianSet(packages=("tool",), over=("base", "git")),
    )

    assert found == {"base": ("libc",), "git": ("git",), "tool": ("tool",)}


def test_what_is_never_needed_or_left_out_is_not_locked() -> None:
    assert resolved(git=DebianSet(packages=("git",), omit=("libc",))) == {"git": ("git",)}


def test_an_exact_set_takes_only_what_it_names() -> None:
    assert resolved(git=DebianSet(packages=("git",), exact=True)) == {"git": ("git",)}


def test_a_set_over_an_undeclared_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="lies over 'base', which is not declared"):
        DebianSpec(release="bookworm", set={"git": DebianSet(packages=("git",), over=("base",))})


def test_a_closure_with_an_unlocked_package_names_the_remedy() -> None:
    with pytest.raises(ValidationError, match="ballast supply relock"):
        DebianSpec(release="bookworm", closure={"git": ("git",)})
