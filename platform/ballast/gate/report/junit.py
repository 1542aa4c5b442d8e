"""A run as JUnit XML: a test case for each check, and one for the policy's decision.

What was proven wrong is a failure; what was not proven is an error and never skipped, because CI
systems show skipped tests as no harm.
"""

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from ballast.gate.report.markup import element, xml
from ballast.gate.report.model import Check, Report
from ballast.gate.verdict import Outcome

ABSENT = "ABSENT"


def junit(report: Report) -> str:
    """The document, in the form of Ant's JUnit schema."""
    cases = [_case(check, _seconds(report, check)) for check in report.checks]
    if report.decision:
        cases.append(_decision(report))
    began = datetime.fromtimestamp(report.zero or 0, UTC)
    suite = element(
        "testsuite",
        element("properties", *_properties(report)),
        *cases,
        element("system-out", "\n".join([report.headline, *report.why])),
        element("system-err", "\n".join(report.absent)),
        id=0,
        package="gate",
        name=f"gate run {report.run}",
        timestamp=began.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost",
        tests=len(cases),
        failures=sum(case.find("failure") is not None for case in cases),
        errors=sum(case.find("error") is not None for case in cases),
        skipped=0,
        time=_decimal(report.seconds or 0.0),
    )
    return xml(element("testsuites", suite))


def _case(check: Check, seconds: float) -> Element:
    kind, _, name = check.name.partition("/")
    broken = None
    if check.outcome is not Outcome.PASS:
        tag = "failure" if check.outcome is Outcome.FAIL else "error"
        outcome = check.outcome.value if check.outcome else ABSENT
        figures = "\n".join(f"{figure}: {value}" for figure, value in check.figures.items())
        broken = element(tag, f"{check.reason}\n{figures}", message=check.reason, type=outcome)
    return element(
        "testcase", broken, name=name or kind, classname=f"gate.{kind}", time=_decimal(seconds)
    )


def _decision(report: Report) -> Element:
    decision = report.decision
    broken = None
    if decision and (decision.undone or not decision.allow):
        said = decision.undone or "; ".join(decision.reasons)
        kind = "REVERTED" if decision.undone else "REFUSED"
        broken = element("failure", said, message=said, type=kind)
    return element("testcase", broken, name=report.target, classname="gate.decision", time="0.000")


def _seconds(report: Report, check: Check) -> float:
    """Seconds of the run that a check looks at."""
    for fault in report.faults:
        if check.name == f"chaos/{fault.name}":
            return fault.window_end_s - fault.start_s
    return report.judged_s[1] - report.judged_s[0] if report.judged_s else 0.0


def _properties(report: Report) -> list[Element]:
    of_run = {
        "headline": report.headline,
        "source": report.source,
        "target": report.target,
        "seed": report.reproduction.seed,
        "command": report.reproduction.command,
        "evidence": report.evidence or "none",
        **{f"image.{name}": image for name, image in report.reproduction.images.items()},
    }
    return [element("property", name=name, value=value) for name, value in of_run.items()]


def _decimal(value: float) -> str:
    return f"{value:.3f}"
