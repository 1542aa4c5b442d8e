"""What both ledgers of a run found, by class of violation."""

from collections.abc import Mapping
from typing import Any, Final

from ballast.gate.history.findings import Violation
from ballast.gate.history.judge import HISTORY_CHECK
from ballast.gate.ledger import LEDGER_CHECK
from ballast.gate.report.model import Check, LedgerClass, Ledgers
from ballast.kubeapi.shape import sequence

SHOWN: Final = 5


def ledgers_of(ids: Mapping[str, Any], checks: Mapping[str, Check]) -> Ledgers:
    """The figures of both verdicts; `ids` names what the load's ledger found, by class."""
    load, history = checks.get(LEDGER_CHECK), checks.get(HISTORY_CHECK)
    return Ledgers(
        acknowledged=_count(load, "acknowledged"),
        matched=_count(load, "matched"),
        unacknowledged=_count(load, "unacknowledged"),
        writes=_count(history, "writes"),
        reads=_count(history, "reads"),
        unknown=_count(history, "unknown"),
        classes=[
            LedgerClass(
                name=str(violation),
                load=_count(load, str(violation)),
                history=_count(history, str(violation)),
                examples=[str(each) for each in sequence(ids.get(str(violation)))[:SHOWN]],
            )
            for violation in Violation
        ],
    )


def _count(check: Check | None, figure: str) -> int | None:
    found = check.figures.get(figure) if check else None
    return found if isinstance(found, int) else None
