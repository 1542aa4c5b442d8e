"""No decision of the gate is idle: each small change of its code fails one of its tests."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
pytestmark = pytest.mark.timeout(1200)
NO_EQUALS = "two effects of a source never have one place"
ANY_OF_EQUALS = "of equal sequence numbers any may be named"
CONTINUOUS = "bounds from a continuous distribution never equal an objective exactly"
# What cannot be seen from outside, by module and changed line, and why.
EQUIVALENT = {
    "judge": {"if upper <= allowed:": CONTINUOUS, "elif lower > allowed:": CONTINUOUS},
    "binomial": {
        "while upper_bound(bad, high, confidence) > allowed:": CONTINUOUS,
        "if upper_bound(bad, middle, confidence) > allowed:": CONTINUOUS,
        "low, high = bad, bad or 1": "where a search begins does not change what it finds",
    },
    "history.matching": {
        "if not self.counts[number] or position < self.positions[number]:": NO_EQUALS
    },
    "history.ordering": {
        "if last is None or next_ended.position > last.position:": NO_EQUALS,
        "if highest is None or next_ended.sequence > highest.sequence:": ANY_OF_EQUALS,
    },
    "noninferiority": {
        "if upper < margin:": CONTINUOUS,
        "elif lower > margin or (pairs == rule.look_after_pairs[-1] and lower > 0):": CONTINUOUS,
    },
}


DECIDING = [
    "judge",
    "ledger",
    "binomial",
    "samples",
    "chaos_verdict",
    "noninferiority",
    "regression",
    "custody",
    "roles",
    "sign_off",
    "history.matching",
    "history.ordering",
    "history.sessions",
    "history.check",
    "history.judge",
]


@pytest.mark.parametrize("name", DECIDING)
def test_every_mutant_is_caught(name: str) -> None:
    folder = name.rpartition(".")[0]
    mutation = HERE / "mutation.py"
    tests = HERE / folder / f"test_{name.replace('.', '_')}.py"
    command = [sys.executable, str(mutation), f"ballast.gate.{name}", str(tests)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert re.search(r"^\d+ of \d+ mutants were caught$", ran.stdout, re.MULTILINE), ran.stdout
    survivors = re.findall(r"^SURVIVED (.*) \| .* -> ", ran.stdout, re.MULTILINE)
    assert [each for each in survivors if each not in EQUIVALENT.get(name, {})] == [], ran.stdout
