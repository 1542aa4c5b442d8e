"""A Deployment is through when only ready pods of its newest template are left."""

import pytest

from ballast.argo.rollout import rolling

from .shapes import deployment


def test_a_finished_rollout_has_nothing_to_say() -> None:
    assert rolling(deployment()) == ""


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (deployment(observed=2), "its newest template has not been seen yet"),
        (deployment(updated=1), "1 of 2 pods are new"),
        (deployment(replicas=3), "old pods are still there"),
        (deployment(available=1), "1 of 2 pods are ready"),
    ],
)
def test_an_unfinished_rollout_says_what_is_missing(found: dict[str, object], reason: str) -> None:
    assert rolling(found) == reason


def test_a_deployment_scaled_to_nothing_is_through() -> None:
    assert rolling(deployment(wanted=0, replicas=0, updated=0, available=0)) == ""
