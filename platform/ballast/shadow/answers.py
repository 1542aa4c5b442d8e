"""What became of the copies, as the gateway counted it."""

from typing import Final

from ballast.gate.budget import Metrics

OUTCOMES: Final = ("same", "different", "failed", "dropped")


def counted(metrics: Metrics, namespace: str) -> dict[str, int]:
    """Copies by outcome since the gateway started, which it did when its shadow was opened.

    Raises NoAnswerError when Prometheus cannot be asked.
    """
    return {outcome: _number(metrics, namespace, outcome) for outcome in OUTCOMES}


def _number(metrics: Metrics, namespace: str, outcome: str) -> int:
    labels = f'namespace="{namespace}",outcome="{outcome}"'
    return round(sum(metrics.query(f"sum(shadowed_requests_total{{{labels}}})")))
