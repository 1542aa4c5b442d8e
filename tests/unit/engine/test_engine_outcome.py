"""Reading what the engine did."""

import json
from pathlib import Path
from typing import Any

from ballast.engine.outcome import Outcome, failure, read_outcome


def log(folder: Path, *events: Any, tail: str = "") -> Path:
    path = folder / "events"
    path.write_text("".join(json.dumps(event) + "\n" for event in events) + tail)
    return path


def summary(**changes: int) -> dict[str, Any]:
    return {"summaryEvent": {"resourceChanges": changes, "durationSeconds": 3}}


def test_changes_are_counted(tmp_path: Path) -> None:
    outcome = read_outcome(log(tmp_path, summary(create=2, same=3)))
    assert outcome.changed
    assert outcome.summary == "2 create, 3 same"


def test_only_the_same_is_no_change(tmp_path: Path) -> None:
    assert not read_outcome(log(tmp_path, summary(same=3))).changed


def test_errors_name_their_resource(tmp_path: Path) -> None:
    urn = "urn:pulumi:embedded::ballast::a:b:C$kubernetes:core/v1:ConfigMap::settings"
    event = {"diagnosticEvent": {"severity": "error", "urn": urn, "message": "refused\n"}}
    outcome = read_outcome(log(tmp_path, event, event))
    assert outcome.errors == ("kubernetes:core/v1:ConfigMap settings: refused",)
    assert "settings: refused" in str(failure("up", "embedded", outcome, "noise"))


def test_a_log_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    assert read_outcome(log(tmp_path, summary(same=1), tail='{"summ')).counts == {"same": 1}


def test_without_any_reason_the_output_is_shown() -> None:
    assert "no stack named x" in str(failure("up", "x", Outcome(), "error: no stack named x"))
