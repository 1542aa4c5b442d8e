"""What became of the copies, as Prometheus tells it."""

from ballast.shadow.answers import counted


class Metrics:
    """Answers by the outcome that is asked for."""

    def query(self, expression: str) -> list[float]:
        assert 'namespace="todo-app-staging"' in expression
        return [812.0] if 'outcome="same"' in expression else []


def test_an_outcome_that_never_came_is_counted_as_none() -> None:
    found = counted(Metrics(), "todo-app-staging")
    assert found == {"same": 812, "different": 0, "failed": 0, "dropped": 0}
