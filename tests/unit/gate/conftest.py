"""Samples and figures that the unit tests of the gate share."""

from collections.abc import Callable

import pytest

from ballast.gate.samples import Sample

MakeSample = Callable[..., Sample]


@pytest.fixture
def make_sample() -> MakeSample:
    def make(
        sequence: int = 0,
        *,
        at: float | None = None,
        latency: float = 0.02,
        lag: float = 0.0,
        status: int = 200,
        operation: str = "list",
        task_id: str = "",
    ) -> Sample:
        intended = 1000.0 + sequence / 50 if at is None else at
        return Sample(
            sequence=sequence,
            operation=operation,
            user=sequence % 7,
            intended=intended,
            started=intended + lag,
            ended=intended + latency,
            status=status,
            error="",
            key=f"run-{sequence}" if operation == "create" else "",
            task_id=task_id,
        )

    return make
