"""Judge a run's evidence and show the result: `python -m checks.report evidence/latest`."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from checks.core.evidence import EvidenceError, Record, said_in_a_sentence
from checks.core.judging import JudgedCheck, JudgedControl, JudgedRequirement, Report, judged_folder
from checks.core.requirement import BY_ID
from checks.core.verdict import Json, Verdict, Violation
from checks.report import timing

EXIT_CODES = {Verdict.PROVEN: 0, Verdict.NOT_APPLICABLE: 0, Verdict.VIOLATED: 1, Verdict.UNDECIDED: 2}
UNUSABLE = 3
SLOWEST_SHOWN = 5
SHOWN_FROM = 0.05  # seconds; less is 0.0
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
    sys.stdout.write(as_terminal(report) + f"report: {os.path.relpath(folder.resolve() / 'report.html')}\n")
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
    """Show the result in a terminal: a line per requirement, what objected, and where the time went."""
    lines = [line for requirement in report.requirements for line in _terminal_lines(requirement)]
    lines += _terminal_times(report)
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
    told = [*report.reasons, *(report.run.notes if report.run else ())]
    table = ["| | requirement | verdict | checks | controls noticed |", "|---|---|---|---|---|"]
    parts = [
        [f"## {report.verdict.capitalize()}"],
        [f"- {_cell(sentence)}" for sentence in told],
        [*table, *map(_row, report.requirements)],
        [line for requirement in report.requirements for line in _markdown_troubles(requirement)],
        _markdown_times(report),
    ]
    return printable("\n\n".join("\n".join(part) for part in parts if part) + "\n")


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
        loader=PackageLoader("checks.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(compact=compact, title=title, prose=prose, columns=columns, flat=flat, anchor=anchor)
    template = environment.get_template("report.html.j2")
    slowest = timing.slowest_first(report)
    page = template.render(
        report=report,
        catalogue=BY_ID,
        judged={requirement.id: requirement for requirement in report.requirements},
        seen=_by_test(report),
        slowest=slowest,
        bars={bar.label: bar for bar in timing.split(slowest).bars},
        tally=tally(report),
        spent=where_the_time_went(report),
        colours={**timing.colours(report), "set-up": 0, "working": 1, "waiting": 2},
        times=timing,
    )
    return printable(page)


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


def anchor(name: str) -> str:
    """Give the place on the page where a test stands."""
    return re.sub(r"\W+", "-", name).strip("-")


def columns(value: Json) -> list[str]:
    """Give the columns of what can be shown as a table: several records with the same flat fields."""
    rows = value if isinstance(value, list) and len(value) > 1 else []
    fields = list(rows[0]) if rows and isinstance(rows[0], dict) else []
    fit = all(isinstance(row, dict) and list(row) == fields and all(map(flat, row.values())) for row in rows)
    return fields if fit else []


def flat(value: Json) -> bool:
    """Tell what can be shown in a line: a plain value, or a list of such."""
    inside = value if isinstance(value, list) else [value]
    return not any(isinstance(one, dict | list) for one in inside)


def tally(report: Report) -> str:
    """Count what was judged."""
    checks = [check.verdict is Verdict.PROVEN for found in report.requirements for check in found.checks]
    controls = [control.noticed for found in report.requirements for control in found.controls]
    told = [f"{len(report.requirements)} of {len(BY_ID)} requirements judged"]
    told += [f"{sum(checks)} of {len(checks)} checks proven"] if checks else []
    told += [f"{sum(controls)} of {len(controls)} sabotages noticed"] if controls else []
    return ", ".join(told)


def where_the_time_went(report: Report) -> str:
    """Say in one line what the run's seconds were spent on, and how far tests ran side by side."""
    spent = timing.spent(report)
    waited = f" ({spent.waiting:.1f} s of it waiting)" if spent.waiting else ""
    clock = f", in {spent.wall:.1f} s: {spent.at_a_time:.1f} at a time" if spent.wall and spent.at_a_time else ""
    return f"{spent.working + spent.waiting:.1f} s of tests{waited} and {spent.setup:.1f} s of set-up{clock}"


def _by_test(report: Report) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in report.records:
        found.setdefault(record.name, []).append(record)
    return found


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


def _terminal_times(report: Report) -> list[str]:
    slowest = timing.slowest_first(report)[:SLOWEST_SHOWN]
    lines = [f"{test.seconds:>12.1f} s {test.requirement}  {title(test.name)}{_of_it(test)}" for test in slowest]
    return ["slowest:", *lines, f"time: {where_the_time_went(report)}"] if slowest else []


def _markdown_times(report: Report) -> list[str]:
    slowest = timing.slowest_first(report)[:SLOWEST_SHOWN]
    told = " · ".join(f"{test.requirement} {_cell(title(test.name))} {test.seconds:.1f} s" for test in slowest)
    return [f"Slowest: {told}. Time: {where_the_time_went(report)}."] if slowest else []


def _of_it(test: timing.Timed) -> str:
    told = {"set-up": test.setup, "waiting": test.waiting}
    some = [f"{name} {seconds:.1f} s" for name, seconds in told.items() if seconds >= SHOWN_FROM]
    return f" ({', '.join(some)})" if some else ""


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
