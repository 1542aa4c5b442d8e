"""Files of effects and tallies are what services showed, or an error that names the line."""

import pytest
from history_model import world

from ballast.errors import BallastError
from ballast.gate.history.effects import (
    read_effects,
    read_tallies,
    write_effects,
    write_tallies,
)


def test_effects_are_read_as_they_were_written(tmp_path):
    effects = [each._replace(at=round(each.at, 6)) for each in world(7).effects]
    write_effects(tmp_path / "effects.csv", effects)
    assert list(read_effects(tmp_path / "effects.csv")) == effects


def test_tallies_are_read_as_they_were_written(tmp_path):
    write_tallies(tmp_path / "tallies.csv", world(7).tallies)
    assert list(read_tallies(tmp_path / "tallies.csv")) == world(7).tallies


def test_an_effect_that_is_being_written_is_left_out(tmp_path):
    path = tmp_path / "effects.csv"
    write_effects(path, world(7).effects)
    count = len(list(read_effects(path)))
    path.write_bytes(path.read_bytes()[:-3])
    assert len(list(read_effects(path))) == count - 1


@pytest.mark.parametrize(
    "line",
    ["tasks,e1,create,t1,k1,u1,1", "tasks,e1,make,t1,k1,u1,1,2", "tasks,e1,create,t1,k1,u1,one,2",
     "tasks,e1,create,t1,k1,u1,1,nan", "tasks,e1,create,t1,k1,u1,1,-1"],
)  # fmt: skip
def test_a_line_that_is_no_effect_is_named(tmp_path, line: str):
    path = tmp_path / "effects.csv"
    path.write_text(f"service,id,kind,task,key,user,sequence,at\n{line}\n")
    with pytest.raises(BallastError, match=r"effects\.csv:2 is not an effect"):
        list(read_effects(path))


@pytest.mark.parametrize("line", ["analytics,u1,create", "analytics,u1,create,-1"])
def test_a_line_that_is_no_tally_is_named(tmp_path, line: str):
    path = tmp_path / "tallies.csv"
    path.write_text(f"service,user,kind,number\n{line}\n")
    with pytest.raises(BallastError, match=r"tallies\.csv:2 is not a tally"):
        list(read_tallies(path))
