"""A log line is one JSON object that names its service, trace, request and event."""

import json
import logging

import pytest

from todo_shared.settings import DatabaseSettings, ServiceSettings
from todo_shared.telemetry.context import handling_event
from todo_shared.telemetry.logs import JsonFormatter, configure_logging

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _line(**extra: object) -> dict[str, object]:
    record = logging.makeLogRecord({"msg": "hello %s", "args": ("you",), "name": "n", **extra})
    return json.loads(JsonFormatter("task-service", "dev").format(record))


def test_a_line_carries_the_ids_of_its_work() -> None:
    with handling_event("e1", TRACE, "request-1"):
        line = _line(levelname="INFO", user="x")
    assert line["service"] == "task-service"
    assert line["environment"] == "dev"
    assert line["message"] == "hello you"
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert (line["correlation_id"], line["event_id"]) == ("request-1", "e1")
    assert line["user"] == "x"
    assert str(line["time"]).endswith("Z")


def test_what_is_not_known_is_left_out() -> None:
    assert "trace_id" not in _line()


def test_an_exception_stays_in_its_line() -> None:
    with pytest.raises(ValueError) as caught:
        int("broken")
    line = _line(exc_info=(caught.type, caught.value, caught.tb))
    assert "ValueError: invalid literal" in str(line["exception"])


def test_the_process_logs_json_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure_logging("task-service", "dev", "INFO")
        logging.getLogger("x").info("started")
        assert json.loads(capsys.readouterr().out)["message"] == "started"
    finally:
        root.handlers[:], level = before
        root.setLevel(level)


def test_settings_show_no_secret_when_printed() -> None:
    shown = repr(DatabaseSettings(database_url="postgresql://u:hunter2@h/d"))
    shown += repr(ServiceSettings(sidecar_url="http://x", sidecar_token="hunter2"))
    assert "hunter2" not in shown
