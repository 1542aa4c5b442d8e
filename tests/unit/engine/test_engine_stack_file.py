"""The private copy of a stack's configuration."""

from pathlib import Path

import yaml

from ballast.engine.stack_file import refresh_copy, remember_local


def test_the_tracked_file_wins_and_the_salt_stays(tmp_path: Path) -> None:
    tracked, private = tmp_path / "Pulumi.a.yaml", tmp_path / "private.yaml"
    tracked.write_text("config:\n  ballast:kind: embedded\n")
    private.write_text("encryptionsalt: v1:x\nconfig:\n  ballast:kind: old\n  ballast:gone: 1\n")
    refresh_copy(tracked, private)
    assert yaml.safe_load(private.read_text()) == {
        "encryptionsalt": "v1:x",
        "config": {"ballast:kind": "embedded"},
    }
    assert tracked.read_text() == "config:\n  ballast:kind: embedded\n"


def test_locally_set_keys_survive(tmp_path: Path) -> None:
    tracked, private = tmp_path / "Pulumi.a.yaml", tmp_path / "private.yaml"
    private.write_text("config:\n  ballast:token: {secure: x}\n")
    remember_local(private, "ballast:token")
    refresh_copy(tracked, private)
    assert yaml.safe_load(private.read_text())["config"] == {"ballast:token": {"secure": "x"}}


def test_only_this_user_can_read_it(tmp_path: Path) -> None:
    tracked, private = tmp_path / "Pulumi.a.yaml", tmp_path / "private.yaml"
    tracked.write_text("config: {a:b: c}\n")
    assert refresh_copy(tracked, private).stat().st_mode & 0o777 == 0o600
