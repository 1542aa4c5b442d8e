"""Dead letters for people and for programs."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from todo_shared.dead_letters.letter import DeadLetter

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))
_COLUMNS: Final = ("TOPIC", "PARTITION", "OFFSET", "EVENT", "USER", "AGE", "REPLAYED", "FAILURE")


def age(seconds: float) -> str:
    """A time in its largest whole unit."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(int(seconds), 0)} s"


def summary(letter: DeadLetter, now: datetime) -> dict[str, Any]:
    """A letter without its content, as JSON has it."""
    return {
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "position": letter.position,
        "event_id": letter.event_id,
        "user_id": letter.user,
        "arrived": letter.arrived.isoformat(),
        "age_seconds": round((now - letter.arrived).total_seconds(), 3),
        "replayed": letter.replayed,
        "failure": letter.failure,
    }


def whole(letter: DeadLetter, now: datetime) -> dict[str, Any]:
    """A letter with its content: `event` when it is one, else `text` or `base64`."""
    return summary(letter, now) | _content(letter)


def _content(letter: DeadLetter) -> dict[str, Any]:
    if letter.event is not None:
        return {"event": dict(letter.event)}
    value = letter.value or b""
    try:
        return {"text": value.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def table(summaries: Sequence[Mapping[str, Any]]) -> str:
    """One line a letter under a line of headings; columns are aligned."""
    rows = [_COLUMNS, *(_row(each) for each in summaries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(letter: Mapping[str, Any]) -> tuple[str, ...]:
    failure: Mapping[str, str] = letter["failure"]
    return (
        letter["topic"],
        str(letter["partition"]),
        str(letter["offset"]),
        letter["event_id"] or "-",
        letter["user_id"] or "-",
        age(letter["age_seconds"]),
        "yes" if letter["replayed"] else "no",
        " ".join(f"{name}={value}" for name, value in failure.items()) or "-",
    )


def page(letter: DeadLetter, now: datetime) -> str:
    """A whole letter: what is known of it, an empty line, its content."""
    waited = age((now - letter.arrived).total_seconds())
    head = {
        "position": letter.position,
        "event": letter.event_id or "-",
        "user": letter.user or "-",
        "arrived": f"{letter.arrived.isoformat()} ({waited} ago)",
        "replayed": "yes" if letter.replayed else "no",
        **{f"header {name}": value for name, value in letter.failure.items()},
    }
    (content,) = _content(letter).values()
    body = content if isinstance(content, str) else json.dumps(content, indent=2)
    return "\n".join([*(f"{name}: {value}" for name, value in head.items()), "", body])
