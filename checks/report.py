"""Judge a run's evidence and show the result: `python -m checks.report evidence/latest`."""

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from checks.evidence import EvidenceError, said_in_a_sentence
from checks.judging import JudgedCheck, JudgedControl, JudgedRequirement, Report, judged_folder
from checks.requirements import BY_ID
from checks.verdict import Json, Verdict, Violation

EXIT_CODES = {Verdict.PROVEN: 0, Verdict.NOT_APPLICABLE: 0, Verdict.VIOLATED: 1, Verdict.UNDECIDED: 2}
UNUSABLE = 3
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class Span:
    """A part of a bar: from where, how far, in percent of its width."""

    name: str
    seconds: float
    start: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Durations one after another, against a bound where one was declared."""

    label: str
    spans: tuple[Span, ...]
    seconds: float
    bound_s: float | None
    bound: float | None


class UnusableError(Exception):
    """The command line names nothing that can be judged."""


class Parser(argparse.ArgumentParser):
    """A parser that leaves the exit code to `main`: argparse's own, 2, means undecided here."""

    def error(self, message: str) -> NoReturn:
        raise UnusableError(message)


def main(arguments: list[str] | None = None) -> int:
    """Judge the folder named on the command line, write every output, and give the exit code."""
    try:
        folder = folder_named(arguments)
        report = judged_folder(folder)
        write(report, folder)
    except UnusableError as error:
        sys.stderr.write(f"error: {error}\nhint: `python -m checks.report evidence/latest`\n")
        return UNUSABLE
    except EvidenceError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(as_terminal(report) + f"report: {folder / 'report.html'}\n")
    return EXIT_CODES[report.verdict]


def folder_named(arguments: list[str] | None) -> Path:
    """Read the command line."""
    parser = Parser(prog="python -m checks.report", description=__doc__)
    parser.add_argument("folder", type=Path, help="the evidence of one run, such as evidence/latest")
    folder: Path = parser.parse_args(arguments).folder
    if not folder.is_dir():
        raise UnusableError(f"there is no folder `{folder}`")
    return folder


def write(report: Report, folder: Path) -> None:
    """Write every output beside the evidence."""
    with said_in_a_sentence(folder):
        for name, view in VIEWS.items():
            (folder / name).write_text(view(report), encoding="utf-8")


def as_json(report: Report) -> str:
    """Show the result to programs."""
    data = {
        "verdict": report.verdict,
        "reasons": report.reasons,
        "run": asdict(report.run) if report.run else {},
        "requirements": [asdict(requirement) for requirement in report.requirements],
    }
    return json.dumps(data, indent=2) + "\n"


def as_terminal(report: Report) -> str:
    """Show the result in a terminal: a line per requirement, and what objected."""
    lines = [line for requirement in report.requirements for line in _terminal_lines(requirement)]
    lines += [f"reason: {reason}" for reason in report.reasons if reason not in sentence(report)]
    lines += [f"note: {note}" for note in (report.run.notes if report.run else ())]
    return printable("\n".join([*lines, sentence(report)]) + "\n")


def sentence(report: Report) -> str:
    """Say in one sentence what the run amounts to."""
    decisive = [found.id for found in report.requirements if found.verdict is report.verdict]
    of = f" ({', '.join(decisive)})" if decisive else ""
    why = f": {report.reasons[0]}" if report.reasons and not decisive else ""
    return f"verdict: {report.verdict}{of}{why}"


def as_markdown(report: Report) -> str:
    """Show the result where Markdown is read, such as a CI job's summary."""
    lines = [f"## {report.verdict.capitalize()}", ""]
    lines += [f"- {_cell(reason)}" for reason in report.reasons]
    lines += [f"- {_cell(note)}" for note in (report.run.notes if report.run else ())]
    lines += ["", "| | requirement | verdict | checks | controls noticed |", "|---|---|---|---|---|"]
    lines += [_row(requirement) for requirement in report.requirements]
    troubles = [line for requirement in report.requirements for line in _markdown_troubles(requirement)]
    return printable("\n".join([*lines, "", *troubles]).rstrip() + "\n")


