"""The pages, the gate and the code say the same."""

import re
from pathlib import Path

import pytest

from checks.core import catalog
from checks.core.requirement import Requirement
from checks.harness import rule_tables
from stack import ROOT

TEST_COMMAND = ".ci/setup && .venv/bin/nox"
README = (ROOT / "README.md").read_text()
PAGES = sorted(
    page for page in ROOT.rglob("*.md") if not {".venv", "golden", "evidence"} & set(page.relative_to(ROOT).parts)
)
LINK = re.compile(r"\[[^]]*\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)")
KNOWN = catalog.read()


def test_the_gate_runs_the_readmes_test_command() -> None:
    assert TEST_COMMAND in re.findall(r"^(\.ci/setup && .*?) +#", README, re.MULTILINE)
    assert TEST_COMMAND in (ROOT / ".ci" / "run").read_text().splitlines()


def test_every_exit_code_is_documented() -> None:
    errors = (ROOT / "stack" / "driver" / "errors.py").read_text()
    codes = set(re.findall(r"exit_code = (\d+)", errors)) - {"1"}
    assert codes
    page = " ".join((ROOT / "stack" / "README.md").read_text().split())
    assert all(re.search(rf"· {code} \w", page) for code in codes)


def test_every_session_is_named_and_every_one_named_is_there() -> None:
    sessions = set(re.findall(r"^@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(), re.MULTILINE))
    text = "\n".join(page.read_text() for page in PAGES)
    named = {word for line in re.findall(r"nox -s ((?:[a-z]+ ?)+)", text) for word in line.split()}
    assert sessions <= named
    assert named <= sessions


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 120


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_dead(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text()):
        target = page.parent / path if path else page
        assert target.exists(), f"{page} leads to {path}"
        assert not anchor or anchor[1:] in anchors(target), f"{page} leads to {path}{anchor}"


@pytest.mark.parametrize("requirement", KNOWN.requirements, ids=lambda one: one.id)
def test_a_requirements_page_has_its_rules(requirement: Requirement) -> None:
    page = rule_tables.page_of(requirement).read_text()
    assert page.startswith(f"# {requirement.id}  {requirement.title}\n")
    assert rule_tables.written_into(page, rule_tables.table(KNOWN, requirement)) == page


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="the page has no"):
        rule_tables.written_into("# R1", "| rule |")


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in links to them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
