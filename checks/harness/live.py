"""A pytest plugin: what a run is at, while it goes on (`--live`).

In a terminal a line for each requirement, rewritten where it stands; elsewhere a plain line for each check as it ends.
What violates is told when it happens, with what was seen. Workers tell what their checks wait for.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from checks.core import judging, stored
from checks.core.codec import DamagedError
from checks.core.evidence import Folder
from checks.core.run import Ending, Outcome, Planned
from checks.core.verdict import Violation
from checks.harness import live_view, plan, plugin
from checks.harness.live_view import Running, View
from checks.harness.waits import Waits
from stack.driver import progress
from stack.driver.flock import locked

FRAMES_A_SECOND = 2  # what changes by itself is seconds
PHASES = ("setup", "call", "teardown")  # xdist reports a worker that crashed as another
Status = tuple[str, str, str]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("evidence").addoption(
        "--live", action="store_true", help="show what is at work, and how each ended"
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Workers tell, the process that began them shows; one that runs its checks itself has them told by pytest."""
    config = session.config
    if not config.getoption("live"):
        return
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(Teller(config), "live-teller")
    elif config.getoption("numprocesses", None):
        config.pluginmanager.register(Shower(config), "live-shower")


def earlier(folder: Path) -> Mapping[str, float]:
    """{check: seconds} of the last run whose folder lies beside this one and has something to tell."""
    runs = (one for one in folder.parent.iterdir() if one.is_dir() and not one.is_symlink() and one.name < folder.name)
    for run in sorted(runs, reverse=True):
        with suppress(OSError, DamagedError):  # another's folder, or one that a killed run left half written
            if found := {one.name: one.took for one in stored.outcomes_of(run)}:
                return found
    return {}


class Teller:
    """In a worker: what its check waits for, as it is told to whoever watches progress."""

    def __init__(self, config: pytest.Config) -> None:
        self._config, self._check = config, ""
        self._worker = os.environ["PYTEST_XDIST_WORKER"]
        config.add_cleanup(progress.listen(lambda name, state: self._say(f"{name}: {state}")))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._check = item.nodeid

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """What the set-up waited for is over."""
        self._check = item.nodeid
        self._say("")

    def _say(self, waits_for: str) -> None:
        if folder := self._config.stash.get(plugin.FOLDER, None):
            Waits(folder.path).say(self._worker, self._check, waits_for)


class Shower:
    """In the process that began the workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config, self._began = config, time.monotonic()
        self._since: dict[str, float] = {}
        self._ended: tuple[Outcome, ...] = ()
        self._planned: tuple[Planned, ...] = ()
        self._titles = {known.id: known.title for known in plan.known(config).requirements}
        self.console = Console(file=sys.stderr, highlight=False)
        self._live: Live | None = None
        self._earlier: Mapping[str, float] | None = None

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self._live is None and self.console.is_terminal:
            self._live = self._begun()
        self._since[nodeid] = time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Status | None:
        """No letters between our lines; what is counted at the end stays."""
        if not isinstance(report, pytest.TestReport) or (report.passed and report.when != "call"):
            return None
        return ("skipped" if report.skipped else report.outcome), "", ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when not in PHASES:
            self._since.pop(report.nodeid, None)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._since.pop(nodeid, None)
        known = {one.name for one in self._ended}
        self._ended = self._outcomes()
        for outcome in self._ended:
            if outcome.name not in known:
                self._tell(outcome)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        if self._live:
            self._live.stop()

    def _begun(self) -> Live:
        """Rich renders at once, so not before there is a plan."""
        live = Live(
            get_renderable=self._shown, console=self.console, transient=True, refresh_per_second=FRAMES_A_SECOND
        )
        live.start()
        return live

    def _tell(self, outcome: Outcome) -> None:
        """Where lines are rewritten, only what is to stay."""
        if outcome.outcome is Ending.VIOLATED:
            for line in live_view.objections(outcome, tuple(self._violations(outcome))):
                self._say(line, "red")
        elif self._live is None:
            self._say(live_view.plain(outcome))

    def _say(self, line: str, style: str = "") -> None:
        self.console.print(Text(line, style=style), soft_wrap=True)

    def _violations(self, outcome: Outcome) -> Iterator[Violation]:
        """Of a mutation there are none to tell: that its rule did not object is how it ended."""
        judged = judging.judged_folder(self._folder.path, *plan.shelves(self._config))
        checks = (check for requirement in judged.requirements for check in requirement.checks)
        yield from (violation for check in checks if check.name == outcome.name for violation in check.violations)

    def _outcomes(self) -> tuple[Outcome, ...]:
        with locked(self._folder.path, fcntl.LOCK_SH):
            return stored.outcomes_of(self._folder.path)

    def _shown(self) -> Text:
        now, width = time.monotonic(), self.console.width
        rows = live_view.rows(self._view(), now, width - 1)  # the last column would make some terminals wrap
        return Text("\n").join(Text(row.text, style=row.style) for row in rows)

    def _view(self) -> View:
        self._planned = self._planned or self._folder.run.planned  # which a worker writes before any check begins
        planned, waits = {one.name: one for one in self._planned}, Waits(self._folder.path).known()
        running = tuple(
            Running(planned=planned[name], since=since, waits_for=waits.get(name, ""))
            for name, since in self._since.copy().items()
            if name in planned
        )
        self._earlier = earlier(self._folder.path) if self._earlier is None else self._earlier
        return View(
            titles=self._titles, planned=self._planned, began=self._began, running=running, ended=self._ended,
            earlier=self._earlier,
        )  # fmt: skip

    @property
    def _folder(self) -> Folder:
        return self._config.stash[plugin.FOLDER]
