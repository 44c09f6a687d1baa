"""The report by axe-core in Chromium: nothing serious, on a phone and at a desk, light and dark, all unfolded."""

import html
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from checks.core.judging import judged
from checks.core.tests.sample_run import FAILING
from checks.report.report_html import as_html
from checks.report.tests.browser import axe
from checks.report.tests.browser.chromium import opened

POLICY = re.compile("<meta http-equiv=.Content-Security-Policy.*?>")  # which lets no script in
PAGE = Path(__file__).with_name("axe.html")
GRAVE = ("serious", "critical")


@dataclass(frozen=True, kw_only=True)
class Objection:
    """A rule of axe's that does not hold, and for which elements."""

    rule: str
    impact: str
    elements: list[str]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What axe says of the page in one window."""

    window: str
    passed: int
    violations: list[Objection]


@pytest.fixture(scope="session")
def source() -> str:
    try:
        return axe.script()
    except axe.UnavailableError as reason:
        pytest.skip(f"axe-core was not asked: {reason}")


def grave(page: str, source: str, folder: Path) -> dict[str, list[str]]:
    """{rule: elements} of what is serious or critical, in any window."""
    inside = page.replace("</body>", f"<script>{source}</script></body>")
    (folder / "axe-report.html").write_text(POLICY.sub("", inside), encoding="utf-8")
    done = opened(Path(shutil.copy(PAGE, folder)), "--virtual-time-budget=60000")
    found = re.search('<pre id="seen">(.+?)</pre>', done.dom, re.DOTALL)
    assert found, f"nothing was looked at: {done.console}"
    seen = TypeAdapter(list[Looked]).validate_json(html.unescape(found[1]))
    assert [one.window for one in seen] == ["phone, light", "phone, dark", "desk, light", "desk, dark"], done.console
    assert all(one.passed > 10 for one in seen)  # axe that looks at nothing objects to nothing
    return {told.rule: told.elements for one in seen for told in one.violations if told.impact in GRAVE}


def test_axe_finds_nothing_serious(source: str, tmp_path: Path) -> None:
    """On the page of a run that failed, which has all that one of a run that passed has."""
    assert grave(as_html(judged(FAILING)), source, tmp_path) == {}


def test_axe_notices_what_is_serious(source: str, tmp_path: Path) -> None:
    page = as_html(judged(FAILING))
    doctored = page.replace('<html lang="en">', "<html>").replace("</main>", '<button></button><img src="x"></main>')
    assert grave(doctored, source, tmp_path).keys() >= {"html-has-lang", "button-name", "image-alt"}


def test_another_file_than_that_locked_is_refused(tmp_path: Path) -> None:
    (tmp_path / "axe.tgz").write_bytes(b"something else")
    with pytest.raises(ValueError, match="is not what was locked"):
        axe._source_in(tmp_path / "axe.tgz")
