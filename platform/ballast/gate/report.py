"""One self-contained HTML page for a run: verdict, why, the curve, the ledger, how to repeat."""

import html
from collections.abc import Sequence
from typing import Final

from ballast.gate.ledger import Ledger
from ballast.gate.plan import Plan
from ballast.gate.samples import Sample, quantile
from ballast.gate.verdict import Verdict, overall

WIDTH: Final = 900
HEIGHT: Final = 220
LEFT: Final = 46
BOTTOM: Final = 24

_STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:60rem;padding:0 1rem;
color:#1c2430;background:#fff}h1{font-size:1.4rem}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #dde3ea;vertical-align:top}
.PASS{color:#12693a}.FAIL{color:#b3261e}.VACUOUS,.INCONCLUSIVE{color:#8a5a00}b{font-weight:650}
svg{width:100%;height:auto}text{font-size:11px;fill:#55606e}code{font-size:.9em}
"""


def render(
    run: str,
    plan: Plan,
    verdicts: Sequence[Verdict],
    samples: Sequence[Sample],
    *,
    ledger: Ledger,
    steady: tuple[float, float],
) -> str:
    """The page as text; it loads nothing from anywhere."""
    outcome = overall(list(verdicts)).value
    faults = _faults(verdicts, plan)
    rows = "".join(
        f"<tr><td><code>{_e(v.check)}</code></td><td class={v.outcome.value}><b>{v.outcome.value}"
        f"</b></td><td>{_e(v.reason)}</td></tr>"
        for v in verdicts
    )
    counts = [
        ("acknowledged creates", str(ledger.acknowledged)),
        ("delivered exactly once", str(ledger.matched)),
        ("lost", _listed(ledger.lost)),
        ("duplicated", _listed(ledger.duplicated)),
        ("phantom", _listed(ledger.phantom)),
        ("unacknowledged, neither demanded nor refused", str(ledger.unacknowledged)),
    ]
    ledger_rows = "".join(f"<tr><td>{_e(k)}</td><td>{_e(v)}</td></tr>" for k, v in counts)
    images = "".join(f"<li><code>{_e(image)}</code></li>" for image in plan.images.values())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{outcome}: gate run {_e(run)}</title><style>{_STYLE}</style>"
        f"<h1><span class={outcome}>{outcome}</span> {_e(plan.source)} to {_e(plan.target)}</h1>"
        f"<p>Run <code>{_e(run)}</code>, seed {plan.seed}.</p>"
        f"<table><tr><th>check<th>verdict<th>why</tr>{rows}</table>"
        f"<h2>Latency from the intended start</h2>{_chart(samples, steady, faults)}"
        f"<p>Each dot is the p99 of one second, red where a request failed. Green: the judged "
        f"window. Red bands: from a fault until the system had recovered.</p>"
        f"<h2>Event ledger</h2><table>{ledger_rows}</table>"
        f"<h2>Images</h2><ul>{images}</ul>"
        f"<p>Again with the same plan: <code>ballast gate run {_e(plan.source)} "
        f"--seed {plan.seed}</code></p></html>\n"
    )


def _faults(verdicts: Sequence[Verdict], plan: Plan) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for verdict in verdicts:
        at, until = verdict.figures.get("fault_at"), verdict.figures.get("fault_until")
        recovered = verdict.figures.get("recovered_s")
        if isinstance(at, int | float) and isinstance(until, int | float):
            lasted = recovered if isinstance(recovered, int | float) else plan.shape.fault_seconds
            found.append((at, max(at + 1.0, until + lasted)))
    return found


def _chart(
    samples: Sequence[Sample], steady: tuple[float, float], faults: Sequence[tuple[float, float]]
) -> str:
    if not samples:
        return "<p>No sample.</p>"
    first, last = samples[0].intended, samples[-1].intended + 1
    seconds: dict[int, list[Sample]] = {}
    for sample in samples:
        seconds.setdefault(int(sample.intended - first), []).append(sample)
    top = max(0.05, *(quantile((s.latency for s in of), 0.99) for of in seconds.values()))

    def x(at: float) -> float:
        share = (at - first) / (last - first)
        return LEFT + max(0.0, min(1.0, share)) * (WIDTH - LEFT)

    def y(latency: float) -> float:
        return (HEIGHT - BOTTOM) * (1 - latency / top) + 8

    def band(window: tuple[float, float], colour: str) -> str:
        left, right = x(window[0]), x(window[1])
        return (
            f'<rect x="{left:.1f}" y="8" width="{right - left:.1f}" height="{HEIGHT - BOTTOM}" '
            f'fill="{colour}"/>'
        )

    parts = [band(steady, "#e5f3ea")] + [band(each, "#f8d9d6") for each in faults]
    for second, of in sorted(seconds.items()):
        latency = quantile((s.latency for s in of), 0.99)
        colour = "#2457a6" if all(s.succeeded for s in of) else "#b3261e"
        parts.append(
            f'<circle cx="{x(first + second + 0.5):.1f}" cy="{y(latency):.1f}" r="2.5" '
            f'fill="{colour}"/>'
        )
    for share in (0.0, 0.5, 1.0):
        parts.append(f'<text x="0" y="{y(top * share) + 4:.0f}">{top * share * 1000:.0f} ms</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT + 4}">0 s</text>')
    parts.append(f'<text x="{WIDTH - 40}" y="{HEIGHT + 4}">{last - first:.0f} s</text>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 8}" role="img">{"".join(parts)}</svg>'


def _listed(ids: Sequence[str]) -> str:
    return f"{len(ids)}: {', '.join(ids[:20])}" if ids else "0"


def _e(text: str) -> str:
    return html.escape(text)
