"""junit.xml: the result for CI servers."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from checks.core.results import JudgedCheck, JudgedMutation, JudgedRequirement, Result
from checks.core.verdict import Verdict
from checks.report.words import objection, printable, set_aside, stands_at


def as_junit(report: Result) -> str:
    """Show the result to CI servers: violated is a failure, undecided an error."""
    root = Element("testsuites", name="compliance")
    for requirement in report.requirements:
        suite = SubElement(root, "testsuite", name=printable(f"{requirement.id} {requirement.title}"))
        for check in requirement.checks:
            _junit_check(_testcase(suite, requirement, check), check)
        for mutation in requirement.mutations:
            _junit_mutation(_testcase(suite, requirement, mutation), mutation)
    if report.reasons:
        _junit_reasons(SubElement(root, "testsuite", name="the run"), report.reasons)
    for element in [*root, root]:
        _count(element)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _testcase(suite: Element, requirement: JudgedRequirement, test: JudgedCheck | JudgedMutation) -> Element:
    file, _, name = test.name.rpartition("::")
    classname = file.removesuffix(".py").replace("/", ".")
    seconds = test.seconds + test.setup_seconds
    case = SubElement(suite, "testcase", classname=printable(classname), name=printable(name), time=f"{seconds:.3f}")
    properties = SubElement(case, "properties")
    SubElement(properties, "property", name="requirement", value=requirement.id)
    kind = "mutation" if isinstance(test, JudgedMutation) else "check"
    SubElement(properties, "property", name="kind", value=kind)
    for told, value in _told(test):
        SubElement(properties, "property", name=told, value=printable(value))
    return case


def _told(test: JudgedCheck | JudgedMutation) -> Iterator[tuple[str, str]]:
    """The tier of a check, and of each violation its rule, file and line: attributes of them no schema knows."""
    if isinstance(test, JudgedMutation):
        yield from [("rule", test.objects)] if test.objects else []
        return
    yield from [("tier", test.tier)] if test.tier else []
    for violation in test.violations:
        yield "rule", violation.rule
        if place := violation.place:
            yield "file", place.file
            yield from [("line", str(place.line))] if place.line else []


def _junit_check(case: Element, check: JudgedCheck) -> None:
    if check.verdict is Verdict.VIOLATED:
        rules = ", ".join(violation.rule for violation in check.violations)
        failure = SubElement(case, "failure", type="violated", message=printable(rules))
        failure.text = printable(
            "\n".join(objection(one) + stands_at(one) + set_aside(check, one) for one in check.violations)
        )
    elif check.verdict in (Verdict.WAIVED, Verdict.NOT_APPLICABLE):
        told = SubElement(case, "skipped", type=str(check.verdict), message=printable(check.reason or ""))
        told.text = printable("\n".join(map(objection, check.violations))) or None
    elif check.verdict is Verdict.UNDECIDED:
        kind = "skipped" if (check.reason or "").startswith("skipped") else "error"
        SubElement(case, kind, type="undecided", message=printable(check.reason or ""))


def _junit_mutation(case: Element, mutation: JudgedMutation) -> None:
    if not mutation.noticed:
        SubElement(case, "error", type="unnoticed", message=printable(mutation.reason or ""))


def _junit_reasons(suite: Element, reasons: tuple[str, ...]) -> None:
    case = SubElement(suite, "testcase", classname="the run", name="can be judged", time="0.000")
    SubElement(case, "error", type="undecided", message=printable("; ".join(reasons)))


def _count(element: Element) -> None:
    cases = element.findall(".//testcase")
    element.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(len(element.findall(f".//{tag}"))))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
