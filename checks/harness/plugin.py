"""The pytest plugin that records a run: its plan, what each check saw, and how each ended.

Only runs of checks or mutations leave a folder; the tests in folders called `tests` do not. With pytest-xdist the
process that starts the workers begins and closes the folder, and they write to it; their secrets it gets from them at
their end.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from checks.core import judging, stored
from checks.core.evidence import Evidence, EvidenceError, Folder
from checks.core.pressure import Pressure
from checks.core.run import Ending, Kind, Planned
from checks.harness import coverage, plan
from checks.harness.endings import Phase, ending, outcome_of
from checks.harness.plan import planned_of
from checks.harness.pressure import Gauge
from checks.harness.tries import Tries
from checks.harness.untried import applies
from checks.report import words
from stack.driver import wait

FOLDER = pytest.StashKey[Folder]()
PLANNED = pytest.StashKey[Planned]()
PRESSURE = pytest.StashKey[Pressure]()
PHASES = pytest.StashKey[list["Phase"]]()
LEFT_OUT = pytest.StashKey[list[Planned]]()
OF_OTHERS = pytest.StashKey[list[Planned]]()
UNCOLLECTED = pytest.StashKey[list[str]]()
SLEPT = pytest.StashKey[float]()
TRIES = pytest.StashKey[Tries]()
RUN_GAUGE = pytest.StashKey[Gauge]()
STILL_THERE = pytest.StashKey[Callable[[], bool]]()
GIVEN = "compliance_evidence"
ENGINE_WENT = "the Docker engine went away during the run, so what was seen then decides nothing"

Written = TypeVar("Written")
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
    return Evidence(evidence_folder, request.node.stash[PLANNED], request.config.stash[TRIES].attempt)


def pytest_configure(config: pytest.Config) -> None:
    """Collect the requirements of other shelves, too; raises UsageError for what cannot be run so."""
    plan.collect_other_shelves(config)
    plan.require_a_runner(config)


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
    """Begin, if there are checks, before `-k` deselects any; leave out those of higher tiers than were asked for.

    Those of another runner are none of this run's.
    """
    for item in items:
        if (planned := planned_of(item)) and not _is_lost(config):
            item.stash[PLANNED] = planned
            _begin(config)
    others = plan.take_out(items, plan.of_another_runner)
    config.stash[OF_OTHERS] = [item.stash[PLANNED] for item in others if PLANNED in item.stash]
    if limit := config.getoption("tier"):
        above = plan.take_out(items, lambda one: PLANNED in one.stash and plan.beyond(limit, one.stash[PLANNED]))
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
        if told := _told_of_runner(session.config, selected):
            folder.note(told)


def _told_of_runner(config: pytest.Config, selected: Sequence[Planned]) -> str:
    """Which checks of the tiers asked for are another runner's, where there is a check of them; '' if none is."""
    limit, others = config.getoption("tier"), config.stash.get(OF_OTHERS, [])
    within = [planned for planned in others if not (limit and plan.beyond(limit, planned))]
    judged = any(planned.kind is Kind.CHECK for planned in selected)
    return plan.told_of_runner(config.getoption("runner"), within) if within and judged else ""


def _gaps(config: pytest.Config) -> list[str]:
    """What requirements of other shelves lack; ours are held to the same by a test."""
    known = plan.known(config)
    others = [one for one in known.requirements if not one.package.startswith("checks.")]
    return [gap for one in others for gap in coverage.gaps(known, one)]


def pytest_report_collectionfinish(items: Sequence[pytest.Item]) -> str:
    """Say how many checks each tier has."""
    return plan.tally(item.stash[PLANNED] for item in items if PLANNED in item.stash)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object:
    """Run a check, and once more where it was late on a machine that starved; the last try is what is reported."""
    if PLANNED not in item.stash or TRIES not in item.config.stash:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _or_exit(lambda: item.config.stash[TRIES].made(item, item.stash[PLANNED], nextitem)):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


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
        how = ending(call, report) if applies(item) or not report.skipped else Ending.NOT_APPLICABLE
        if how is Ending.CRASHED:
            _or_exit(lambda: item.config.stash[FOLDER].keep(f"crashes/{item.name}.txt", report.longreprtext + "\n"))
        _keep(item, call.when, (report, _trusted(item.config, how)))
    return report


def _keep(item: pytest.Item, when: str, phase: Phase) -> None:
    tries = item.config.stash[TRIES]
    if when == "setup":
        item.stash[PHASES] = []
        item.stash[SLEPT] = 0.0
    if when != "teardown":  # which is waited for by nobody
        item.stash[PRESSURE] = tries.gauge.measured()
    item.stash[PHASES].append(phase)
    if when == "teardown":
        outcome = outcome_of(item.stash[PLANNED], item.stash[PHASES], waiting_seconds=item.stash[SLEPT])
        tries.ended = replace(outcome, pressure=item.stash[PRESSURE])


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
        session.config.stash[TRIES].turns.remove()
        _or_exit(lambda: folder.describe(pressure=session.config.stash[RUN_GAUGE].measured()))
        _or_exit(folder.end)
        if any(one.outcome is Ending.SKIPPED for one in stored.outcomes_of(folder.path)) and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED  # pytest passes what it skips; nothing was proven of it


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one sentence what the evidence, as it lies there, amounts to."""
    if folder := config.stash.get(FOLDER, None):
        judged = judging.judged_folder(folder.path, *plan.shelves(config))
        terminalreporter.write_line(f"{words.sentence(judged)}; evidence in {folder.path}")


def _begin(config: pytest.Config) -> None:
    if FOLDER in config.stash or config.option.collectonly:
        return
    if given := _given(config):
        config.stash[FOLDER] = Folder(Path(given[GIVEN]))
    else:
        folder = _or_exit(lambda: Folder.begin(config.getoption("evidence")))
        config.stash[FOLDER] = folder
        config.stash[RUN_GAUGE] = Gauge()
        config.add_cleanup(config.stash[RUN_GAUGE].close)
        if link := config.getoption("link"):
            link.symlink_to(folder.path.resolve())
    tries = Tries(config.stash[FOLDER], lambda planned: plan.known(config).by_id[planned.requirement])
    config.stash[TRIES] = tries
    config.add_cleanup(tries.close)


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
