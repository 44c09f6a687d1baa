"""Chromium without a window: `python -m checks.report.tests.browser.chromium` sees to it that it is here."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stack.driver.debian import apt, distribution
from stack.driver.errors import PackageError, StackError

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 60
OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--allow-file-access-from-files",  # a page that looks into another one beside it
    "--host-resolver-rules=MAP * ~NOTFOUND",  # there is no network
)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What became of a page: its elements when it had loaded, and what stood in the console."""

    dom: str
    console: tuple[str, ...]


def ensure(say: Callable[[str], None]) -> None:
    """Install Chromium where that is ours to do; raises PackageError with the reason where it is not."""
    if _found():
        return
    if distribution() != "debian":  # Ubuntu's package of that name only refers to a snap
        raise PackageError("the page is opened in Chromium, which is not here", hint="install chromium, then try again")
    if os.geteuid() != 0:
        raise PackageError("the page is opened in Chromium, which is not here", hint="as root: `nox -s page`")
    say("installing chromium with apt-get (125 MB, 400 MB unpacked), to open the report in it")
    apt("update")
    apt("install", "--yes", "--no-install-recommends", "chromium")


def opened(page: Path, *options: str) -> Opened:
    """Open a page from disk in a browser of its own, without network, and wait until it has loaded."""
    done = _run(page, "--dump-dom", *options)
    return Opened(dom=done.stdout, console=tuple(line for line in done.stderr.splitlines() if ":CONSOLE" in line))


def printed(page: Path) -> bytes:
    """The page on paper, as a PDF."""
    with tempfile.TemporaryDirectory() as folder:
        _run(page, f"--print-to-pdf={folder}/page.pdf", "--no-pdf-header-footer")
        return Path(folder, "page.pdf").read_bytes()


def _run(page: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    told = (*options, "--no-sandbox") if os.geteuid() == 0 else options
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        return subprocess.run(
            [_found() or NAMES[0], *OPTIONS, *told, f"--user-data-dir={profile}", page.as_uri()],
            capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS,
        )  # fmt: skip


def _found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


if __name__ == "__main__":
    try:
        ensure(print)
    except StackError as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(problem.exit_code)
