"""The report opened in a real browser, without network, in windows of several kinds; and sample pages."""

import html
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from checks.core import catalog
from checks.core.judging import judged
from checks.core.results import Result
from checks.core.tests.sample_run import FAILING, PASSING
from checks.report.report_html import as_html
from checks.report.tests.browser.chromium import Opened, opened, printed
from checks.report.tests.browser.crowd import crowded

KNOWN = catalog.read()
MEASURE = Path(__file__).with_name("measure.html")


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is to be seen of a page in one window, once with all that folds unfolded."""

    window: str
    verdict: str
    folded: bool
    requirements: list[str]
    sticks_out_by: float
    follows_the_scheme: bool
    faint: list[str]
    undrawn: list[str]
    dead_links: list[str]
    fetched: list[str]
    scripts: int


def looks(page: str, folder: Path) -> tuple[list[Look], Opened]:
    (folder / "report.html").write_text(page, encoding="utf-8")
    done = opened(Path(shutil.copy(MEASURE, folder)))
    found = re.search('<pre id="seen">(.+?)</pre>', done.dom, re.DOTALL)
    assert found, f"nothing was measured: {done.console}"
    return TypeAdapter(list[Look]).validate_json(html.unescape(found[1])), done


def objections(page: str, folder: Path, verdict: str) -> set[str]:
    seen, done = looks(page, folder)
    assert len(seen) == 4
    return {objection for look in seen for objection in _objections(look, verdict)} | {"console" for _ in done.console}


def _objections(look: Look, verdict: str) -> list[str]:
    broken = {
        "verdict": look.verdict != verdict,
        "folded": not look.folded,
        "requirements": look.requirements != list(KNOWN.by_id),
        "width": look.sticks_out_by > 0,
        "scheme": not look.follows_the_scheme,
        "contrast": look.faint != [],
        "pictures": look.undrawn != [],
        "links": look.dead_links != [],
        "fetched": look.fetched != [],
        "scripts": look.scripts > 0,
    }
    return [name for name, is_broken in broken.items() if is_broken]


@pytest.mark.parametrize(
    ("report", "verdict"),
    [(lambda: judged(PASSING), "Proven"), (lambda: judged(FAILING), "Violated"), (crowded, "Proven")],
    ids=["passing", "failing", "crowded"],
)
def test_the_page_is_readable_in_every_window(report: Callable[[], Result], verdict: str, tmp_path: Path) -> None:
    assert objections(as_html(report()), tmp_path, verdict) == set()


def styled(rule: str) -> Callable[[str], str]:
    return lambda page: page.replace("</style>", rule + "</style>")


def with_element(element: str) -> Callable[[str], str]:
    return lambda page: page.replace("</main>", element + "</main>")


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda page: page.replace(old, new)


POLICY = re.compile("<meta http-equiv=.Content-Security-Policy.*?>")
DOCTORED: dict[str, tuple[Callable[[str], str], set[str]]] = {
    "the verdict hidden": (styled("h1 { visibility: hidden }"), {"verdict"}),
    "the verdict covered": (styled("nav { position: fixed; inset: 0; background: #fff }"), {"verdict", "contrast"}),
    "a requirement left out": (replaced('id="R5"', ""), {"requirements", "links"}),
    "a requirement hidden": (styled("#R5 { display: none }"), {"requirements"}),
    "wider than a telephone": (styled("main { min-width: 420px }"), {"width"}),
    "evidence that is not broken into lines": (
        styled(".scroll { overflow: visible } code { white-space: nowrap }"),
        {"width"},
    ),
    "every observation open": (replaced('<details class="test"', '<details open class="test"'), {"folded"}),
    "pale words": (styled(":root { --quiet: #aaa }"), {"contrast"}),
    "pale words in a picture": (styled(".lane text { fill: var(--rail); opacity: 1 }"), {"contrast"}),
    "light only": (replaced("prefers-color-scheme: dark", "scripting: none"), {"scheme"}),
    "bars without height": (styled("svg.bar { height: 0 }"), {"pictures"}),
    "a bar beyond its frame": (replaced('class="part-1" x="', 'class="part-1" x="9'), {"pictures"}),
    "a picture from elsewhere": (
        with_element('<img src="https://example.org/logo.png" alt="">'),
        {"fetched", "console"},
    ),
    "the same without a policy": (
        lambda page: with_element('<img src="https://example.org/logo.png" alt="">')(POLICY.sub("", page)),
        {"fetched"},
    ),
    "a script": (with_element("<script>1</script>"), {"scripts", "console"}),
}


@pytest.mark.parametrize("sample", DOCTORED)
def test_a_page_that_cannot_be_read_is_noticed(sample: str, tmp_path: Path) -> None:
    doctor, expected = DOCTORED[sample]
    page = doctor(as_html(judged(PASSING)))
    assert page != as_html(judged(PASSING))
    assert objections(page, tmp_path, "Proven") == expected


def test_on_paper_nothing_is_folded(tmp_path: Path) -> None:
    """It is an audit record there, and whoever reads it cannot unfold it."""
    page = as_html(judged(PASSING))
    unfolded = page.replace("<details", "<details open")
    as_it_was = page.replace("details::details-content", "details::nothing")
    whole, folded = (pages_on_paper(one, tmp_path) for one in (page, as_it_was))
    assert whole == pages_on_paper(unfolded, tmp_path)
    assert whole > folded


def pages_on_paper(page: str, folder: Path) -> int:
    (folder / "report.html").write_text(page, encoding="utf-8")
    return len(re.findall(rb"/Type /Page\b", printed(folder / "report.html")))
