"""Reports of runs that really were judged; each is made once."""

from pathlib import Path

import pytest
from simulated_run import simulate

from ballast.gate.report.model import Report
from ballast.gate.report.reading import read_report
from ballast.gate.run_folder import RunFolder


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def passed(runs: Path) -> RunFolder:
    """A run in which everything held."""
    return simulate(runs)


@pytest.fixture(scope="session")
def failed(runs: Path) -> RunFolder:
    """A run of a release that is slower, loses events and is late with others."""
    return simulate(runs, slower=1.6, lost=3, late=1)


@pytest.fixture(scope="session")
def vacuous(runs: Path) -> RunFolder:
    """A run whose fault was not injected, of the first release that the target ever gets."""
    return simulate(runs, injected=False, compared=False)


@pytest.fixture(scope="session")
def interrupted(runs: Path) -> RunFolder:
    """A run that was stopped under load."""
    return simulate(runs, stops_at=60.0)


@pytest.fixture(scope="session")
def report(passed: RunFolder) -> Report:
    return read_report(passed)
