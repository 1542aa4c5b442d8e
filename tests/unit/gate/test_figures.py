"""Figures of the services: what is not there, not fresh or not a number is never a pass."""

import math

import pytest

from ballast.errors import BallastError
from ballast.gate.figures import ServerFigure, judge_figures, load_figures
from ballast.gate.verdict import Outcome, Verdict

FIGURE = ServerFigure(
    name="handler-time", says="handlers end within (s)", series="handled", count="count",
    query="value", at_most=0.05,
)  # fmt: skip


def judged(
    age: float | None = 5.0, count: float | None = 100.0, value: float | None = 0.04
) -> Verdict:
    answers = {"count": count, "value": value}
    (verdict,) = judge_figures([FIGURE], lambda query: answers.get(query, age))
    return verdict


@pytest.mark.parametrize("value", [0.0, 0.04, 0.05])
def test_a_figure_within_its_bound_passes(value: float):
    verdict = judged(value=value)
    assert (verdict.check, verdict.outcome) == ("server/handler-time", Outcome.PASS)


def test_a_figure_beyond_its_bound_fails_and_says_both():
    verdict = judged(value=0.0501)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == "handlers end within (s): 0.0501, at most 0.05"
    assert verdict.figures == {"at_most": 0.05, "age_s": 5.0, "count": 100, "value": 0.0501}


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_no_number_is_inconclusive(value: float | None):
    verdict = judged(value=value)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "no number to judge" in verdict.reason


def test_no_series_is_vacuous():
    verdict = judged(age=None)
    assert verdict.outcome is Outcome.VACUOUS
    assert verdict.reason == "Prometheus knows no handled of this environment"


@pytest.mark.parametrize(("age", "outcome"), [(60.0, Outcome.PASS), (60.1, Outcome.INCONCLUSIVE)])
def test_old_samples_are_inconclusive(age: float, outcome: Outcome):
    assert judged(age=age).outcome is outcome


def test_an_age_that_is_no_number_is_inconclusive():
    verdict = judged(age=math.nan)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.figures == {"at_most": 0.05}


@pytest.mark.parametrize("count", [None, math.nan, 0.0, 19.4])
def test_too_few_events_are_vacuous(count: float | None):
    assert judged(count=count).outcome is Outcome.VACUOUS


def test_just_enough_events_are_judged():
    assert judged(count=20.0).outcome is Outcome.PASS


def test_a_question_without_an_answer_is_inconclusive_and_the_others_are_asked():
    def number(query: str) -> float:
        if query == "value":
            raise BallastError("Prometheus cannot be asked: gone")
        return 50.0

    other = FIGURE.model_copy(update={"name": "other", "query": "count"})
    first, second = judge_figures([FIGURE, other], number)
    assert (first.outcome, first.reason) == (
        Outcome.INCONCLUSIVE, "Prometheus cannot be asked: gone",
    )  # fmt: skip
    assert second.figures["value"] == 50.0


def test_only_samples_of_the_environment_count_as_fresh():
    asked: list[str] = []

    def number(query: str) -> None:
        asked.append(query)

    judge_figures([FIGURE], number)
    assert asked == ['time() - max(timestamp(handled{namespace="$namespace"}))']


def test_each_stated_figure_is_of_one_environment_and_one_window():
    from ballast.paths import repository_root

    for figure in load_figures(repository_root() / "loadtests/server/figures.yaml"):
        for query in (figure.query, figure.count):
            assert query.count('namespace="$namespace"') == query.count("[$window]") > 0


@pytest.mark.parametrize("bound", [".inf", ".nan", "-1"])
def test_a_bound_that_everything_meets_or_nothing_is_refused(tmp_path, bound: str):
    figure = f"{{name: a, says: b, series: c, count: d, query: e, atMost: {bound}}}"
    (tmp_path / "f.yaml").write_text(f"- {figure}")
    with pytest.raises(BallastError, match="atMost"):
        load_figures(tmp_path / "f.yaml")


@pytest.mark.parametrize("text", ["[]", "- {name: x}", "a: b", "- ["])
def test_a_file_that_states_no_figure_is_refused(tmp_path, text: str):
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(BallastError, match=r"f\.yaml"):
        load_figures(tmp_path / "f.yaml")
