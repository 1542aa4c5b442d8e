"""How long a delivery waits after an attempt that failed."""

import random
from typing import Final

FACTOR: Final = 4.0
JITTER: Final = 0.2
LONGEST_SECONDS: Final = 600.0


def pause_after(attempt: int, first_seconds: float) -> float:
    """Seconds until the attempt after `attempt`, which counts from 1.

    With a first pause of 1 s: 1, 4, 16, 64, 256 s, each 20 % more or less, so that what failed
    together is not repeated together. Six attempts span about 5 min 40 s.
    """
    pause = min(first_seconds * FACTOR ** (attempt - 1), LONGEST_SECONDS)
    return pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
