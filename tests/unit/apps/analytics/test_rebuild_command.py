"""What the command line of a rebuild takes and says."""

import pytest

from analytics.models.comparison import TableComparison
from analytics.rebuild.command import main


@pytest.mark.parametrize("given", [["--dry-run", "--discard"], ["now"], ["--d"]])
def test_what_it_does_not_know_it_refuses(given: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2


def test_a_database_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    assert main(["--discard"]) == 1
    assert "DATABASE_URL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("numbers", "alike"),
    [((9, 0, 0, 0), True), ((9, 1, 0, 0), False), ((9, 0, 1, 0), False), ((9, 0, 0, 1), False)],
)
def test_tables_are_alike_when_no_row_tells_them_apart(
    numbers: tuple[int, int, int, int], alike: bool
) -> None:
    assert TableComparison("tasks", *numbers).alike == alike
