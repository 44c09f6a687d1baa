"""A pytest plugin: what the profile waives is written down, and a check that violates nothing else fails no run."""

from collections.abc import Generator
from difflib import get_close_matches

import pytest

from checks.core import registry
from checks.core.catalog import Catalog
from checks.core.evidence import Evidence, Folder
from checks.core.waiver import Waiver
from checks.core.waiving import counting

Reporting = Generator[None, pytest.TestReport, pytest.TestReport]


def record(folder: Folder, waivers: tuple[Waiver, ...], known: Catalog) -> None:
    """Write down what is waived, and doubt a run whose profile waives what is no rule: it may mean another."""
    rules = [rule.name for requirement in known.requirements for rule in requirement.rules]
    folder.describe(waivers=waivers)
    for waiver in waivers:
        if waiver.rule not in rules:
            near = get_close_matches(waiver.rule, rules, n=1)
            meant = f"; did you mean `{near[0]}`?" if near else ""
            folder.doubt(f"the profile waives `{waiver.rule}`, which is no rule{meant}")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Reporting:
    """Report a violation that is waived as pytest does what is expected to fail; its outcome is stored as it was."""
    report = yield
    evidence = getattr(item, "funcargs", {}).get("evidence")
    violated = (
        item.get_closest_marker("check")
        and call.when == "call"
        and call.excinfo
        and call.excinfo.errisinstance(AssertionError)
    )
    if violated and isinstance(evidence, Evidence) and (reason := _waived(evidence)):
        report.outcome = "skipped"
        report.wasxfail = reason
    return report


def _waived(evidence: Evidence) -> str:
    """Why all that a check violates is waived; '' where anything is not."""
    rules = {rule for seen in evidence.seen for rule in registry.objections(seen)}
    waivers = {one.rule: one for one in counting(evidence.run)}
    return "; ".join(str(waivers[rule]) for rule in sorted(rules)) if rules and rules <= {*waivers} else ""
