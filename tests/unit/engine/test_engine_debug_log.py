"""Keeping the engine's debug log off."""

from pathlib import Path

import pytest

from ballast.engine.debug_log import keep_log_off


def test_a_log_folder_can_no_longer_be_made(tmp_path: Path) -> None:
    keep_log_off(tmp_path)
    keep_log_off(tmp_path)
    with pytest.raises(FileExistsError):
        (tmp_path / "logs").mkdir()


def test_a_log_folder_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    keep_log_off(tmp_path)
    assert (tmp_path / "logs").is_dir()
