"""Keeping the engine's debug log off."""

from pathlib import Path

import pytest

from ballast.engine.debug_log import keep_log_off


def test_a_log_folder_can_no_longer_be_made(tmp_path: Path) -> None:
    keep_log_off(tmp_path)
    keep_log_off(tmp_path)
    with pytest.raises(FileExistsError):
        (tmp_path / "logs").mkdir()


def test_logs_from_before_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "one.log").write_text("much")
    keep_log_off(tmp_path)
    assert (tmp_path / "logs").is_file()
