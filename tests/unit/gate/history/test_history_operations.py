"""A history file is what the client did, or an error that names the line."""

import pytest
from history_model import world
from history_rows import operation

from ballast.errors import BallastError
from ballast.gate.history.operations import (
    COLUMNS,
    History,
    HistoryFile,
    Kind,
    Operation,
    Result,
    read_history,
)

HEADER = ",".join(COLUMNS)
GOOD = "u1,k1,create,t1,1.000000,2.000000,acknowledged,1,"


def written(path, operations: list[Operation], *, due: int | None = 2) -> History:
    file = HistoryFile(path)
    for each in operations:
        file.append(each)
    if due is not None:
        file.end(due)
    return read_history(path)


def test_operations_are_read_as_they_were_written(tmp_path):
    operations = world(7, 200).operations
    assert written(tmp_path / "history.csv", operations) == History(operations, 2)


def test_a_file_is_readable_by_hand(tmp_path):
    listed = operation("k2", Kind.LIST, "", version=0, seen={"t1": 3, "t2": 1}, more=True)
    written(tmp_path / "history.csv", [operation("k1"), listed])
    assert (tmp_path / "history.csv").read_text().splitlines() == [
        "user,key,kind,task,invoked,completed,result,version,seen",
        "u1,k1,create,t1,100.000000,101.000000,acknowledged,1,",
        "u1,k2,list,,100.000000,101.000000,acknowledged,,t1=3 t2=1 +",
        "end,2",
    ]


def test_an_empty_list_is_a_whole_list(tmp_path):
    listed = operation("k1", Kind.LIST, "", version=0)
    assert written(tmp_path / "history.csv", [listed]).operations == [listed]


def test_a_client_that_was_killed_has_no_end(tmp_path):
    history = written(tmp_path / "history.csv", [operation("k1")], due=None)
    assert history == History([operation("k1")], None)


def test_an_operation_that_is_being_written_is_left_out(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text(f"{HEADER}\n{GOOD}\n{GOOD[:-12]}")
    assert read_history(path).operations == [
        Operation("u1", "k1", Kind.CREATE, "t1", 1.0, 2.0, Result.ACKNOWLEDGED, 1)
    ]


@pytest.mark.parametrize(
    "line",
    [
        "u1,k1,create,t1,1,2,acknowledged",
        "u1,k1,create,t1,1,2,acknowledged,1,,",
        "u1,k1,make,t1,1,2,acknowledged,1,",
        "u1,k1,create,t1,1,2,perhaps,1,",
        "u1,k1,create,t1,soon,2,acknowledged,1,",
        "u1,k1,create,t1,3,2,acknowledged,1,",
        "u1,k1,create,t1,nan,2,acknowledged,1,",
        "u1,k1,create,t1,1,inf,acknowledged,1,",
        "u1,k1,create,t1,-1,2,acknowledged,1,",
        "u1,k1,create,t1,1,2,acknowledged,0,",
        "u1,k1,create,t1,1,2,acknowledged,one,",
        ",k1,create,t1,1,2,acknowledged,1,",
        "u1,,create,t1,1,2,acknowledged,1,",
        "u1,k1,create,,1,2,acknowledged,1,",
        "u1,k1,list,,1,2,acknowledged,,t1",
        "u1,k1,list,,1,2,acknowledged,,t1=0",
        "u1,k1,list,,1,2,acknowledged,,+ t1=1",
        "end",
        "end,soon",
        "",
    ],
)
def test_a_line_that_is_no_operation_is_named(tmp_path, line: str):
    path = tmp_path / "history.csv"
    path.write_text(f"{HEADER}\n{GOOD}\n{line}\n{GOOD}\n")
    with pytest.raises(BallastError, match=r"history\.csv:3 is not an operation"):
        read_history(path)


@pytest.mark.parametrize("after", [GOOD, "end,1"])
def test_nothing_follows_the_end(tmp_path, after: str):
    path = tmp_path / "history.csv"
    path.write_text(f"{HEADER}\nend,0\n{after}\n")
    with pytest.raises(BallastError, match="goes on after its end"):
        read_history(path)


def test_an_operation_without_an_answer_needs_no_task(tmp_path):
    unsure = operation("k1", task="", result=Result.UNKNOWN, version=0)
    assert written(tmp_path / "history.csv", [unsure]).operations == [unsure]
