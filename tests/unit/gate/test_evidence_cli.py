"""`ballast gate report`: every form of a run's report, and what to do where there is none."""

import json
from xml.etree import ElementTree

import pytest
from simulated_run import simulate
from typer.testing import CliRunner

from ballast.errors import BallastError
from ballast.gate.cli import app
from ballast.gate.run_folder import RunFolder, runs_dir


@pytest.fixture
def home(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path))


def printed(*arguments: str) -> str:
    ran = CliRunner().invoke(app, ["report", *arguments], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_the_newest_run_is_told_as_markdown(home):
    folder = simulate(runs_dir(), stops_at=20.0)
    assert printed().startswith(f"## ⚠️ INTERRUPTED: gate run {folder.name}, dev to staging\n")


def test_each_form_is_printed_as_it_lies_in_the_folder(home):
    folder = simulate(runs_dir(), stops_at=20.0)
    assert json.loads(printed(folder.name, "--format", "json"))["run"] == folder.name
    assert ElementTree.fromstring(printed("--format", "junit")).tag == "testsuites"
    assert printed("--format", "html") == (folder.path / "report.html").read_text()


def test_a_run_that_is_not_there_is_a_sentence(home):
    with pytest.raises(BallastError, match="no gate run 2026"):
        printed("2026")


def test_a_run_without_a_plan_says_that_nothing_can_be_reported(home):
    RunFolder.create(runs_dir()).write("state.json", {"state": "interrupted"})
    with pytest.raises(BallastError, match="ended before it had a plan"):
        printed()


def test_the_help_shows_what_to_do_with_each_form():
    said = CliRunner().invoke(app, ["report", "--help"]).stdout
    for form in ("html", "junit", "json", "markdown"):
        assert form in said
    assert "ballast gate report --format junit > gate.xml" in " ".join(said.split())
