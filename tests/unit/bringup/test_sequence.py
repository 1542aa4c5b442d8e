"""Images are made while the compiler is still at work on what others need."""

from collections.abc import Collection
from typing import Any

import pytest

from ballast.bringup import sequence
from ballast.supply.images import app_images, platform_images
from ballast.supply.lock import load_lock


class Compiling:
    """A build that hears what is waited for, and says what was made until then."""

    def __init__(self) -> None:
        self.events: list[tuple[str, set[str]]] = []

    def wait(self, names: Collection[str]) -> None:
        self.events.append(("wait", set(names)))

    def ensure_images(self, names: Collection[str], **_: Any) -> dict[str, str]:
        self.events.append(("make", set(names)))
        return dict.fromkeys(names, "built")


@pytest.fixture
def compiling(monkeypatch: pytest.MonkeyPatch) -> Compiling:
    compiling = Compiling()
    monkeypatch.setattr(sequence, "ensure_images", compiling.ensure_images)
    return compiling


def make(compiling: Any) -> dict[str, Any]:
    return sequence.make_images(compiling, compiling)


def test_every_image_of_node_platform_and_services_is_made(compiling: Compiling) -> None:
    assert make(compiling).keys() == {*platform_images(), *app_images()}


def test_an_image_without_binaries_waits_for_none(compiling: Compiling) -> None:
    make(compiling)
    (waited, first), (_, made) = compiling.events[:2]
    assert (waited, first) == ("wait", set())
    assert {"postgres", "kafka", "pause"} <= made


def test_no_image_is_made_before_its_binaries_are_there(compiling: Compiling) -> None:
    make(compiling)
    needed = {image.name: set(image.binaries.values()) for image in load_lock().image}
    there: set[str] = set()
    for event, names in compiling.events:
        if event == "wait":
            there |= names
        else:
            assert all(needed[name] <= there for name in names)


def test_what_is_compiled_last_is_waited_for_last(compiling: Compiling) -> None:
    make(compiling)
    order = list(load_lock().programs())
    waits = [names for event, names in compiling.events if event == "wait" and names]
    places = [max(order.index(name) for name in names) for names in waits]
    assert places == sorted(places)
