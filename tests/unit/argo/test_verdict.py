"""One reading of an Application, with the readings that look finished and are not."""

import pytest

from ballast.argo.verdict import judge

from .shapes import NEW, OLD, application

RENDER_ERROR = {"type": "ComparisonError", "message": "failed to\n  render: no such value"}


def test_synced_healthy_and_looked_at_again_is_done() -> None:
    assert judge(application(), NEW).done


def test_a_commit_that_changed_nothing_for_it_needs_no_operation() -> None:
    assert judge(application(operation_at=OLD), NEW).done


def test_without_a_revision_the_newest_counts() -> None:
    assert judge(application(at=OLD, operation_at=OLD), None).done


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (None, "is not there yet"),
        (application(at=OLD), "has seen aaaaaaaaaaaa, not bbbbbbbbbbbb"),
        (application(running=True), "is syncing"),
        (application(phase="Running", message="waiting for Job"), "is syncing: waiting for Job"),
        (application(sync="OutOfSync"), "is OutOfSync"),
        (application(health="Progressing"), "is Progressing"),
        (application(health="Degraded"), "is Degraded"),
        (
            application(reconciled="2026-01-01T00:00:08Z"),
            "has not been looked at since its sync",
        ),
    ],
)
def test_a_reading_that_is_not_finished_waits(
    reading: dict[str, object] | None, reason: str
) -> None:
    verdict = judge(reading, NEW)

    assert (verdict.done, verdict.failed) == (False, False)
    assert verdict.reason.startswith(reason)


def test_a_failed_render_fails_although_the_last_operation_on_show_succeeded() -> None:
    verdict = judge(application(sync="Unknown", operation_at=OLD, conditions=[RENDER_ERROR]), NEW)

    assert verdict.failed
    assert verdict.reason == "ComparisonError: failed to render: no such value"


def test_an_error_at_an_older_revision_is_told_but_does_not_fail_the_new_one() -> None:
    verdict = judge(application(at=OLD, conditions=[RENDER_ERROR]), NEW)

    assert not verdict.failed
    assert verdict.reason.endswith("ComparisonError: failed to render: no such value")


def test_a_failed_operation_fails_with_its_message() -> None:
    verdict = judge(application(phase="Failed", sync="OutOfSync", message="one task failed"), NEW)

    assert verdict.failed
    assert verdict.reason == "sync failed: one task failed"


def test_the_failure_of_an_older_operation_does_not_fail_the_new_revision() -> None:
    verdict = judge(application(phase="Failed", sync="OutOfSync", operation_at=OLD), NEW)

    assert not verdict.failed
    assert verdict.reason == "is OutOfSync"


def test_a_refused_operation_without_a_result_is_known_by_what_it_was_asked() -> None:
    reading = application(phase="Error", sync="OutOfSync", message="project refuses Secret")
    state = reading["status"]["operationState"]
    del state["syncResult"]
    state["operation"] = {"sync": {"revision": NEW}}

    assert judge(reading, NEW).failed
