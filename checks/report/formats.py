"""Every output of a run, by the name of its file."""

from collections.abc import Callable
from pathlib import Path

from checks.core.evidence import said_in_a_sentence
from checks.core.results import Result
from checks.report.github_annotations import as_annotations
from checks.report.gitlab_code_quality import as_code_quality
from checks.report.intoto_json import as_statement
from checks.report.junit_xml import as_junit
from checks.report.oscal_json import as_oscal
from checks.report.report_html import as_html
from checks.report.report_json import as_json
from checks.report.sarif_json import as_sarif
from checks.report.summary_md import as_markdown


def write(report: Result, folder: Path) -> None:
    """Write every output beside the evidence."""
    for name, view in VIEWS.items():
        write_text(folder / name, view(report))


def write_text(file: Path, text: str) -> None:
    """Write one of them; raises EvidenceError where that cannot be done."""
    with said_in_a_sentence(file.parent):
        file.write_text(text, encoding="utf-8")


ENVELOPE = "statement.dsse.json"  # only of a run that is signed
VIEWS: dict[str, Callable[[Result], str]] = {
    "report.json": as_json,
    "junit.xml": as_junit,
    "summary.md": as_markdown,
    "report.html": as_html,
    "report.sarif": as_sarif,
    "annotations.txt": as_annotations,
    "gl-code-quality-report.json": as_code_quality,
    "assessment-results.json": as_oscal,
    "statement.intoto.json": as_statement,
}
