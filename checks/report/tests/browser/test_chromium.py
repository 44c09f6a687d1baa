"""Chromium is installed where that is ours to do; elsewhere a sentence says what to do."""

import os
import shutil

import pytest

from checks.report.tests.browser import chromium
from stack.driver.errors import PackageError

Calls = list[tuple[str, ...]]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """A Debian without a browser, as root; what apt-get is told."""
    calls: Calls = []
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(chromium, "distribution", lambda: "debian")
    monkeypatch.setattr(chromium, "apt", lambda *arguments: calls.append(arguments))
    return calls


def test_a_browser_that_is_here_is_used(bare: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", {"google-chrome": "/usr/bin/google-chrome"}.get)
    chromium.ensure(pytest.fail)
    assert bare == []


def test_chromium_is_installed_after_saying_so(bare: Calls) -> None:
    said: list[str] = []
    chromium.ensure(said.append)
    assert bare == [("update",), ("install", "--yes", "--no-install-recommends", "chromium")]
    assert "installing chromium" in said[0]


@pytest.mark.parametrize(
    ("distribution", "user", "hint"), [("ubuntu", 0, "install chromium"), ("debian", 1000, "root")]
)
def test_where_we_may_not_install_the_error_says_what_to_do(
    bare: Calls, monkeypatch: pytest.MonkeyPatch, distribution: str, user: int, hint: str
) -> None:
    monkeypatch.setattr(chromium, "distribution", lambda: distribution)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(PackageError) as refused:
        chromium.ensure(pytest.fail)
    assert hint in refused.value.hint
    assert bare == []