def as_junit(report: Report) -> str:
    """Show the result to CI servers: violated is a failure, undecided an error."""
    root = Element("testsuites", name="compliance")
    for requirement in report.requirements:
        suite = SubElement(root, "testsuite", name=printable(f"{requirement.id} {requirement.title}"))
        for check in requirement.checks:
            _junit_check(_testcase(suite, requirement, check), check)
        for control in requirement.controls:
            _junit_control(_testcase(suite, requirement, control), control)
    if report.reasons:
        _junit_reasons(SubElement(root, "testsuite", name="the run"), report.reasons)
    for element in [*root, root]:
        _count(element)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def as_html(report: Report) -> str:
    """Show the result to people: one page, whole in itself, readable without scripts."""
    environment = Environment(
        loader=PackageLoader("checks", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(compact=compact, pretty=pretty, title=title, bars=bars, prose=prose)
    template = environment.get_template("report.html.j2")
    return printable(template.render(report=report, catalogue=BY_ID, longest=_longest(report)))


def title(name: str) -> str:
    """Read a test's name as the sentence that it is."""
    words, bracket, case = name.partition("::")[2].removeprefix("test_").partition("[")
    return words.replace("_", " ") + (f" [{case}" if bracket else "")


def prose(text: str) -> Markup:
    """Escape a sentence, and set what stands in backticks as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def printable(text: str) -> str:
    """Spell out the characters that no terminal, page or XML parser should be given."""
    return UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def compact(value: Json) -> str:
    """Write JSON in one line."""
    return json.dumps(value, ensure_ascii=False)


def pretty(value: Json) -> str:
    """Write JSON to be read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def bars(data: object, label: str = "") -> list[Bar]:
    """Find what took time in an observation: `phases` by name in seconds, with or without `bound_s`."""
    match data:
        case {"phases": dict() as phases, **others}:
            bound = others.get("bound_s")
            return [bar(_label(others, label), _durations(phases), bound if isinstance(bound, int | float) else None)]
        case dict():
            return [found for key, value in data.items() for found in bars(value, key)]
        case list():
            return [found for value in data for found in bars(value, label)]
    return []


def bar(label: str, phases: Mapping[str, float], bound_s: float | None) -> Bar:
    """Lay durations end to end, to the scale of the longer of them and their bound."""
    total = sum(phases.values())
    scale = 100 / (max(total, bound_s or 0.0) or 1.0)
    spans, start = [], 0.0
    for name, seconds in phases.items():
        spans.append(Span(name=name, seconds=seconds, start=start * scale, width=seconds * scale))
        start += seconds
    bound = None if bound_s is None else bound_s * scale
    return Bar(label=label, spans=tuple(spans), seconds=total, bound_s=bound_s, bound=bound)


def _durations(phases: dict[str, object]) -> dict[str, float]:
    return {name: seconds for name, seconds in phases.items() if isinstance(seconds, int | float)}


def _label(data: Mapping[object, object], label: str) -> str:
    names = [data[key] for key in ("service", "name", "fault") if isinstance(data.get(key), str)]
    return " · ".join(map(str, names)) or label


def _longest(report: Report) -> float:
    every: list[JudgedCheck | JudgedControl] = []
    for requirement in report.requirements:
        every += [*requirement.checks, *requirement.controls]
    return max((test.seconds + test.setup_seconds for test in every), default=0.0)


def _terminal_lines(requirement: JudgedRequirement) -> list[str]:
    lines = [f"{requirement.verdict:<15}{requirement.id}  {requirement.title}"]
    lines += [_indented(requirement.note)] if requirement.note else []
    for check in requirement.checks:
        if check.verdict is not Verdict.PROVEN:
            lines.append(_indented(f"{check.name}: {check.reason or check.verdict}"))
            lines += [_indented(f"  {_objection(violation)}") for violation in check.violations]
    lines += [
        _indented(f"{control.name}: not noticed: {control.reason}")
        for control in requirement.controls
        if not control.noticed
    ]
    return lines


def _indented(text: str) -> str:
    return " " * 19 + text


def _objection(violation: Violation) -> str:
    return f"{violation.rule}: seen {_short(violation.seen)}, wanted {_short(violation.wanted)}"


def _short(value: Json, limit: int = 200) -> str:
    text = compact(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _row(requirement: JudgedRequirement) -> str:
    proven = sum(check.verdict is Verdict.PROVEN for check in requirement.checks)
    noticed = sum(control.noticed for control in requirement.controls)
    return (
        f"| {requirement.id} | {_cell(requirement.title)} | **{requirement.verdict}** "
        f"| {proven}/{len(requirement.checks)} | {noticed}/{len(requirement.controls)} |"
    )


def _markdown_troubles(requirement: JudgedRequirement) -> list[str]:
    lines = [f"- **{requirement.id}** {requirement.note}"] if requirement.note else []
    for check in requirement.checks:
        if check.reason:
            lines.append(f"- **{requirement.id}** {title(check.name)}: {_cell(check.reason)}")
        lines += [
            f"- **{requirement.id}** {title(check.name)}: {_cell(_objection(violation))}"
            for violation in check.violations
        ]
    lines += [
        f"- **{requirement.id}** {title(control.name)}: not noticed: {_cell(control.reason or '')}"
        for control in requirement.controls
        if not control.noticed
    ]
    return lines


def _cell(text: str) -> str:
    return re.sub(r"([\\|<>*_\[\]])", r"\\\1", " ".join(text.split()))


def _testcase(suite: Element, requirement: JudgedRequirement, test: JudgedCheck | JudgedControl) -> Element:
    file, _, name = test.name.rpartition("::")
    classname = file.removesuffix(".py").replace("/", ".")
    seconds = test.seconds + test.setup_seconds
    case = SubElement(suite, "testcase", classname=printable(classname), name=printable(name), time=f"{seconds:.3f}")
    properties = SubElement(case, "properties")
    SubElement(properties, "property", name="requirement", value=requirement.id)
    kind = "control" if isinstance(test, JudgedControl) else "check"
    SubElement(properties, "property", name="kind", value=kind)
    return case


def _junit_check(case: Element, check: JudgedCheck) -> None:
    if check.verdict is Verdict.VIOLATED:
        rules = ", ".join(violation.rule for violation in check.violations)
        failure = SubElement(case, "failure", type="violated", message=printable(rules))
        failure.text = printable("\n".join(map(_objection, check.violations)))
    elif check.verdict is Verdict.UNDECIDED:
        kind = "skipped" if (check.reason or "").startswith("skipped") else "error"
        SubElement(case, kind, type="undecided", message=printable(check.reason or ""))


def _junit_control(case: Element, control: JudgedControl) -> None:
    if not control.noticed:
        SubElement(case, "error", type="unnoticed", message=printable(control.reason or ""))


def _junit_reasons(suite: Element, reasons: tuple[str, ...]) -> None:
    case = SubElement(suite, "testcase", classname="the run", name="can be judged", time="0.000")
    SubElement(case, "error", type="undecided", message=printable("; ".join(reasons)))


def _count(element: Element) -> None:
    cases = element.findall(".//testcase")
    element.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(len(element.findall(f".//{tag}"))))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")


VIEWS: dict[str, Callable[[Report], str]] = {
    "report.json": as_json,
    "junit.xml": as_junit,
    "summary.md": as_markdown,
    "report.html": as_html,
}

if __name__ == "__main__":
    try:
        code = main()
    except Exception:  # noqa: BLE001 - Python ends a traceback with 1, which here would say: violated
        sys.excepthook(*sys.exc_info())
        code = EXIT_CODES[Verdict.UNDECIDED]
    sys.exit(code)
