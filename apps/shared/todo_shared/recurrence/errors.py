"""Why a recurrence rule is refused."""


class RecurrenceError(ValueError):
    """A rule, zone, start or policy that cannot be used: what is wrong, where, what to do."""

    def __init__(self, problem: str, *, where: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.where = where
        self.remedy = remedy
        sentence = f"{where}: {problem}" if where else problem
        super().__init__(f"{sentence}; {remedy}" if remedy else sentence)
