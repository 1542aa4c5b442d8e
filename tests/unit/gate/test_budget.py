"""Error budgets as facts for the policy: what is known, what is missing, and what is untouched."""

import pytest

from ballast.gate.budget import NoAnswerError, budgets
from ballast.slo.model import load_slos

[SLO] = [slo for slo in load_slos() if slo.name == "gateway-availability"]


class Answers:
    """Metrics that answer a query by the first word that it holds."""

    def __init__(self, **answers) -> None:
        self.answers = {"remaining": [], "sum_over_time": [], "up{": []} | answers
        self.asked: list[str] = []

    def query(self, expression: str) -> list[float]:
        self.asked.append(expression)
        found = next(v for word, v in self.answers.items() if word in expression)
        if isinstance(found, Exception):
            raise found
        return found


def fact(**answers) -> dict:
    [found] = budgets(Answers(**answers), [SLO], "staging")
    return found


def test_a_known_budget_says_what_is_left_after_how_many_events():
    assert fact(remaining=[0.25], sum_over_time=[4000.2]) == {
        "slo": "gateway-availability", "remaining": 0.25, "events": 4000, "exhausted": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("remaining", "events", "exhausted"),
    [
        (-1.0, 10_000, True),  # 20 bad events, where 10 are allowed
        (-1.0, 1_000, False),  # 2 bad events: the next thousand may have none
        (-0.2, 10_000, False),  # 12 bad events
        (-0.2, 1_000_000, True),
        (-1e9, 5, True),  # all of them
        (2.0, 5, False),  # a counter that was reset
    ],
)
def test_a_budget_is_exhausted_when_chance_does_not_explain_it(remaining, events, exhausted):
    assert fact(remaining=[remaining], sum_over_time=[events])["exhausted"] is exhausted


def test_only_the_environment_s_own_budget_is_asked_for():
    answers = Answers(remaining=[1.0], sum_over_time=[1.0])
    budgets(answers, [SLO], "prod")
    assert all('namespace="todo-app"' in expression for expression in answers.asked)


def test_a_watched_service_without_events_has_its_whole_budget():
    found = fact(**{"up{": [1.0, 0.0]})
    assert (found["remaining"], found["events"]) == (1.0, 0)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"up{": [0.0]},
        {"remaining": [float("nan")], "sum_over_time": [5.0]},
        {"remaining": [0.5]},
        {"remaining": [0.5, 0.4], "sum_over_time": [5.0]},
        {"remaining": NoAnswerError("Prometheus does not answer")},
    ],
    ids=["nothing", "not scraped", "NaN", "no events", "two budgets", "no answer"],
)
def test_anything_else_is_missing_and_not_a_number(answers):
    found = fact(**answers)
    assert found["missing"]
    assert "remaining" not in found
