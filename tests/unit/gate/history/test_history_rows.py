"""Files of rows survive being cut, and say where they are not rows."""

import pytest

from ballast.errors import BallastError
from ballast.gate.history.rows import RowFile, read_rows, write_rows

COLUMNS = ("name", "number")


def pair(fields: list[str]) -> tuple[str, int]:
    name, number = fields
    return name, int(number)


def read(path) -> list[tuple[str, int]]:
    return list(read_rows(path, COLUMNS, pair, "a pair"))


def test_rows_are_read_as_they_were_appended(tmp_path):
    rows = RowFile(tmp_path / "rows.csv", COLUMNS)
    rows.append(["one, with a comma", 1])
    rows.append(["two", 2])
    rows.close()
    assert read(tmp_path / "rows.csv") == [("one, with a comma", 1), ("two", 2)]


def test_a_row_is_in_the_file_before_the_file_is_closed(tmp_path):
    RowFile(tmp_path / "rows.csv", COLUMNS).append(["one", 1])
    assert read(tmp_path / "rows.csv") == [("one", 1)]


def test_a_file_is_never_written_over(tmp_path):
    RowFile(tmp_path / "rows.csv", COLUMNS)
    with pytest.raises(FileExistsError):
        RowFile(tmp_path / "rows.csv", COLUMNS)


def test_rows_written_at_once_are_read_back(tmp_path):
    write_rows(tmp_path / "rows.csv", COLUMNS, [("one", 1), ("two", 2)])
    assert read(tmp_path / "rows.csv") == [("one", 1), ("two", 2)]


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_last_line_that_is_cut_is_left_out(tmp_path, cut: int):
    path = tmp_path / "rows.csv"
    write_rows(path, COLUMNS, [("one", 1), ("two", 2)])
    path.write_bytes(path.read_bytes()[:-cut])
    assert read(path) == [("one", 1)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1 is not a pair: the header is not name,number"),
        ("number,name\n", ":1 is not a pair: the header is not name,number"),
        ("name,number\none,1\ntwo\n", ":3 is not a pair"),
        ("name,number\none,x\ntwo,2\n", ":2 is not a pair"),
        ('name,number\n"one,1\ntwo,2\n', "is not a pair"),
    ],
)
def test_anything_else_that_is_no_row_is_named_by_its_line(tmp_path, text: str, said: str):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(BallastError, match=said):
        read(path)


def test_bytes_that_are_no_text_are_an_error(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"name,number\n\xff\xfe,1\n")
    with pytest.raises(BallastError, match="is not a pair"):
        read(path)
