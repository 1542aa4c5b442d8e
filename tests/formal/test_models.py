"""The models of the scheduler keep their invariants, and their mutants do not."""

import re
from pathlib import Path

import pytest
from model_checker import FORMAL, MUTANTS, explore, first_violated, properties

DOCUMENT = Path(__file__).parents[2] / "docs" / "formal.md"

# Which actions cannot happen within the bounds of a configuration: all others have to. Of the two
# large ones that is not counted, because it takes time.
IDLE = {
    "Generation": None,
    "GenerationLiveness": None,
    "Edits": {"UpdateZoneData", "Crash", "Restart", "LoseLease"},
    "Zones": {"Edit", "GiveUp"},
    "Reminders": {"MoveTask"},
    "DueDates": set[str](),
}
_MUTANT = re.compile(r"^\\\* (?P<base>\w+): (?P<changes>.+); violates (?P<property>\w+)$", re.M)


def _module(configuration: str) -> str:
    return "Reminders" if configuration in {"Reminders", "DueDates"} else "Generation"


def _documented() -> dict[str, int]:
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\d,]+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    return {name: int(states.replace(",", "")) for name, states in rows}


def _mutated(base: str, changes: str, violates: str) -> str:
    """The configuration of a mutant: `Name <- Other` replaces a definition, `Name = v` a bound."""
    text = (FORMAL / f"{base}.cfg").read_text().partition("PROPERTIES")[0]
    lines = ["CONSTANTS"]
    for change in changes.split(", "):
        name = change.split()[0]
        text, known = re.subn(rf"^  {name} = .*$", f"  {change}", text, flags=re.MULTILINE)
        if not known:
            lines.append(f"  {change}")
    if violates not in text:
        lines += ["PROPERTIES", f"  {violates}"]
    return "\n".join((text, *lines, ""))


def test_every_configuration_is_documented_and_checked() -> None:
    assert {path.stem for path in FORMAL.glob("*.cfg")} == set(IDLE) == set(_documented())


# A walk takes some 10 s; on a busy machine it may take ten times as long.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", sorted(IDLE))
def test_the_model_keeps_its_invariants(name: str, tmp_path: Path) -> None:
    text = (FORMAL / f"{name}.cfg").read_text()
    verdict = explore(_module(name), text, tmp_path, large=IDLE[name] is None)
    assert verdict.violated is None
    assert verdict.distinct_states == _documented()[name]
    assert verdict.idle_actions == (IDLE[name] or set())


@pytest.mark.parametrize("mutant", sorted(path.stem for path in MUTANTS.glob("*.tla")))
def test_the_mutant_breaks_the_property_it_names(mutant: str, tmp_path: Path) -> None:
    stated = _MUTANT.search((MUTANTS / f"{mutant}.tla").read_text())
    assert stated is not None
    configuration = _mutated(stated["base"], stated["changes"], stated["property"])
    assert first_violated(mutant, configuration, tmp_path) == stated["property"]


def test_every_property_has_a_mutant_that_breaks_it() -> None:
    broken = {_MUTANT.findall(path.read_text())[0][2] for path in MUTANTS.glob("*.tla")}
    stated: set[str] = set()
    for name in IDLE:
        text = (FORMAL / f"{name}.cfg").read_text()
        stated |= set(text.partition("INVARIANTS")[2].partition("PROPERTIES")[0].split())
        stated |= set(properties(text))
    assert broken == stated
