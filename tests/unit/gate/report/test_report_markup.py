"""Whatever a text holds, the document can be read back and holds nothing else."""

from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from ballast.gate.report.markup import clean, element, html, xml

HOSTILE = "<script>alert('&')</script> \"x\" \x00\x1b[31m"


class Reader(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_text_and_attributes_come_back_from_html_as_they_were() -> None:
    read = Reader(html(element("p", HOSTILE, element("b", "and"), HOSTILE, title=HOSTILE)))
    assert read.tags == ["p", "b"]
    assert read.attributes == [("title", clean(HOSTILE))]
    assert read.text.strip() == clean(HOSTILE) + "and" + clean(HOSTILE)


def test_an_element_without_content_has_no_end_in_html() -> None:
    assert html(element("meta", charset="utf-8")) == '<!doctype html>\n<meta charset="utf-8">\n'


def test_names_with_a_dash_or_of_a_keyword_are_written_with_underscores() -> None:
    made = element("text", class_="a", text_anchor="end", viewBox="0 0 1 1", dx=None)
    assert made.attrib == {"class": "a", "text-anchor": "end", "viewBox": "0 0 1 1"}


@given(st.text(), st.text())
def test_any_text_is_well_formed_xml(words: str, attribute: str) -> None:
    read = ElementTree.fromstring(xml(element("a", words, element("b"), words, name=attribute)))
    newlines = clean(words).replace("\r\n", "\n").replace("\r", "\n")
    assert "".join(read.itertext()) in {newlines * 2, (newlines + newlines)}
