"""What the command line accepts."""

import pytest

from todo_shared.dead_letters.arguments import arguments
from todo_shared.dead_letters.command import main


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["forget"],
        ["show"],
        ["replay"],
        ["replay", "--all", "--topic", "task.created"],
        ["replay", "e-1", "--all"],
        ["list", "--topic", "task.reminder"],
        ["list", "--limit", "many"],
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_wrong_usage(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments(given)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_help_tells_what_dead_letters_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments(["--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert "<topic>.dlq" in told
    assert "topic/partition/offset" in told


def test_a_wrong_environment_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KAFKA_BROKERS", raising=False)
    assert main(["list"]) == 1
    assert capsys.readouterr().err == (
        "error: the environment is not usable: KAFKA_BROKERS: Field required\n"
    )
