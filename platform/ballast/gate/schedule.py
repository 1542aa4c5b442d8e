"""Who asks for what, when: the open-model arrivals of a load run, fixed by their seed."""

import random
from dataclasses import dataclass
from typing import Literal

Arrivals = Literal["poisson", "constant"]
Operation = Literal["create", "list", "get", "complete"]


@dataclass(frozen=True)
class Arrival:
    """One intended request: seconds after the start of the run, user index, operation."""

    sequence: int
    at: float
    user: int
    operation: str


def arrivals(
    *,
    seed: int,
    rate: float,
    seconds: float,
    users: int,
    mix: dict[str, int],
    model: Arrivals = "poisson",
) -> list[Arrival]:
    """The intended requests of a run at `rate` a second; equal arguments give equal lists.

    Users take turns in a shuffled order, so that no user exceeds its share of the rate.
    """
    chance = random.Random(seed)  # noqa: S311 - reproducible on purpose
    operations, weights = list(mix), list(mix.values())
    turns: list[int] = []
    planned: list[Arrival] = []
    at = 0.0
    while True:
        at += chance.expovariate(rate) if model == "poisson" else 1 / rate
        if at >= seconds:
            return planned
        if not turns:
            turns = chance.sample(range(users), users)
        operation = chance.choices(operations, weights)[0]
        planned.append(Arrival(len(planned), at, turns.pop(), operation))
