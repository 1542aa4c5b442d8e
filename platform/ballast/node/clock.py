"""Times as Kubernetes writes them."""

import datetime


def seconds_since_1970(timestamp: str) -> float:
    """Seconds since 1970 of an RFC 3339 time; ValueError when it is none."""
    return datetime.datetime.fromisoformat(timestamp).timestamp()
