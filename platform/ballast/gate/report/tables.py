"""Tables that scroll inside their own box, and lists of figures."""

from collections.abc import Iterable, Mapping, Sequence
from xml.etree.ElementTree import Element

from ballast.gate.report.markup import Node, element

Cell = Node | Sequence[Node]


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    class_: str = "",
    numbers: Sequence[int] = (),
) -> Element:
    """A table; the first cell of a row is its header, `numbers` are the columns of figures.

    Roles are written out, because a table whose rows are stacked on a phone loses them.
    """

    def side(column: int) -> str | None:
        return "number" if column in numbers else None

    titles = [
        element("th", words, scope="col", role="columnheader", class_=side(column))
        for column, words in enumerate(head)
    ]
    lines = [
        element(
            "tr",
            *(
                element("td", *_nodes(cell), role="cell", class_=side(column))
                if column
                else element(
                    "th", *_nodes(cell), scope="row", role="rowheader", class_=side(column)
                )
                for column, cell in enumerate(row)
            ),
            role="row",
        )
        for row in rows
    ]
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", *titles, role="row"), role="rowgroup"),
            element("tbody", *lines, role="rowgroup"),
            role="table",
            aria_label=caption,
            class_=class_ or None,
        ),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=f"{caption}: table",
    )


def listed(summary: str, pairs: Mapping[str, object]) -> Element | None:
    """Names and values behind a line that opens them; nothing without any."""
    if not pairs:
        return None
    parts = [
        part
        for name, value in pairs.items()
        for part in (element("dt", name), element("dd", element("code", str(value))))
    ]
    return element("details", element("summary", summary), element("dl", *parts))


def _nodes(cell: Cell) -> Sequence[Node]:
    return [cell] if cell is None or isinstance(cell, str | Element) else cell
