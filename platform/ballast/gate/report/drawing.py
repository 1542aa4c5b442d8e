"""Pieces that every plot is made of: SVG whose text keeps its size on any width of screen.

Places along the width are percentages, so a plot fills its box without a view box that would shrink
its labels; only the curves lie in one that is stretched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ballast.gate.report.markup import Node, element

STRETCHED = 1000  # width of the curves' own box


@dataclass(frozen=True)
class Bar:
    """A stretch of the width, in percent."""

    left: float
    right: float

    def rect(self, y: float, height: float, class_: str, *said: Node) -> Element:
        """The stretch as a box, at least as wide as can be seen."""
        width = max(self.right - self.left, 0.35)
        left = min(self.left, 100 - width)
        return element(
            "rect",
            *said,
            x=percent(left),
            width=percent(width),
            y=f"{y:g}",
            height=f"{height:g}",
            class_=class_,
        )


def drawing(name: str, height: float, title: str, description: str, *parts: Node) -> Element:
    """A plot over the whole width; `name` is unique on the page."""
    ids = {what: f"{name}-{what}" for what in ("title", "description")}
    return element(
        "svg",
        element("title", title, id=ids["title"]),
        element("desc", description, id=ids["description"]),
        *parts,
        id=name,
        role="img",
        aria_labelledby=" ".join(ids.values()),
        width="100%",
        height=f"{height:g}",
    )


def curves(y: float, height: float, *parts: Node) -> Element:
    """A box that is stretched over the width; x goes to `STRETCHED`, y is in pixels."""
    return element(
        "svg",
        *parts,
        x="0",
        y=f"{y:g}",
        width="100%",
        height=f"{height:g}",
        viewBox=f"0 0 {STRETCHED} {height:g}",
        preserveAspectRatio="none",
    )


def path(points: Sequence[tuple[float, float]], class_: str, *, closed: bool = False) -> Element:
    """A line through points of the stretched box, or the area inside it."""
    steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return element("path", d=f"M{steps}{'Z' if closed else ''}", class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Element:
    """A straight line; x in percent, y in pixels."""
    ends = {"x1": percent(x1), "y1": f"{y1:g}", "x2": percent(x2), "y2": f"{y2:g}"}
    return element("line", **ends, class_=class_)


def label(words: str, x: float, y: float, anchor: str = "middle", dx: float = 0) -> Element:
    """Text at a place; the margin of a plot has room for half a label at either end."""
    shift = f"{dx:g}" if dx else None
    return element("text", words, x=percent(x), y=f"{y:g}", dx=shift, text_anchor=anchor)


def legend(entries: Mapping[str, Element]) -> Element:
    """What each sample of a drawing stands for."""
    items = [element("li", shape, words) for words, shape in entries.items()]
    return element("ul", *items, class_="legend", aria_label="Legend")


def sample(shape: Element) -> Element:
    """A shape as it is in a drawing, 22 by 12 pixels."""
    return element("svg", shape, width="22", height="12", aria_hidden="true")


def box(class_: str) -> Element:
    """A sample of an area."""
    return sample(element("rect", x="3", y="0", width="16", height="12", class_=class_))


def percent(place: float) -> str:
    """A place along the width as SVG writes it."""
    return f"{place:.2f}%"
