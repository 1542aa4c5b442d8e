"""Trace and correlation ids: taken over when they are valid, made when they are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_shared.telemetry.context import (
    WorkContext,
    accept,
    current,
    handling_event,
    valid_traceparent,
    working_in,
)

GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_valid_trace_is_passed_on_unchanged() -> None:
    context = accept(GOOD, "vendor=1", "request-1")
    assert context.headers() == {
        "traceparent": GOOD,
        "tracestate": "vendor=1",
        "x-correlation-id": "request-1",
    }


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        GOOD + "-extra",
    ],
)
def test_a_bad_trace_is_replaced_by_a_new_one(bad: str) -> None:
    context = accept(bad, "vendor=1", "")
    assert valid_traceparent(context.traceparent)
    assert context.tracestate == ""


@given(st.text())
def test_whatever_is_sent_the_ids_that_go_on_are_safe(text: str) -> None:
    context = accept(text, text, text)
    assert valid_traceparent(context.traceparent)
    assert context.correlation_id.isascii()
    assert "\n" not in context.correlation_id


def test_an_event_brings_its_own_trace() -> None:
    with handling_event("e1", GOOD, "request-1") as context:
        assert current() is context
        assert (context.trace_id, context.event_id) == (GOOD[3:35], "e1")
    assert current() == WorkContext()


def test_an_event_without_a_trace_keeps_that_of_the_call() -> None:
    with working_in(WorkContext(traceparent=GOOD)), handling_event("e1", "", "") as context:
        assert context.traceparent == GOOD


def test_the_vendors_values_of_another_trace_do_not_go_on_with_an_event() -> None:
    other = GOOD.replace("0af7", "1bf7")
    with working_in(WorkContext(traceparent=GOOD, tracestate="vendor=1")):
        with handling_event("e1", other, "") as context:
            assert context.tracestate == ""
        with handling_event("e1", GOOD, "") as context:
            assert context.tracestate == "vendor=1"
