"""The report as files beside the record, each whole or not at all."""

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

from ballast.errors import BallastError
from ballast.gate.report.junit import junit
from ballast.gate.report.model import Decision, Report
from ballast.gate.report.page import page
from ballast.gate.report.reading import read_report
from ballast.gate.report.summary import summary
from ballast.gate.run_folder import RunFolder, find_run


class Format(StrEnum):
    """The forms of a report."""

    HTML = "html"
    JUNIT = "junit"
    JSON = "json"
    MARKDOWN = "markdown"


FILES: Final[Mapping[Format, str]] = {
    Format.HTML: "report.html",
    Format.JUNIT: "report.junit.xml",
    Format.JSON: "report.json",
    Format.MARKDOWN: "report.md",
}
_FORMS: Final[Mapping[Format, Callable[[Report], str]]] = {
    Format.HTML: page,
    Format.JUNIT: junit,
    Format.JSON: lambda report: report.model_dump_json(indent=1) + "\n",
    Format.MARKDOWN: summary,
}


def write_report(folder: RunFolder) -> dict[Format, str]:
    """Write all forms anew and return their texts; BallastError when nothing can be said."""
    report = read_report(folder)
    texts = {form: render(report) for form, render in _FORMS.items()}
    for form, text in texts.items():
        partial = folder.path / f"{FILES[form]}.partial"
        partial.write_text(text)
        partial.replace(folder.path / FILES[form])
    return texts


@contextmanager
def reported(folder: RunFolder) -> Generator[None]:
    """Leave a report in the folder when the run inside is over, however it ended."""
    try:
        yield
    finally:
        write_report(folder)


def write_decision(
    folder: RunFolder,
    target: str,
    *,
    allow: bool,
    reasons: Sequence[str],
    commit: str = "",
    undone: str = "",
) -> None:
    """Add the policy's decision, and what became of it, to the report of the run it rests on.

    What hinders the report must not hide the decision: `ballast gate report` says it again.
    """
    decision = Decision(
        target=target, allow=allow, reasons=list(reasons), commit=commit, undone=undone
    )
    folder.write("decision.json", decision.model_dump())
    with contextlib.suppress(BallastError):
        write_report(folder)


def write_interrupted(name: str, root: Path | None = None) -> None:
    """The report of a run that could not write its own; none when it had not even a plan."""
    with contextlib.suppress(BallastError):
        write_report(find_run(name, root))
