"""The page of a run: the verdict first, everything told, nothing absent drawn as zero."""

import re
from html.parser import HTMLParser

import pytest

from ballast.gate.report.model import Check
from ballast.gate.report.page import page
from ballast.gate.report.reading import read_report
from ballast.gate.verdict import Outcome


class Outline(HTMLParser):
    """Headings, identifiers, and the tags of a page in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def said(self) -> str:
        return " ".join(self.words)


def sections(text: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", text)


def test_the_verdict_comes_first_then_why(report):
    text = page(report)
    body = text[text.index("<body>") :]
    assert body.index('id="verdict"') < body.index('class="why') < body.index("<table")
    assert text.index("<title>PASS: gate run ") < text.index("<body>")


def test_a_whole_run_has_every_section(report):
    assert sections(page(report)) == [
        f"Checks: {len(report.checks)} of {len(report.checks)} passed",
        "Latency over time",
        "Percentiles, old against new",
        "Error budget spent",
        "Event ledgers",
        "Timeline",
        "Again",
    ]


def test_what_failed_stands_above_what_passed(failed):
    text = page(read_report(failed))
    outcomes = re.findall(r'class="outcome (\w+)"', text)
    assert outcomes == sorted(outcomes, key=["FAIL", "INCONCLUSIVE", "PASS"].index)
    assert outcomes[0] == "FAIL"


def test_an_interrupted_run_says_what_is_missing_and_draws_none_of_it(interrupted):
    text = page(read_report(interrupted))
    assert "What is missing" in sections(text)
    assert "Absent: nothing was judged." in text
    assert "Absent: nothing was counted." in text
    assert 'id="percentiles"' not in text
    assert ">not checked<" in text
    assert 'class="fault"' not in text.split('id="latency"')[1].split("</figure>")[0]


def test_a_run_without_any_load_has_a_page(report):
    bare = report.model_copy(
        update={
            "latency": None, "percentiles": None, "faults": [], "timeline": [], "spent": [],
            "zero": None, "seconds": None, "judged_s": None, "evidence": "",
        }
    )  # fmt: skip
    text = page(bare)
    assert "<svg" not in text.replace('<svg width="22"', "")
    assert "nobody wrote down when it ran" in text


def test_hostile_text_stays_text(report):
    check = Check(
        name="slo/<b>", outcome=Outcome.FAIL, reason="<script>x</script>", figures={"<i>": "<u>"}
    )
    outline = Outline(page(report.model_copy(update={"checks": [check], "why": ["<script>"]})))
    assert not {"script", "b>", "i", "u"} & {tag for tag, _ in outline.tags}
    assert "<script>x</script>" in outline.said


def test_every_identifier_is_there_once(report):
    ids = [attributes["id"] for _, attributes in Outline(page(report)).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_drawing_has_a_title_and_a_description(report):
    outline = Outline(page(report))
    drawings = [each for tag, each in outline.tags if tag == "svg" and each.get("role") == "img"]
    known = {attributes.get("id") for _, attributes in outline.tags}
    assert {each["id"] for each in drawings} >= {"latency", "percentiles", "run-line"}
    for each in drawings:
        assert set((each["aria-labelledby"] or "").split()) <= known


@pytest.mark.parametrize("tag", ["th"])
def test_every_header_cell_says_what_it_heads(report, tag):
    cells = [each for name, each in Outline(page(report)).tags if name == tag]
    assert cells
    assert all(each.get("scope") in {"col", "row"} for each in cells)
