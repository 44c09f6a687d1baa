"""The pytest plugin that records a run: its plan, what each check saw, and how each ended.

Only runs of checks or mutations leave a folder; the tests in folders called `tests` do not. With pytest-xdist the
process that starts the workers begins and closes the folder, and they write to it; their secrets it gets from them at
their end.
"""

import os
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from checks.core import judging
from checks.core.evidence import Evidence, EvidenceError, Folder
from checks.core.run import Ending, Outcome, Planned, timestamp
from checks.harness import coverage, plan
from checks.harness.plan import planned_of
from checks.report import words
from stack.driver import wait

FOLDER = pytest.StashKey[Folder]()
PLANNED = pytest.StashKey[Planned]()
PHASES = pytest.StashKey[list["Phase"]]()
LEFT_OUT = pytest.StashKey[list[Planned]]()
UNCOLLECTED = pytest.StashKey[list[str]]()
SLEPT = pytest.StashKey[float]()
STILL_THERE = pytest.StashKey[Callable[[], bool]]()
GIVEN = "compliance_evidence"
ENGINE_WENT = "the Docker engine went away during the run, so what was seen then decides nothing"

Written = TypeVar("Written")
Phase = tuple[pytest.TestReport, Ending]
Reporting = Generator[None, pytest.TestReport, pytest.TestReport]
Collecting = Generator[None, pytest.CollectReport, pytest.CollectReport]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where the evidence goes, and what selects checks."""
    plan.add_options(parser)
    group = parser.getgroup("evidence")
    group.addoption(
        "--evidence", metavar="DIR", type=Path, default=Path("evidence"), help="where runs leave their folders"
    )
    group.addoption("--link", metavar="PATH", type=Path, help="a link to make to the folder of this run")


@pytest.fixture(scope="session")
def evidence_folder(pytestconfig: pytest.Config) -> Folder:
    """The folder of this run, for what belongs to no single check: versions, images, secrets, logs."""
    if FOLDER not in pytestconfig.stash:
        pytest.fail("checks in several workers are asked for with `-m check` or `-m mutation`", pytrace=False)
    return pytestconfig.stash[FOLDER]


@pytest.fixture
def evidence(request: pytest.FixtureRequest, evidence_folder: Folder) -> Evidence:
    """What this check or mutation saw."""
    return Evidence(evidence_folder, request.node.stash[PLANNED])


def pytest_configure(config: pytest.Config) -> None:
    """Collect the requirements of other shelves, too."""
    plan.collect_other_shelves(config)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin at once where checks or mutations are asked for: a run without any is a run that proves nothing."""
    asked_for = session.config.getoption("markexpr")
    if "check" in asked_for or "mutation" in asked_for or GIVEN in _given(session.config):
        _begin(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - xdist's WorkerController, of which it gives no type
    """Tell a worker where the evidence goes."""
    if folder := node.config.stash.get(FOLDER, None):
        node.workerinput[GIVEN] = str(folder.path)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ANN401
    """Learn what a worker hid, for the search at the end; one that crashed took it along."""
    if folder := node.config.stash.get(FOLDER, None):
        folder.hide(*getattr(node, "workeroutput", {}).get(GIVEN, ()))
        if error:
            folder.doubt(f"worker {node.gateway.id} crashed: {error}")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Collecting:
    """Remember what could not be collected: checks may be missing from the plan."""
    report = yield
    if report.failed:
        collector.config.stash.setdefault(UNCOLLECTED, []).append(report.nodeid)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin, if there are checks, before `-k` deselects any; leave out those of higher tiers than were asked for."""
    for item in items:
        if (planned := planned_of(item)) and not _is_lost(config):
            item.stash[PLANNED] = planned
            _begin(config)
    if limit := config.getoption("tier"):
        above = [item for item in items if PLANNED in item.stash and plan.beyond(limit, item.stash[PLANNED])]
        items[:] = [item for item in items if item not in above]
        config.hook.pytest_deselected(items=above)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember what was left out: of its requirement only a part is judged."""
    for item in items:
        if planned := item.stash.get(PLANNED, None):
            item.config.stash.setdefault(LEFT_OUT, []).append(planned)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write down what was selected, before anything runs; of several workers, who all collect, the first does."""
    folder = session.config.stash.get(FOLDER, None)
    if folder and _given(session.config).get("workerid", "gw0") == "gw0":
        selected = [item.stash[PLANNED] for item in session.items if PLANNED in item.stash]
        _or_exit(lambda: folder.plan(selected, session.config.stash.get(LEFT_OUT, [])))
        for name in session.config.stash.get(UNCOLLECTED, []):
            folder.doubt(f"`{name}` could not be collected")
        for lacking in _gaps(session.config):
            folder.doubt(lacking)


def _gaps(config: pytest.Config) -> list[str]:
    """What requirements of other shelves lack; ours are held to the same by a test."""
    known = plan.known(config)
    others = [one for one in known.requirements if not one.package.startswith("checks.")]
    return [gap for one in others for gap in coverage.gaps(known, one)]


def pytest_report_collectionfinish(items: Sequence[pytest.Item]) -> str:
    """Say how many checks each tier has."""
    return plan.tally(item.stash[PLANNED] for item in items if PLANNED in item.stash)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Measure how much of a check is waiting for the subject."""
    before = wait.slept()
    try:
        return (yield)
    finally:
        item.stash[SLEPT] = wait.slept() - before


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Reporting:
    """Keep how each phase of a check ended, and store the outcome when the last one is over."""
    report = yield
    if PLANNED in item.stash:
        phases = item.stash.setdefault(PHASES, [])
        phases.append((report, _trusted(item.config, ending(call, report))))
        if call.when == "teardown":
            outcome = outcome_of(item.stash[PLANNED], phases, waiting_seconds=item.stash.get(SLEPT, 0.0))
            _or_exit(lambda: item.config.stash[FOLDER].conclude(outcome))
    return report


def _trusted(config: pytest.Config, how: Ending) -> Ending:
    """A violation that was seen while the engine went away is none."""
    if how is Ending.VIOLATED and not config.stash.get(STILL_THERE, lambda: True)():
        config.stash[FOLDER].doubt(ENGINE_WENT)
        return Ending.CRASHED
    return how


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Close the folder after the last fixture was torn down."""
    folder = session.config.stash.get(FOLDER, None)
    if not folder:
        return
    if not session.config.stash.get(STILL_THERE, lambda: True)():
        _or_exit(lambda: folder.doubt(ENGINE_WENT))
    if GIVEN in _given(session.config):
        session.config.workeroutput[GIVEN] = folder.secrets  # type: ignore[attr-defined]
    else:
        _or_exit(folder.end)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one sentence what the evidence, as it lies there, amounts to."""
    if folder := config.stash.get(FOLDER, None):
        judged = judging.judged_folder(folder.path, *plan.shelves(config))
        terminalreporter.write_line(f"{words.sentence(judged)}; evidence in {folder.path}")


def ending(call: pytest.CallInfo[None], report: pytest.TestReport) -> Ending:
    """Tell a violation, which only a failed assertion in the check itself is, from everything else."""
    if report.passed:
        return Ending.PASSED
    if report.skipped:
        return Ending.SKIPPED
    if call.when == "call" and call.excinfo and call.excinfo.errisinstance(AssertionError):
        return Ending.VIOLATED
    return Ending.CRASHED


def outcome_of(planned: Planned, phases: list[Phase], *, waiting_seconds: float = 0.0) -> Outcome:
    """Sum up a test: the first phase that did not pass says how it ended."""
    telling = next(((report, how) for report, how in phases if how is not Ending.PASSED), phases[-1])
    seconds = {report.when: report.duration for report, _ in phases}
    return Outcome(
        name=planned.name,
        requirement=planned.requirement,
        kind=planned.kind,
        objects=planned.objects,
        outcome=telling[1],
        seconds=round(seconds.get("call", 0.0), 3),
        setup_seconds=round(seconds.get("setup", 0.0), 3),
        reason=reason_of(*telling),
        start=timestamp(datetime.fromtimestamp(phases[0][0].start, UTC)),
        worker=os.environ.get("PYTEST_XDIST_WORKER"),
        waiting_seconds=round(waiting_seconds, 3),
    )


def reason_of(report: pytest.TestReport, how: Ending) -> str | None:
    """Say in one line why a phase did not pass."""
    if how is Ending.PASSED:
        return None
    if isinstance(report.longrepr, tuple):  # a skip: file, line, reason
        return report.longrepr[2]
    crash = getattr(report.longrepr, "reprcrash", None)
    lines = (crash.message if crash else report.longreprtext).removeprefix("Failed: ").splitlines()
    said = "; ".join(line.strip() for line in (lines[:1] if how is Ending.VIOLATED else lines[:5]))
    return said if report.when == "call" else f"in {report.when}: {said}"


def _begin(config: pytest.Config) -> None:
    if FOLDER in config.stash or config.option.collectonly:
        return
    if given := _given(config):
        config.stash[FOLDER] = Folder(Path(given[GIVEN]))
    else:
        folder = _or_exit(lambda: Folder.begin(config.getoption("evidence")))
        config.stash[FOLDER] = folder
        if link := config.getoption("link"):
            link.symlink_to(folder.path.resolve())


def _is_lost(config: pytest.Config) -> bool:
    """Whether this is a worker that was not told where evidence goes: its starter did not know of any checks."""
    return bool(_given(config)) and GIVEN not in _given(config)


def _given(config: pytest.Config) -> dict[str, str]:
    """What the process that started this one, a worker, passed on; nothing elsewhere."""
    return getattr(config, "workerinput", {})


def _or_exit(write: Callable[[], Written]) -> Written:
    """Stop the run with a sentence when evidence cannot be written: nothing could be proven any more."""
    try:
        return write()
    except EvidenceError as error:
        pytest.exit(str(error), returncode=error.exit_code)
