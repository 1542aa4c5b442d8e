"""Elements of HTML, SVG and XML whose text is escaped by the serializer, never by hand."""

import re
from typing import Final
from xml.etree.ElementTree import Element, tostring

Node = Element | str | None

# What XML 1.0 cannot carry at all; an exception's text may hold it.
_IMPOSSIBLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(tag: str, *children: Node, **attributes: object) -> Element:
    """An element; `class_` is the attribute class, `stroke_width` is stroke-width, None is none."""
    made = Element(tag)
    for name, value in attributes.items():
        if value is not None:
            made.set(name.rstrip("_").replace("_", "-"), clean(str(value)))
    for child in children:
        if isinstance(child, str):
            _append_text(made, clean(child))
        elif child is not None:
            made.append(child)
    return made


def clean(text: str) -> str:
    """The text with a replacement character for each one that XML cannot carry."""
    return _IMPOSSIBLE.sub("\N{REPLACEMENT CHARACTER}", text)


def html(root: Element) -> str:
    """The document as HTML text."""
    return f"<!doctype html>\n{tostring(root, encoding='unicode', method='html')}\n"


def xml(root: Element) -> str:
    """The document as XML text."""
    declaration = '<?xml version="1.0" encoding="UTF-8"?>'
    return f"{declaration}\n{tostring(root, encoding='unicode')}\n"


def _append_text(parent: Element, text: str) -> None:
    if len(parent):
        last = parent[-1]
        last.tail = (last.tail or "") + text
    else:
        parent.text = (parent.text or "") + text
