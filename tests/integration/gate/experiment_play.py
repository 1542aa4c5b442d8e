"""One real chaostoolkit run against a cluster server, under samples that a test writes."""

import time
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

from cluster_server import ClusterServer

from ballast.gate.broker_view import Progress
from ballast.gate.catalogue import find_experiment
from ballast.gate.chaos import expectation_of, journal_file, proof_of, read_journal
from ballast.gate.chaos_verdict import Evidence, Hypothesis
from ballast.gate.consumers import Consumers
from ballast.gate.order import Order
from ballast.gate.samples import COLUMNS, Sample, read_samples

# This cluster has no broker: what one would say is stated here.
SEEN = Progress({"t/0": 1}, {"todo-app-dev.x": {"t/0": 1}})
HYPOTHESIS = Hypothesis(availability=0.9, recovered_within=5.0, window_seconds=60.0)


def write_samples(path: Path, samples: Iterable[Sample]) -> None:
    rows = [",".join(str(value) for value in astuple(sample)) for sample in samples]
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")


def around_now(status: int = 200) -> list[Sample]:
    """Five minutes of samples around now, ten a second."""
    times = [time.time() - 60 + n / 10 for n in range(3000)]
    return [
        Sample(n, "list", 0, at, at, at + 0.01, status, "", "", "") for n, at in enumerate(times)
    ]


def order_of(cluster: ClusterServer, folder: Path, name: str, **changes: object) -> Order:
    """The order of an experiment on a cluster, with changes to its entry."""
    return Order(
        name=name,
        entry=find_experiment(name).model_copy(update=changes),
        kubeconfig=cluster.kubeconfig(folder),
        namespace="todo-app-dev",
        samples=folder / "samples.csv",
        seed=7,
        folder=folder / name,
        patience=2.0,
    )


def evidence_of(order: Order) -> Evidence:
    """What is known of an experiment that ran."""
    return Evidence(
        read_journal(journal_file(order)),
        proof_of(order),
        read_samples(order.samples),
        HYPOTHESIS,
        expectation_of(order),
        Consumers(SEEN, SEEN),
    )
