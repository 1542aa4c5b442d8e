"""What others may rely on in a gate report: a page that asks nobody, JUnit as Ant defines it."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from simulated_run import simulate

from ballast.gate.report.write import FILES, Format, write_decision

LOADS = {
    "src", "href", "srcset", "poster", "data", "action", "formaction", "background", "cite",
    "longdesc", "manifest", "ping", "xlink:href", "xmlns", "style",
}  # fmt: skip
ACTIVE = {"script", "iframe", "object", "embed", "link", "img", "image", "use", "base", "form"}
DECIMAL = re.compile(r"^\d+\.\d{3}$")
ATTRIBUTES = {
    "testsuites": set(),
    "testsuite": {
        "id", "package", "name", "timestamp", "hostname", "tests", "failures", "errors",
        "skipped", "time",
    },
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "system-out": set(),
    "system-err": set(),
}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs of every end."""
    root = tmp_path_factory.mktemp("runs")
    refused = simulate(root)
    write_decision(refused, "staging", allow=False, reasons=["staging is frozen"])
    return {
        "passed": simulate(root).path,
        "refused": refused.path,
        "failed": simulate(root, slower=1.6, lost=2, late=1).path,
        "vacuous": simulate(root, injected=False, compared=False).path,
        "interrupted": simulate(root, stops_at=40.0).path,
        "not begun": simulate(root, stops_at=-1.0).path,
    }


ENDS = ["passed", "refused", "failed", "vacuous", "interrupted", "not begun"]


class Page(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("end", ENDS)
def test_the_page_refers_to_nothing(folders, end: str) -> None:
    text = (folders[end] / FILES[Format.HTML]).read_text()
    page = Page(text)
    assert not page.tags & ACTIVE
    assert not {name for name, _ in page.attributes} & LOADS
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [value for _, value in page.attributes if re.search(r"https?:|//", value)]
    style = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"url\(|@import|https?:", style)


@pytest.mark.parametrize("end", ENDS)
def test_the_page_forbids_the_browser_to_load_anything(folders, end: str) -> None:
    text = (folders[end] / FILES[Format.HTML]).read_text()
    policy = 'http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src'
    assert text.index(policy) < text.index("<style>")


@pytest.mark.parametrize("end", ENDS)
def test_junit_has_the_elements_and_attributes_of_ants_schema(folders, end: str) -> None:
    root = ElementTree.parse(folders[end] / FILES[Format.JUNIT]).getroot()
    assert root.tag == "testsuites"
    for each in root.iter():
        assert set(each.attrib) == ATTRIBUTES[each.tag], each.tag
    (suite,) = root
    tags = [child.tag for child in suite]
    cases = suite.findall("testcase")
    assert tags == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]


@pytest.mark.parametrize("end", ENDS)
def test_junit_counts_and_times_are_numbers_that_agree(folders, end: str) -> None:
    (suite,) = ElementTree.parse(folders[end] / FILES[Format.JUNIT]).getroot()
    cases = suite.findall("testcase")
    assert int(suite.attrib["tests"]) == len(cases) > 0
    for kind in ("failure", "error"):
        found = [case for case in cases if case.find(kind) is not None]
        assert int(suite.attrib[f"{kind}s"]) == len(found)
    assert all(len(case) <= 1 for case in cases)
    assert all(DECIMAL.match(each.attrib["time"]) for each in (suite, *cases))
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$", suite.attrib["timestamp"])
    names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("end", [end for end in ENDS if end != "passed"])
def test_junit_of_anything_but_a_pass_is_red(folders, end: str) -> None:
    (suite,) = ElementTree.parse(folders[end] / FILES[Format.JUNIT]).getroot()
    assert int(suite.attrib["failures"]) + int(suite.attrib["errors"]) > 0
    assert suite.attrib["skipped"] == "0"


def test_junit_of_a_pass_is_green(folders) -> None:
    (suite,) = ElementTree.parse(folders["passed"] / FILES[Format.JUNIT]).getroot()
    assert (suite.attrib["failures"], suite.attrib["errors"]) == ("0", "0")
