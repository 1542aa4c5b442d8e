"""Metrics of the read copies."""

from typing import Final

from prometheus_client import Counter, Gauge

COPY_READS: Final = Counter(
    "read_copy_reads", "Reads of single tasks that asked the state store.", ("mode", "outcome")
)
COPY_WRITES: Final = Counter("read_copy_writes", "Copies by how they were written.", ("how",))
COPIES_DUE: Final = Gauge("read_copies_due", "Copies that may be behind their task.")
COPY_DIFFERENCES: Final = Gauge(
    "read_copy_differences", "Differences that the last check of this replica found."
)
