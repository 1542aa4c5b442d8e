"""The forms of a report beside the record: whole, of every end, made again from the folder."""

import json

import pytest
from simulated_run import simulate

from ballast.errors import BallastError
from ballast.gate.report.write import (
    FILES,
    Format,
    reported,
    write_decision,
    write_interrupted,
    write_report,
)
from ballast.gate.run_folder import RunFolder, clean_interrupted


def test_every_form_lies_beside_the_record(passed):
    kept = {path.name for path in passed.path.iterdir()}
    assert {*FILES.values(), "record.dsse.json"} <= kept
    assert not any(name.endswith(".partial") for name in kept)


@pytest.mark.parametrize("form", Format)
def test_a_report_made_again_is_the_same(passed, form):
    before = (passed.path / FILES[form]).read_text()
    assert write_report(passed)[form] == before == (passed.path / FILES[form]).read_text()


def test_a_run_that_breaks_has_its_report_and_its_error_goes_on(tmp_path):
    folder = simulate(tmp_path, stops_at=30.0, fails=BallastError("the load broke"))
    assert "the load broke" in (folder.path / FILES[Format.MARKDOWN]).read_text()
    with pytest.raises(BallastError, match="again"), reported(folder):
        raise BallastError("again")


def test_a_killed_run_gets_its_report_from_the_next(tmp_path):
    folder = simulate(tmp_path, stops_at=30.0)
    for name in FILES.values():
        (folder.path / name).unlink()
    folder.write("state.json", {"state": "running", "children": []})
    for name in clean_interrupted(tmp_path):
        write_interrupted(name, tmp_path)
    assert "its process was killed" in (folder.path / FILES[Format.HTML]).read_text()


def test_a_killed_run_without_a_plan_does_not_hinder_the_next(tmp_path):
    folder = RunFolder.create(tmp_path)
    folder.write("state.json", {"state": "interrupted"})
    write_interrupted(folder.name, tmp_path)
    assert not (folder.path / FILES[Format.HTML]).exists()


def test_a_decision_is_in_every_form(tmp_path):
    folder = simulate(tmp_path)
    write_decision(folder, "staging", allow=False, reasons=["staging is frozen"])
    for name in FILES.values():
        assert "staging is frozen" in (folder.path / name).read_text()
    assert json.loads((folder.path / FILES[Format.JSON]).read_text())["headline"] == "REFUSED"


def test_a_decision_on_a_folder_without_a_plan_is_kept_all_the_same(tmp_path):
    folder = RunFolder.create(tmp_path)
    write_decision(folder, "staging", allow=False, reasons=["no"])
    assert folder.read("decision.json")["reasons"] == ["no"]
