"""Where sign-offs wait for the promotion that they are for."""

import pytest

from ballast.errors import BallastError
from ballast.gate.sign_off_cli import clear, given_for, inbox


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path / "home"))
    for target, role in (("prod", "tech-lead"), ("staging", "backend-lead")):
        inbox(target).mkdir(parents=True)
        (inbox(target) / f"{role}.sign-off.json").write_text(f"{role} for {target}")


def test_a_promotion_finds_what_was_given_here_for_its_target():
    assert list(given_for("prod").values()) == ["tech-lead for prod"]
    assert list(given_for("dev").values()) == []


def test_a_file_from_another_machine_is_taken_too(tmp_path):
    (tmp_path / "mailed.json").write_text("from afar")
    found = given_for("prod", [tmp_path / "mailed.json"])
    assert list(found.values()) == ["tech-lead for prod", "from afar"]


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BallastError, match="no sign-off can be read from") as refusal:
        given_for("prod", [tmp_path / "absent.json"])
    assert "ballast sign-off prod" in refusal.value.fix


def test_a_sign_off_serves_one_promotion():
    clear("prod")
    assert given_for("prod") == {}
    assert given_for("staging") != {}
