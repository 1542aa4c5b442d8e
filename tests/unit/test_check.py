"""`make test` works on a fresh machine: what its tests start is there before they do."""

import re

from ballast.check import PROGRAMS
from ballast.paths import repository_root
from ballast.supply.lock import load_lock


def test_every_program_that_a_test_asks_for_is_built_before_the_tests() -> None:
    asked: set[str] = set()
    for path in (repository_root() / "tests" / "integration").rglob("*.py"):
        for call in re.findall(r"ensure_binaries\(([\[(][^])]*)", path.read_text()):
            asked |= set(re.findall(r'"([a-z-]+)"', call))
    assert asked
    assert asked <= set(PROGRAMS)


def test_every_such_program_is_locked() -> None:
    assert set(PROGRAMS) <= load_lock().programs().keys()
