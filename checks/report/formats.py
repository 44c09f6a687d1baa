"""Every output of a run, by the name of its file."""

from collections.abc import Callable
from pathlib import Path

from checks.core.evidence import said_in_a_sentence
from checks.core.results import Result
from checks.report.junit_xml import as_junit
from checks.report.report_html import as_html
from checks.report.report_json import as_json
from checks.report.summary_md import as_markdown


def write(report: Result, folder: Path) -> None:
    """Write every output beside the evidence."""
    with said_in_a_sentence(folder):
        for name, view in VIEWS.items():
            (folder / name).write_text(view(report), encoding="utf-8")


VIEWS: dict[str, Callable[[Result], str]] = {
    "report.json": as_json,
    "junit.xml": as_junit,
    "summary.md": as_markdown,
    "report.html": as_html,
}
