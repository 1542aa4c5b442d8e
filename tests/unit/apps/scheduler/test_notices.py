"""Notices of the database are read as they are written."""

import logging
from datetime import UTC, datetime
from uuid import UUID

import pytest

from scheduler.models.reminder import Armed
from scheduler.notices import read_notice
from todo_shared.ids import uuid7


class Heard:
    """What was told."""

    def __init__(self) -> None:
        self.told: list[Armed | UUID] = []

    def armed(self, reminder: Armed) -> None:
        self.told.append(reminder)

    def canceled(self, reminder_id: UUID) -> None:
        self.told.append(reminder_id)


def test_a_reminder_that_was_stored() -> None:
    heard, reminder_id = Heard(), uuid7()
    moment = datetime(2026, 3, 1, 12, 0, 0, 250, tzinfo=UTC)
    read_notice(f"{reminder_id} 63 {int(moment.timestamp() * 1e6)}", heard)
    assert heard.told == [Armed(reminder_id, 63, moment)]


def test_a_reminder_that_was_canceled() -> None:
    heard, reminder_id = Heard(), uuid7()
    read_notice(str(reminder_id), heard)
    assert heard.told == [reminder_id]


def test_anything_else_is_logged_and_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    heard = Heard()
    with caplog.at_level(logging.ERROR):
        read_notice("a b c d", heard)
    assert heard.told == []
    assert "not readable" in caplog.text
