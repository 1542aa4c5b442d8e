"""How many creates a second the whole path bears: gateway, invocation, commit, event, effects.

python benchmarks/whole_path.py [--rates 50,100,150] [--seconds 20] [--json FILE]

Users create tasks as an open model, at one rate after the other, until p95 of publishing (commit
to broker) is 100 ms or more, or that of the consumers' handlers 50 ms or more, or a create fails,
or the events are not handled within a few seconds. Beside it what this machine can do at most, in
the same run. Exit code 1 when not even --least a second hold.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from workload.environment import load_of_machine, name_of_run, open_environment
from workload.limits import Limit, limits
from workload.step import Step, play_step

from ballast.errors import BallastError

PUBLISH_MS, HANDLER_MS = 100.0, 50.0
DRAINED_SECONDS = 5.0
REACHED = 0.95
PER_USER_PER_MINUTE = 8.0  # the gateway's own limit is 10
RATES = "25,50,75,100,125,150,200,250,300,400"


def reasons(step: Step) -> list[str]:
    """Why a step does not hold; nothing when it does."""
    why: list[str] = []
    if not step.publish_p95 < PUBLISH_MS:
        why.append(f"publish p95 {step.publish_p95:.0f} ms")
    if not step.handler_p95 < HANDLER_MS:
        why.append(f"handler p95 {step.handler_p95:.0f} ms")
    if step.failed:
        why.append(f"{step.failed} requests failed")
    if step.reached < REACHED * step.rate:
        why.append(f"{step.reached:.0f} a second answered")
    if step.drained_s > DRAINED_SECONDS:
        why.append(f"events handled {step.drained_s:.0f} s later")
    return why


def of_steps(steps: Sequence[Step]) -> Table:
    """One line a step."""
    table = Table(
        "asked/s", "answered/s", "API p50", "API p95", "gateway p95", "invoke p95", "publish p95",
        "handler p95", "effect p95", "sent late p95", "drained, s", "load", "holds",
        title=f"creates through the whole path, {os.cpu_count()} cores; times in ms",
    )  # fmt: skip
    for s in steps:
        times = (
            s.api_p50, s.api_p95, s.gateway_p95, s.invoke_p95, s.publish_p95, s.handler_p95,
            s.effect_p95, s.lag_p95,
        )  # fmt: skip
        table.add_row(
            f"{s.rate:g}",
            f"{s.reached:.0f}",
            *(f"{each:.1f}" for each in times),
            f"{s.drained_s:.1f}",
            f"{s.load:.1f}",
            "; ".join(reasons(s)) or "yes",
        )
    return table


def of_processors(steps: Sequence[Step]) -> Table:
    """CPU seconds per 1,000 events by part, one column a step."""
    table = Table("part", *(f"at {step.rate:g}/s" for step in steps))
    table.title = "CPU seconds per 1,000 creates"
    parts = sorted({part for step in steps for part in step.cpu})
    for part in parts:
        table.add_row(part, *(f"{step.cpu.get(part, math.nan):.2f}" for step in steps))
    table.add_row("sum", *(f"{sum(step.cpu.values()):.2f}" for step in steps))
    return table


def of_limits(found: Sequence[Limit], best: float) -> Table:
    """The limits, and what share of each the whole path reaches."""
    table = Table("limit of this machine", "a second", "alone, p95 ms", "whole path / limit")
    for limit in found:
        table.add_row(
            limit.name, f"{limit.rate:,.0f}", f"{limit.alone_ms:.1f}", f"{best / limit.rate:.3f}"
        )
    return table


def measure(asked: argparse.Namespace, console: Console) -> int:
    """Measure and print; 1 when the least rate does not hold."""
    run = name_of_run("whole-path")
    steps: list[Step] = []
    with open_environment(asked.environment) as environment:
        most = max(asked.rates)
        users = environment.users(run, math.ceil(most * 60 / PER_USER_PER_MINUTE))
        if asked.warm_up:
            play_step(environment, users, asked.rates[0], asked.warm_up)
        for rate in asked.rates:
            step = play_step(environment, users, rate, asked.seconds)
            steps.append(step)
            why = reasons(step)
            console.log(f"{rate:g}/s: {'; '.join(why) or 'holds'} ({load_of_machine()})")
            if why and not asked.all:
                break
    best = max((step.reached for step in steps if not reasons(step)), default=0.0)
    found = list(limits(asked.limit_seconds)) if asked.limit_seconds else []
    console.print(of_steps(steps), of_processors(steps))
    if found:
        console.print(of_limits(found, best))
    console.print(f"highest rate that holds: {best:.0f} creates a second ({load_of_machine()})")
    if asked.json:
        told = {
            "best": best,
            "steps": [step.as_json() for step in steps],
            "limits": [asdict(limit) for limit in found],
            "cores": os.cpu_count(),
        }
        asked.json.write_text(json.dumps(told, indent=1))
    return int(best < REACHED * asked.least)


def _rates(text: str) -> list[float]:
    return [float(each) for each in text.split(",")]


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rates", type=_rates, default=_rates(RATES), help="one after the other")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each rate")
    parser.add_argument("--warm-up", type=float, default=5.0, help="seconds at the first rate")
    parser.add_argument("--limit-seconds", type=float, default=4.0, help="of each limit; 0: none")
    parser.add_argument("--least", type=float, default=100.0, help="what must hold")
    parser.add_argument("--all", action="store_true", help="go on after a rate that does not hold")
    parser.add_argument("--environment", default="dev")
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    try:
        return measure(parser.parse_args(), Console(width=180))
    except BallastError as wrong:
        print(f"{wrong}. {wrong.fix}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
