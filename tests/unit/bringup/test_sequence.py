"""Images are made and used while the compiler is still at work on what others need."""

from collections.abc import Iterable
from typing import Any

import pytest

from ballast.bringup import sequence
from ballast.supply.images import app_images, platform_images
from ballast.supply.lock import load_lock

NEEDED = {image.name: set(image.binaries.values()) for image in load_lock().image}


class Compiling:
    """A build that ends with what is waited for, and `after` it with so many more programs."""

    def __init__(self, after: int = 0) -> None:
        self.order = list(load_lock().programs())
        self.after = after
        self.there: set[str] = set()
        self.made: list[set[str]] = []
        self.used: list[set[str]] = []

    def wait(self, names: Iterable[str]) -> None:
        last = max((self.order.index(name) for name in names), default=-1)
        self.there |= set(self.order[: last + 1 + self.after])

    def ready(self, names: Iterable[str]) -> bool:
        return set(names) <= self.there

    def ensure_images(self, names: Iterable[str], **_: Any) -> dict[str, str]:
        self.made.append(set(names))
        assert all(NEEDED[name] <= self.there for name in names), "made before its binaries"
        return dict.fromkeys(names, "built")

    def use(self, made: dict[str, Any]) -> None:
        self.used.append(set(made))


def make(compiling: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(sequence, "ensure_images", compiling.ensure_images)
    return sequence.make_images(compiling, compiling, compiling.use)


@pytest.mark.parametrize("after", [0, 3, 100])
def test_every_image_is_made_and_used_once(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    compiling = Compiling(after)
    assert make(compiling, monkeypatch).keys() == {*platform_images(), *app_images()}
    assert compiling.used == compiling.made
    assert sum(map(len, compiling.used)) == len(platform_images()) + len(app_images())


def test_images_without_binaries_wait_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    compiling = Compiling()
    make(compiling, monkeypatch)
    assert compiling.made[0] == {
        name for name in (*platform_images(), *app_images()) if not NEEDED[name]
    }


def test_when_everything_is_there_all_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiling = Compiling()
    compiling.there = set(compiling.order)
    make(compiling, monkeypatch)
    assert len(compiling.made) == 1
