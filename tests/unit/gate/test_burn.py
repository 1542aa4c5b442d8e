"""What is asked of Prometheus in a watch, and what each answer means."""

import pytest

from ballast.gate.budget import NoAnswerError
from ballast.gate.burn import burn, too_many
from ballast.slo.model import load_slos

[SLO] = [slo for slo in load_slos() if slo.name == "gateway-availability"]
COMMITTED, NOW = 1000.0, 1100.0


class Answers:
    """Metrics that answer a query by the first word that it holds."""

    def __init__(self, **answers) -> None:
        self.answers = {
            "slo:objective": [0.999],
            "count by": [600.0],
            "up{": [1.0],
            "ALERTS_FOR_STATE": [],
        } | answers
        self.asked: list[str] = []

    def query(self, expression: str) -> list[float]:
        self.asked.append(expression)
        found = next(v for word, v in self.answers.items() if word in expression)
        if "5.." in expression and "count by" in expression:
            found = self.answers.get("bad", [0.0])
        if isinstance(found, Exception):
            raise found
        return found


def look(since: float = COMMITTED, **answers):
    return burn(Answers(**answers), [SLO], "staging", committed=COMMITTED, since=since, now=NOW)


def test_good_answers_are_sound_and_counted():
    seen = look()
    assert seen.sound
    assert seen.events == 600.0


def test_a_page_that_began_after_the_commit_is_sick():
    assert look(ALERTS_FOR_STATE=[1042.0]).sick == (
        "gateway-availability pages since 42 s after the commit",
    )


def test_a_page_from_before_the_commit_says_nothing_of_the_release():
    assert look(ALERTS_FOR_STATE=[999.0]).sound


@pytest.mark.parametrize(
    ("bad", "total", "sick"),
    [
        (0, 600, False),
        (2, 600, False),  # 0.3 %: more than the objective, and not fourteen times as much
        (20, 600, True),
        (2, 40, False),  # 5 % of few: chance explains it
        (8, 40, True),
        (9, 9, False),  # too few to page
    ],
)
def test_a_minute_burns_when_chance_does_not_explain_it(bad, total, sick):
    seen = look(**{"count by": [float(total)], "bad": [float(bad)]})
    assert bool(seen.sick) is sick


def test_only_the_environment_s_own_figures_are_asked_for():
    answers = Answers()
    burn(answers, [SLO], "staging", committed=COMMITTED, since=COMMITTED, now=NOW)
    own = [one for one in answers.asked if "slo:objective" not in one]
    assert own
    assert all('namespace="todo-app-staging"' in one for one in own)


def test_requests_from_before_the_watch_are_not_counted():
    answers = Answers()
    burn(answers, [SLO], "staging", committed=COMMITTED, since=NOW - 45, now=NOW)
    assert any("[45s]" in one for one in answers.asked)
    assert not any("[60s]" in one for one in answers.asked)


@pytest.mark.parametrize(
    ("word", "answer", "said"),
    [
        ("slo:objective", [], "evaluates no rule of gateway-availability"),
        ("up{", [], "reaches no pod of api-gateway"),
        ("up{", [0.0], "reaches no pod of api-gateway"),
        ("ALERTS_FOR_STATE", NoAnswerError("no answer"), "no answer"),
        ("count by", NoAnswerError("timed out"), "timed out"),
    ],
)
def test_silence_is_never_soundness(word, answer, said):
    seen = look(**{word: answer})
    assert not seen.sound
    assert said in seen.unknown[0]


def test_a_look_a_second_is_no_false_alarm_by_its_number():
    assert not too_many(1, 1, 0.001)
    assert not too_many(2, 20, 0.001)
    assert too_many(5, 20, 0.001)
